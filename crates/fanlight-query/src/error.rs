//! What can go wrong when asking.

use fanlight_model::{ErrorKind, SegmentId, TraceId};
use fanlight_store::StoreError;

use crate::filter::FilterError;

#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error(transparent)]
    Filter(#[from] FilterError),
    #[error("invalid page token: {reason}")]
    PageToken { reason: &'static str },
    #[error("trace `tr-{trace}` does not exist")]
    TraceNotFound { trace: TraceId },
    #[error("trace `tr-{trace}` has no tag `{tag}`")]
    TagNotFound { trace: TraceId, tag: String },
    #[error("trace `tr-{trace}` has no assessment `{id}`")]
    AssessmentNotFound { trace: TraceId, id: String },
    #[error("trace `tr-{trace}` has an assessment `{id}` already")]
    AssessmentExists { trace: TraceId, id: String },
    #[error(
        "the search did not finish within its time (`scan_budget_ms`): narrow it by time, or order it by timestamp to \
         get it page by page"
    )]
    OutOfTime,
    #[error(
        "the result has more than {limit} combinations of dimensions; ask for fewer or a shorter time"
    )]
    TooManyGroups { limit: usize },
    #[error("more than {limit} values fall into the window; ask for a shorter time")]
    TooManyValues { limit: usize },
    #[error("{limit} exports run already; send it again when one of them has ended")]
    TooManyExports { limit: usize },
    #[error("the price table makes no sense: {reason}")]
    PriceTable { reason: String },
    #[error("the server is shutting down")]
    ShuttingDown,
    #[error(transparent)]
    Catalog(#[from] fanlight_catalog::CatalogError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl QueryError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Filter(_)
            | Self::PageToken { .. }
            | Self::OutOfTime
            | Self::PriceTable { .. }
            | Self::TooManyGroups { .. }
            | Self::TooManyValues { .. } => ErrorKind::InvalidInput,
            Self::TraceNotFound { .. }
            | Self::TagNotFound { .. }
            | Self::AssessmentNotFound { .. } => ErrorKind::NotFound,
            Self::AssessmentExists { .. } => ErrorKind::Conflict,
            Self::TooManyExports { .. } => ErrorKind::Overloaded,
            Self::ShuttingDown => ErrorKind::Unavailable,
            Self::Catalog(cause) => cause.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    /// It is about damage of a segment.
    pub fn is_damage(&self) -> bool {
        self.damaged().is_some()
    }

    /// The segment whose damage this is about.
    pub(crate) fn damaged(&self) -> Option<SegmentId> {
        match self {
            Self::Store(StoreError::CorruptSegment { segment, .. }) => Some(*segment),
            _ => None,
        }
    }

    pub(crate) fn segment(segment: SegmentId, reason: String) -> Self {
        Self::Store(StoreError::CorruptSegment { segment, reason })
    }
}
