//! Properties traces are counted and grouped by.

use std::fmt;

use fanlight_model::{NAME_TAG, TraceEdits, TraceSummary};
use fanlight_store::{HotTrace, Property, SpanProfile, Whole};

use crate::filter::TraceField;
use crate::overlay::Overlay;

/// Texts longer than this are not listed by the indexes of segments, so they are nowhere.
const LISTED_BYTES: usize = 256;

/// What traces are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Facet {
    Experiment,
    State,
    /// As clients named the trace; the name of the root span does not count.
    Name,
    Session,
    User,
    /// The run the trace was made in, and those it was linked to.
    Run,
    ClientRequestId,
    /// Made by [`Facet::tag`].
    Tag(String),
    /// Made by [`Facet::metadata`].
    Metadata(String),
    SpanName,
    SpanType,
    SpanStatus,
    SpanModel,
    /// An attribute of some span.
    Attribute(String),
}

/// The part of a span's profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpanPart {
    Name,
    Type,
    Status,
    Model,
}

impl SpanPart {
    pub(crate) fn of<'a>(self, profile: &SpanProfile<'a>) -> Option<&'a str> {
        match self {
            Self::Name => Some(profile.name),
            Self::Type => profile.span_type,
            Self::Status => Some(profile.status),
            Self::Model => profile.model,
        }
    }
}

impl Facet {
    /// The tag `key`, or the field it is kept as.
    pub fn tag(key: &str) -> Self {
        match TraceField::tag(key) {
            TraceField::Name => Self::Name,
            _ => Self::Tag(key.to_owned()),
        }
    }

    /// The metadata `key`, or the field it is kept as.
    pub fn metadata(key: &str) -> Self {
        match TraceField::metadata(key) {
            TraceField::Session => Self::Session,
            TraceField::User => Self::User,
            TraceField::Run => Self::Run,
            _ => Self::Metadata(key.to_owned()),
        }
    }

