//! A trace as a list shows it: everything but its spans.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Cost, ExperimentId, Nanos, TokenUsage, TraceKey, UnixNanos};

/// Derived from a trace's spans and [`TraceFacts`](crate::TraceFacts); before edits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceSummary {
    pub key: TraceKey,
    /// The id as the client wrote it, when that is not the standard form.
    pub alias: Option<String>,
    pub experiment: ExperimentId,
    pub client_request_id: Option<String>,
    pub start: UnixNanos,
    /// `None` while unknown.
    pub duration: Option<Nanos>,
    pub state: TraceState,
    /// As a client named it; a plain OpenTelemetry trace has none.
    pub name: Option<String>,
    /// Name of the first root span.
    pub root_name: Option<String>,
    pub request_preview: Option<String>,
    pub response_preview: Option<String>,
    pub session: Option<String>,
    pub user: Option<String>,
    /// The run the trace was made in.
    pub source_run: Option<String>,
    pub usage: Option<TokenUsage>,
    pub cost: Option<Cost>,
    /// Distinct model names of the spans, sorted.
    pub models: Vec<String>,
    pub span_count: u32,
    pub error_count: u32,
    /// Without those that have a field of their own above.
    pub tags: BTreeMap<String, String>,
    /// Without those that have a field of their own above.
    pub metadata: BTreeMap<String, String>,
}

impl TraceSummary {
    /// The length as MLflow counts it: whole milliseconds between the start's and the end's.
    ///
    /// Differs by one from the rounded length when the parts of milliseconds do not fit.
    pub fn duration_ms(&self) -> Option<u64> {
        Some(self.end()?.as_millis() - self.start.as_millis())
    }

    /// When the trace ended, as far as known.
    pub fn end(&self) -> Option<UnixNanos> {
        self.duration
            .map(|duration| self.start.saturating_add(duration))
    }
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum TraceState {
    #[default]
    Unspecified,
    InProgress,
    Ok,
    Error,
}

impl TraceState {
    pub const ALL: [Self; 4] = [Self::Unspecified, Self::InProgress, Self::Ok, Self::Error];

    /// MLflow's name of the state, which filters compare with.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "STATE_UNSPECIFIED",
            Self::InProgress => "IN_PROGRESS",
            Self::Ok => "OK",
            Self::Error => "ERROR",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
