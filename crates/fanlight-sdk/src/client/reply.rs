//! What a server says of traces. What is not known is `None`; members that later servers add are passed over.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// A page of a search.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Page {
    /// In the order that was asked for.
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
    /// That of its root span.
    pub name: Option<String>,
    /// `OK`, `ERROR`, `IN_PROGRESS` or `STATE_UNSPECIFIED`.
    pub state: String,
    /// RFC 3339, to the millisecond.
    pub start: String,
    /// Nanoseconds since 1970, in decimal digits.
    pub start_ns: String,
    /// Milliseconds; `None` while it runs.
    pub duration_ms: Option<f64>,
    /// The beginning of what came in.
    pub request_preview: Option<String>,
    /// The beginning of what went out.
    pub response_preview: Option<String>,
    /// The conversation it is a part of.
    pub session: Option<String>,
    /// On whose behalf it was done.
    pub user: Option<String>,
    /// What its client called the request.
    pub client_request_id: Option<String>,
    /// Of all calls of models, each counted once.
    pub tokens: Option<Tokens>,
    /// Of all calls of models, each counted once.
    pub cost: Option<Costs>,
    /// Those that were called.
    pub models: Vec<String>,
    /// Of all spans.
    pub span_count: u64,
    /// Of spans that failed.
    pub error_count: u64,
    /// What can be changed.
    pub tags: BTreeMap<String, String>,
    /// What its client said once and for all.
    pub metadata: BTreeMap<String, String>,
    /// Those that nothing replaces.
    pub assessments: Vec<Assessment>,
}

/// A trace and its spans.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct FullTrace {
    /// Everything but the spans.
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
    /// `None` for a root.
    pub parent_id: Option<String>,
    /// What the step is called.
    pub name: String,
    /// `LLM`, `TOOL`, `AGENT`, …
    pub r#type: Option<String>,
    /// Whether it failed.
    pub status: Status,
    /// RFC 3339, to the millisecond.
    pub start: String,
    /// Nanoseconds since 1970, in decimal digits.
    pub start_ns: String,
    /// `None` while it runs.
    pub duration_ms: Option<f64>,
    /// The model that was called.
    pub model: Option<String>,
    /// Who provides it.
    pub provider: Option<String>,
    /// Of this call.
    pub tokens: Option<Tokens>,
    /// Of this call.
    pub cost: Option<Costs>,
    /// What went in.
    pub inputs: Option<Json>,
    /// What came out.
    pub outputs: Option<Json>,
    /// The same as messages, for calls of models.
    pub messages: Messages,
    /// Why the model stopped, one for each answer.
    pub finish_reasons: Vec<String>,
    /// Milliseconds from the start of a call to the first piece of its answer.
    pub time_to_first_token_ms: Option<f64>,
    /// As they arrived.
    pub attributes: Map<String, Json>,
    /// What happened within, in the order of time.
    pub events: Vec<Event>,
    /// Spans of other traces that have to do with it.
    pub links: Vec<Link>,
    /// Who sent it.
    pub resource: Map<String, Json>,
}

/// Whether a span failed.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// `OK`, `ERROR` or `UNSET`.
    pub code: String,
    /// Empty when there is nothing to say.
    pub message: String,
}

/// Something that happened within a span.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// What it is called: `exception`, …
    pub name: String,
    /// What there is to say about it.
    pub attributes: Map<String, Json>,
}

/// A span of another trace.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Link {
    /// `tr-` and 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// What there is to say about it.
    pub attributes: Map<String, Json>,
}

/// What was said to a model, and what it said, whatever its provider.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct Messages {
    /// In the order of the conversation.
    pub input: Vec<Message>,
    /// One for each answer.
    pub output: Vec<Message>,
}

/// One message of a conversation.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// `system`, `user`, `assistant`, `tool`, or what a provider calls it.
    pub role: String,
    /// Who speaks, where several share a role.
    pub name: Option<String>,
    /// Each an object with a `type`: `text`, `reasoning`, `tool_call`, …
    pub parts: Vec<Json>,
    /// Why the model stopped, for messages of a model.
    pub finish_reason: Option<String>,
}

/// Tokens, in every provider's counting made one.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tokens {
    /// All that went in, with what a cache had part in.
    pub input: Option<u64>,
    /// All that came out, with reasoning.
    pub output: Option<u64>,
    /// Both.
    pub total: Option<u64>,
    /// Of `input`: read from a cache.
    pub cache_read: Option<u64>,
    /// Of `input`: written to a cache.
    pub cache_write: Option<u64>,
    /// Of `output`: reasoning.
    pub reasoning: Option<u64>,
}

/// US dollars.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Costs {
    /// Of what went in.
    pub input: f64,
    /// Of what came out.
    pub output: f64,
    /// Both.
    pub total: f64,
}

/// What somebody says about a trace or one of its spans.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Assessment {
    /// By which it is replaced and deleted.
    pub id: String,
    /// What is said about: `correct`, `answer`, …
    pub name: String,
    /// `feedback`, `expectation` or `issue`.
    pub kind: String,
    /// What is said.
    pub value: Json,
    /// Why it is said.
    pub rationale: Option<String>,
    /// Who says so.
    pub source: AssessmentSource,
    /// `None` where it is about the whole trace.
    pub span_id: Option<String>,
    /// The id of what it replaces.
    pub overrides: Option<String>,
    /// Whether nothing replaces it.
    pub valid: bool,
}

/// Who says something.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AssessmentSource {
    /// `human`, `llm_judge`, `code` or `unspecified`.
    pub kind: String,
    /// A name, or the name of a model.
    pub id: Option<String>,
}
