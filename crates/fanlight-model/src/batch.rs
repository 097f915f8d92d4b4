//! What arrives: facts about traces, from any wire, before anything is decided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Assessment, Event, ExperimentId, Nanos, Priced, Span, SpanId, TraceId, TraceState, UnixNanos,
    WorkspaceId,
};

/// Facts that are kept together: all of a batch is durable and visible, or none of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    pub workspace: WorkspaceId,
    pub received_at: UnixNanos,
    pub groups: Vec<SpanGroup>,
    pub traces: Vec<TraceFacts>,
    pub additions: Vec<Addition>,
    /// Written apart, as the prices of `groups` are.
    #[serde(skip)]
    pub repriced: Vec<Repriced>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.groups.iter().all(|group| group.spans.is_empty())
            && self.traces.is_empty()
            && self.additions.is_empty()
            && self.repriced.is_empty()
    }

    pub fn span_count(&self) -> usize {
        self.groups.iter().map(|group| group.spans.len()).sum()
    }
}

/// Spans that belong to one experiment, unless their trace already lives in another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpanGroup {
    pub experiment: ExperimentId,
    pub spans: Vec<Span>,
}

/// What a client says about a trace as a whole (MLflow's trace info). An absent field says nothing: it never erases
/// what is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceFacts {
    pub trace_id: TraceId,
    /// The id as the client wrote it, when that is not the standard form of `trace_id`.
    pub alias: Option<String>,
    pub experiment: ExperimentId,
    pub client_request_id: Option<String>,
    pub request_preview: Option<String>,
    pub response_preview: Option<String>,
    pub start: Option<UnixNanos>,
    pub duration: Option<Nanos>,
    pub state: Option<TraceState>,
    /// Merged key by key; the later value wins.
    pub tags: BTreeMap<String, String>,
    /// Merged key by key; the later value wins.
    pub metadata: BTreeMap<String, String>,
    /// Made while the trace was running; kept by the catalog, not by the store.
    #[serde(skip)]
    pub assessments: Vec<Assessment>,
}

impl TraceFacts {
    pub fn new(trace_id: TraceId, experiment: ExperimentId) -> Self {
        Self {
            trace_id,
            alias: None,
            experiment,
            client_request_id: None,
            request_preview: None,
            response_preview: None,
            start: None,
            duration: None,
            state: None,
            tags: BTreeMap::new(),
            metadata: BTreeMap::new(),
            assessments: Vec::new(),
        }
    }

    /// Takes what `later` says; what it leaves out stays.
    pub fn merge(&mut self, later: Self) {
        fn take<T>(known: &mut Option<T>, said: Option<T>) {
            if said.is_some() {
                *known = said;
            }
        }
        self.experiment = later.experiment;
        take(&mut self.alias, later.alias);
        take(&mut self.client_request_id, later.client_request_id);
        take(&mut self.request_preview, later.request_preview);
        take(&mut self.response_preview, later.response_preview);
        take(&mut self.start, later.start);
        take(&mut self.duration, later.duration);
        take(&mut self.state, later.state);
        self.tags.extend(later.tags);
        self.metadata.extend(later.metadata);
    }
}

/// Another price for a span that is kept already. Says nothing where the trace is gone, or the price is no longer `was`.
#[derive(Clone, Debug, PartialEq)]
pub struct Repriced {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub was: Priced,
    pub price: Priced,
}

/// Content of a span that arrived apart from it, as a log record. It becomes an event of the span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Addition {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    /// For a trace that is not known yet.
    pub experiment: ExperimentId,
    pub event: Event,
}
