//! What a server says of traces. What is not known is `None`; members that later servers add are passed over.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// A page of a search.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Page {
    pub traces: Vec<Trace>,
    /// `None` on the last page.
    pub next_page_token: Option<String>,
}

/// A trace without its spans.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Trace {
    /// `tr-` and 32 hex digits, or what its client called it.
    pub id: String,
    /// The id of its experiment.
    pub experiment: String,
    pub name: Option<String>,
    /// `OK`, `ERROR`, `IN_PROGRESS` or `STATE_UNSPECIFIED`.
    pub state: String,
    /// RFC 3339, to the millisecond.
    pub start: String,
    /// Nanoseconds since 1970, in decimal digits.
    pub start_ns: String,
    pub duration_ms: Option<f64>,
    pub request_preview: Option<String>,
    pub response_preview: Option<String>,
    pub session: Option<String>,
    pub user: Option<String>,
    pub client_request_id: Option<String>,
    pub tokens: Option<Tokens>,
    pub cost: Option<Costs>,
    pub models: Vec<String>,
    pub span_count: u64,
    pub error_count: u64,
    pub tags: BTreeMap<String, String>,
    pub metadata: BTreeMap<String, String>,
    /// Those that nothing replaces.
    pub assessments: Vec<Assessment>,
}

/// A trace and its spans.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct FullTrace {
    pub trace: Trace,
    /// Roots first, and then by start.
    pub spans: Vec<Span>,
}

/// A span: what it means beside what it is.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Span {
    /// 16 hex digits.
    pub id: String,
    pub parent_id: Option<String>,
    pub name: String,
    /// `LLM`, `TOOL`, `AGENT`, …
    pub r#type: Option<String>,
    pub status: Status,
    pub start: String,
    pub start_ns: String,
    /// `None` while it runs.
    pub duration_ms: Option<f64>,
    pub model: Option<String>,
    pub provider: Option<String>,
    pub tokens: Option<Tokens>,
    pub cost: Option<Costs>,
    pub inputs: Option<Json>,
    pub outputs: Option<Json>,
    pub messages: Messages,
    /// Why the model stopped, one for each answer.
    pub finish_reasons: Vec<String>,
    pub time_to_first_token_ms: Option<f64>,
    /// As they arrived.
    pub attributes: Map<String, Json>,
    pub events: Vec<Event>,
    pub links: Vec<Link>,
    pub resource: Map<String, Json>,
}

#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// `OK`, `ERROR` or `UNSET`.
    pub code: String,
    pub message: String,
}

#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Event {
    pub name: String,
    pub attributes: Map<String, Json>,
}

#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Link {
    pub trace_id: String,
    pub span_id: String,
    pub attributes: Map<String, Json>,
}

/// What was said to a model, and what it said, whatever its provider.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct Messages {
    pub input: Vec<Message>,
    pub output: Vec<Message>,
}

#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Message {
    pub role: String,
    pub name: Option<String>,
    /// Each an object with a `type`: `text`, `reasoning`, `tool_call`, …
    pub parts: Vec<Json>,
    pub finish_reason: Option<String>,
}

/// Tokens, in every provider's counting made one.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tokens {
    pub input: Option<u64>,
    pub output: Option<u64>,
    pub total: Option<u64>,
    pub cache_read: Option<u64>,
    pub cache_write: Option<u64>,
    pub reasoning: Option<u64>,
}

/// US dollars.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Costs {
    pub input: f64,
    pub output: f64,
    pub total: f64,
}

/// What somebody says about a trace or one of its spans.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Assessment {
    pub id: String,
    pub name: String,
    /// `feedback`, `expectation` or `issue`.
    pub kind: String,
    pub value: Json,
    pub rationale: Option<String>,
    pub source: AssessmentSource,
    pub span_id: Option<String>,
    /// The id of what it replaces.
    pub overrides: Option<String>,
    pub valid: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AssessmentSource {
    /// `human`, `llm_judge`, `code` or `unspecified`.
    pub kind: String,
    pub id: Option<String>,
}
