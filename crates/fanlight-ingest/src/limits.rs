//! Bounds on what one request may hold.

/// How much one request and one span may hold. A span beyond a limit is refused alone; a request beyond
/// [`max_spans_per_request`](Self::max_spans_per_request) is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Spans, or log records, in one request. Default 100,000: about 200 MB of typical agent spans, far above what
    /// exporters batch (512) and collectors send (8,192).
    pub max_spans_per_request: usize,
    /// Attributes of one span, event or link. Default 10,000.
    pub max_attributes: usize,
    /// Events of one span. Default 10,000: streamed answers are sometimes recorded chunk by chunk.
    pub max_events: usize,
    /// Links of one span. Default 1,000.
    pub max_links: usize,
    /// Arrays and maps within each other in one attribute value. Default 64. The parsers have bounds of their own
    /// (100 protobuf messages, 128 JSON brackets); beyond those the body as a whole does not parse.
    pub max_value_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_spans_per_request: 100_000,
            max_attributes: 10_000,
            max_events: 10_000,
            max_links: 1_000,
            max_value_depth: 64,
        }
    }
}

/// Longest session id, in characters. `MLflow`'s limit, which its clients know.
pub(crate) const MAX_SESSION_CHARS: usize = 250;