    /// Reads `state`, `tag.env`, `span.name`, `attribute.http.method`, …: what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let keyed = |prefix| text.strip_prefix(prefix).filter(|key| !key.is_empty());
        Some(match text {
            "experiment" => Self::Experiment,
            "state" => Self::State,
            "name" => Self::Name,
            "session" => Self::Session,
            "user" => Self::User,
            "run" => Self::Run,
            "client_request_id" => Self::ClientRequestId,
            "span.name" => Self::SpanName,
            "span.type" => Self::SpanType,
            "span.status" => Self::SpanStatus,
            "span.model" => Self::SpanModel,
            _ => {
                if let Some(key) = keyed("tag.") {
                    Self::tag(key)
                } else if let Some(key) = keyed("metadata.") {
                    Self::metadata(key)
                } else {
                    Self::Attribute(keyed("attribute.")?.to_owned())
                }
            }
        })
    }

    /// Where segments list it.
    pub(crate) fn property(&self) -> Property<'_> {
        match self {
            Self::Experiment => Property::Experiment,
            Self::State => Property::State,
            Self::Name => Property::Name,
            Self::Session => Property::Session,
            Self::User => Property::User,
            Self::Run => Property::SourceRun,
            Self::ClientRequestId => Property::ClientRequestId,
            Self::Tag(key) => Property::Tag(key),
            Self::Metadata(key) => Property::Metadata(key),
            Self::SpanName | Self::SpanType | Self::SpanStatus | Self::SpanModel => Property::Span,
            Self::Attribute(key) => Property::Attribute(key),
        }
    }

    pub(crate) fn span_part(&self) -> Option<SpanPart> {
        Some(match self {
            Self::SpanName => SpanPart::Name,
            Self::SpanType => SpanPart::Type,
            Self::SpanStatus => SpanPart::Status,
            Self::SpanModel => SpanPart::Model,
            _ => return None,
        })
    }

    /// The tag whose edits replace what was recorded.
    pub(crate) fn edited_tag(&self) -> Option<&str> {
        match self {
            Self::Name => Some(NAME_TAG),
            Self::Tag(key) => Some(key),
            _ => None,
        }
    }

    /// A trace has one value at most.
    pub(crate) fn is_single(&self) -> bool {
        !matches!(self, Self::Run | Self::Attribute(_)) && self.span_part().is_none()
    }

    /// The distinct values of a trace in memory, with edits; and whether it has some that indexes would not list.
    pub(crate) fn of_hot(&self, trace: &HotTrace, overlay: &Overlay) -> (Vec<String>, bool) {
        match self {
            Self::Attribute(_) => trace.listed_values(self.property()),
            Self::SpanName | Self::SpanStatus | Self::SpanType | Self::SpanModel => {
                let whole = trace.whole();
                let mut values = self.of_hot_spans(&whole);
                values.sort_unstable();
                values.dedup();
                (values.into_iter().map(str::to_owned).collect(), false)
            }
            _ => {
                let edits = overlay.of_hot(trace);
                listed(self.of_summary(trace.summary(), edits.as_deref()))
            }
        }
    }

    /// The values of a trace, with edits; none for what is known of spans only.
    pub(crate) fn of_summary(
        &self,
        summary: &TraceSummary,
        edits: Option<&TraceEdits>,
    ) -> Vec<String> {
        let edited = self
            .edited_tag()
            .and_then(|tag| edits?.tags.get(tag).cloned());
        if let Some(edited) = edited {
            return edited.into_iter().collect();
        }
        let one = |value: &Option<String>| value.iter().cloned().collect();
        match self {
            Self::Experiment => vec![summary.experiment.to_string()],
            Self::State => vec![summary.state.as_str().to_owned()],
            Self::Name => one(&summary.name),
            Self::Session => one(&summary.session),
            Self::User => one(&summary.user),
            Self::Run => {
                let linked = edits.into_iter().flat_map(|edits| &edits.runs);
                summary.source_run.iter().chain(linked).cloned().collect()
            }
            Self::ClientRequestId => one(&summary.client_request_id),
            Self::Tag(key) => summary.tags.get(key).cloned().into_iter().collect(),
            Self::Metadata(key) => summary.metadata.get(key).cloned().into_iter().collect(),
            Self::SpanName
            | Self::SpanStatus
            | Self::SpanType
            | Self::SpanModel
            | Self::Attribute(_) => Vec::new(),
        }
    }

    fn of_hot_spans<'a>(&self, trace: &'a Whole<'_>) -> Vec<&'a str> {
        let spans = trace.spans().iter();
        match self {
            Self::SpanName => spans.map(|span| span.name.as_str()).collect(),
            Self::SpanStatus => spans.map(|span| span.status.code.as_str()).collect(),
            Self::SpanType => {
                let figures = trace.span_figures().iter();
                figures
                    .filter_map(|span| span.span_type.as_deref())
                    .collect()
            }
            _ => {
                let figures = trace.span_figures().iter();
                figures.filter_map(|span| span.model.as_deref()).collect()
            }
        }
    }
}

/// Distinct values in order, without those that are too long for an index.
pub(crate) fn listed(mut values: Vec<String>) -> (Vec<String>, bool) {
    let all = values.len();
    values.retain(|value| value.len() <= LISTED_BYTES);
    let unlisted = values.len() < all;
    values.sort_unstable();
    values.dedup();
    (values, unlisted)
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Experiment => "experiment",
            Self::State => "state",
            Self::Name => "name",
            Self::Session => "session",
            Self::User => "user",
            Self::Run => "run",
            Self::ClientRequestId => "client_request_id",
            Self::SpanName => "span.name",
            Self::SpanType => "span.type",
            Self::SpanStatus => "span.status",
            Self::SpanModel => "span.model",
            Self::Tag(key) => return write!(f, "tag.{key}"),
            Self::Metadata(key) => return write!(f, "metadata.{key}"),
            Self::Attribute(key) => return write!(f, "attribute.{key}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_facet_is_read_as_it_is_written() {
        for text in [
            "state",
            "name",
            "tag.a.b",
            "metadata.x",
            "span.model",
            "attribute.http.method",
        ] {
            assert_eq!(Facet::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Facet::parse("tag.mlflow.traceName"), Some(Facet::Name));
        assert_eq!(
            Facet::parse("metadata.mlflow.trace.user"),
            Some(Facet::User)
        );
        for text in ["", "tag.", "span.x", "States"] {
            assert_eq!(Facet::parse(text), None, "{text}");
        }
    }
}
