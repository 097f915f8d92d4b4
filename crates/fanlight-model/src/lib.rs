//! The words every other crate speaks: ids, times, attribute values, spans, traces and what people say about them.
//!
//! Owns plain data and the rules that need nothing but that data. It refuses to know wires, files, SQL, HTTP and
//! threads; JSON is here only as the text form of an attribute value. Start reading at [`Span`], then [`Batch`] (what
//! arrives) and [`TraceSummary`] (what is shown of a trace).

mod assessment;
mod batch;
mod edits;
mod error;
mod ids;
mod price;
mod size;
mod span;
mod summary;
mod time;
mod usage;
mod value;

pub use assessment::{Assessment, AssessmentSource, FeedbackError, Judgement, SourceType};
pub use batch::{Addition, Batch, Repriced, SpanGroup, TraceFacts};
pub use edits::{LinkedPrompt, NAME_TAG, TraceEdits};
pub use error::ErrorKind;
pub use ids::{ExperimentId, ParseIdError, SegmentId, SpanId, TraceId, TraceKey, WorkspaceId};
pub use price::{Price, Priced, Rates};
pub use size::{number_and_unit, parse_bytes, render_bytes};
pub use span::{Event, Link, Resource, Scope, Span, SpanKind, Status, StatusCode};
pub use summary::{TraceState, TraceSummary};
pub use time::{Clock, FixedClock, Nanos, SystemClock, UnixNanos};
pub use usage::{Cost, TokenUsage};
pub use value::{Attributes, Value};
