//! One step of a request, as instrumentation reported it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Attributes, Nanos, Priced, SpanId, TraceId, UnixNanos};

/// A span with its raw attributes exactly as they arrived (of a repeated key, the last value).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    /// `None` for a root.
    pub parent_id: Option<SpanId>,
    pub name: String,
    pub kind: SpanKind,
    pub start: UnixNanos,
    /// `None` while the span is open.
    pub end: Option<UnixNanos>,
    pub status: Status,
    pub attributes: Attributes,
    pub events: Vec<Event>,
    pub links: Vec<Link>,
    /// W3C `tracestate`, empty when absent.
    pub trace_state: String,
    pub flags: u32,
    /// What the exporter says it left out: attributes, events, links.
    pub dropped: [u32; 3],
    pub scope: Arc<Scope>,
    pub resource: Arc<Resource>,
    /// The price that held when it arrived, kept beside what arrived. Whoever writes spans to a file writes it apart.
    #[serde(skip)]
    pub price: Priced,
}

impl Span {
    /// An open root span that starts at the epoch, about which nothing else is known.
    pub fn new(trace_id: TraceId, span_id: SpanId, name: impl Into<String>) -> Self {
        Self {
            trace_id,
            span_id,
            parent_id: None,
            name: name.into(),
            kind: SpanKind::default(),
            start: UnixNanos::default(),
            end: None,
            status: Status::default(),
            attributes: Attributes::default(),
            events: Vec::new(),
            links: Vec::new(),
            trace_state: String::new(),
            flags: 0,
            dropped: [0; 3],
            scope: Arc::default(),
            resource: Arc::default(),
            price: Priced::default(),
        }
    }

    /// Wall-clock length, or `None` while the span is open or when its end precedes its start.
    pub fn duration(&self) -> Option<Nanos> {
        self.end?.checked_since(self.start)
    }

    pub fn is_root(&self) -> bool {
        self.parent_id.is_none()
    }

    /// Bytes this span holds in memory, roughly.
    pub fn size_bytes(&self) -> usize {
        let events: usize = self
            .events
            .iter()
            .map(|event| event.name.len() + event.attributes.size_bytes() + 64)
            .sum();
        let links: usize = self
            .links
            .iter()
            .map(|link| link.attributes.size_bytes() + 80)
            .sum();
        size_of::<Self>() + self.name.len() + self.attributes.size_bytes() + events + links
    }
}

/// Source: OpenTelemetry `Span.SpanKind`. Unrecognised numbers are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SpanKind {
    #[default]
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
    Other(i32),
}

impl From<i32> for SpanKind {
    fn from(number: i32) -> Self {
        match number {
            0 => Self::Unspecified,
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            other => Self::Other(other),
        }
    }
}

impl From<SpanKind> for i32 {
    fn from(kind: SpanKind) -> Self {
        match kind {
            SpanKind::Unspecified => 0,
            SpanKind::Internal => 1,
            SpanKind::Server => 2,
            SpanKind::Client => 3,
            SpanKind::Producer => 4,
            SpanKind::Consumer => 5,
            SpanKind::Other(other) => other,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub code: StatusCode,
    /// Empty when there is nothing to say.
    pub message: String,
}

/// Source: OpenTelemetry `Status.StatusCode`. A number outside it is `Unset`, as the protocol asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StatusCode {
    #[default]
    Unset,
    Ok,
    Error,
}

impl StatusCode {
    /// `UNSET`, `OK` or `ERROR`: the form filters use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "UNSET",
            Self::Ok => "OK",
            Self::Error => "ERROR",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub name: String,
    pub time: UnixNanos,
    pub attributes: Attributes,
    pub dropped_attributes: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub trace_state: String,
    pub attributes: Attributes,
    pub dropped_attributes: u32,
    pub flags: u32,
}

/// Who produced the span: the attributes of the OTLP resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub attributes: Attributes,
}

/// The instrumentation library that produced the span.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    pub name: String,
    pub version: String,
    pub attributes: Attributes,
}
