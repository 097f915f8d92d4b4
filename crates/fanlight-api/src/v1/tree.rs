//! A trace without its payloads: what a tree and a timeline of many thousand spans show.

use fanlight_model::{Nanos, Span, StatusCode, UnixNanos};
use fanlight_normalize::{label, meaning};
use fanlight_query::FullTrace;

use super::millis;
use super::schema::shape;
use super::trace::{
    AssessmentView, Costs, Tokens, TraceRow, render_assessment, render_cost, render_row,
    render_tokens,
};

/// Characters of an error beside the name of its span.
const ERROR_CHARS: usize = 300;

shape! {
    /// A trace and its spans without their payloads.
    TraceTreeReply {
        trace: TraceRow,
        /// All of them, those that others override too, oldest first.
        assessments: Vec<AssessmentView>,
        /// Roots first, and then by start.
        spans: Vec<SpanRow>,
    }
}

shape! {
    /// A span as a row of a tree.
    SpanRow {
        id: String,
        parent_id: Option<String>,
        name: String,
        /// To show: of a template the text it stands for, of a call named `GET` also what it asked for.
        label: String,
        /// `LLM`, `TOOL`, `AGENT`, … or whatever a client calls it.
        r#type: Option<String>,
        /// `OK`, `ERROR` or `UNSET`.
        status: String,
        /// The beginning of what an error says.
        error: Option<String>,
        /// After the start of the trace; negative when clocks disagree.
        offset_ms: f64,
        /// `null` while it runs.
        duration_ms: Option<f64>,
        model: Option<String>,
        tokens: Option<Tokens>,
        cost: Option<Costs>,
    }
}

pub fn render_tree(trace: &FullTrace) -> TraceTreeReply {
    let start = trace.record.summary.start;
    let mut said: Vec<_> = trace.record.assessments.iter().collect();
    said.sort_by_key(|said| said.created_at);
    TraceTreeReply {
        trace: render_row(&trace.record),
        assessments: said.into_iter().map(render_assessment).collect(),
        spans: trace
            .spans
            .iter()
            .map(|span| render_span_row(span, start))
            .collect(),
    }
}

fn render_span_row(span: &Span, start: UnixNanos) -> SpanRow {
    let meaning = meaning(span);
    let is_error = span.status.code == StatusCode::Error && !span.status.message.is_empty();
    SpanRow {
        id: span.span_id.to_string(),
        parent_id: span.parent_id.map(|id| id.to_string()),
        name: span.name.clone(),
        label: label(span).into_owned(),
        r#type: meaning.span_type.map(Into::into),
        status: span.status.code.as_str().to_owned(),
        error: is_error.then(|| span.status.message.chars().take(ERROR_CHARS).collect()),
        offset_ms: offset(span.start, start),
        duration_ms: span.duration().map(millis),
        model: meaning.model.map(Into::into),
        tokens: meaning.usage.as_ref().map(render_tokens),
        cost: meaning.cost.as_ref().map(render_cost),
    }
}

fn offset(at: UnixNanos, start: UnixNanos) -> f64 {
    let length = millis(Nanos(at.0.abs_diff(start.0)));
    if at < start { -length } else { length }
}
