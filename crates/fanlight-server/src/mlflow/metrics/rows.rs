//! What a trace, a span and an assessment contribute to a metric.

use fanlight_api::mlflow::assessments::{doubled, numeric_value};
use fanlight_model::{Assessment, Judgement, Nanos, Span, TraceSummary};
use fanlight_normalize::{Meaning, meaning};
use fanlight_query::TraceRecord;
use fanlight_query::filter::python_json;

use super::aggregate::{Group, Table, TooMuch};
use super::catalogue::{Dimension, Measure};
use super::clause::{Clause, Field};
use super::request::MetricsQuery;

/// Adds what the trace itself says.
pub(super) fn add_trace(
    table: &mut Table,
    query: &MetricsQuery,
    record: &TraceRecord,
) -> Result<(), TooMuch> {
    let summary = &record.summary;
    let dimension = |dimension: Dimension| match dimension {
        Dimension::TraceName => summary.name.clone(),
        Dimension::TraceStatus => Some(summary.state.as_str().to_owned()),
        _ => None,
    };
    let Some(group) = group(query, summary.start.as_millis(), dimension) else {
        return Ok(());
    };
    match query.metric.measure {
        Measure::Rows => table.add_row(group),
        Measure::Sessions => match &summary.session {
            Some(session) => table.add_distinct(group, session),
            None => Ok(()),
        },
        measure => add_known(table, group, trace_value(measure, summary)),
    }
}

fn trace_value(measure: Measure, summary: &TraceSummary) -> Option<f64> {
    let usage = summary.usage.as_ref();
    match measure {
        Measure::LatencyMillis => summary.duration.map(millis),
        Measure::InputTokens => usage?.input.map(float),
        Measure::OutputTokens => usage?.output.map(float),
        Measure::TotalTokens => usage?.total.map(float),
        Measure::CacheReadTokens => usage?.cache_read.map(float),
        Measure::CacheWriteTokens => usage?.cache_write.map(float),
        _ => None,
    }
}

/// Adds what one span says. `trace_millis` is when its trace began.
pub(super) fn add_span(
    table: &mut Table,
    query: &MetricsQuery,
    trace_millis: u64,
    span: &Span,
) -> Result<(), TooMuch> {
    let at = if query.metric.is_timed_by_span() {
        span.start.as_millis()
    } else {
        trace_millis
    };
    let meaning = meaning(span);
    if !query.covers(at)
        || !query
            .clauses
            .iter()
            .all(|clause| accepts_span(clause, span, &meaning))
    {
        return Ok(());
    }
    let owned = |text: &Option<std::borrow::Cow<'_, str>>| {
        text.as_ref().map(|text| text.as_ref().to_owned())
    };
    let dimension = |dimension: Dimension| match dimension {
        Dimension::SpanName => Some(span.name.clone()),
        Dimension::SpanType => owned(&meaning.span_type),
        Dimension::SpanStatus => Some(span.status.code.as_str().to_owned()),
        Dimension::SpanModelName => owned(&meaning.model),
        Dimension::SpanModelProvider => owned(&meaning.provider),
        _ => None,
    };
    let Some(group) = group(query, at, dimension) else {
        return Ok(());
    };
    let cost = meaning.cost.as_ref();
    match query.metric.measure {
        Measure::Rows => table.add_row(group),
        Measure::LatencyMillis => add_known(table, group, span.duration().map(millis)),
        Measure::InputCost => add_known(table, group, cost.map(|cost| cost.input)),
        Measure::OutputCost => add_known(table, group, cost.map(|cost| cost.output)),
        Measure::TotalCost => add_known(table, group, cost.map(|cost| cost.total)),
        _ => Ok(()),
    }
}

fn accepts_span(clause: &Clause, span: &Span, meaning: &Meaning<'_>) -> bool {
    let value = clause.value.as_str();
    match clause.field {
        Field::SpanName => span.name == value,
        Field::SpanStatus => span.status.code.as_str() == value,
        Field::SpanType => meaning.span_type.as_deref() == Some(value),
        _ => true,
    }
}

/// Adds what one assessment of the trace says; superseded ones say nothing.
pub(super) fn add_assessment(
    table: &mut Table,
    query: &MetricsQuery,
    trace_millis: u64,
    assessment: &Assessment,
) -> Result<(), TooMuch> {
    if !assessment.valid
        || !query
            .clauses
            .iter()
            .all(|clause| accepts_assessment(clause, assessment))
    {
        return Ok(());
    }
    let dimension = |dimension: Dimension| match dimension {
        Dimension::AssessmentName => Some(assessment.name.clone()),
        Dimension::AssessmentValue => value_text(&assessment.judgement),
        _ => None,
    };
    let Some(group) = group(query, trace_millis, dimension) else {
        return Ok(());
    };
    match query.metric.measure {
        Measure::Rows => table.add_row(group),
        Measure::AssessmentValue => add_known(table, group, numeric_value(&assessment.judgement)),
        _ => Ok(()),
    }
}

fn accepts_assessment(clause: &Clause, assessment: &Assessment) -> bool {
    let kind = match assessment.judgement {
        Judgement::Feedback { .. } => "feedback",
        Judgement::Expectation { .. } => "expectation",
        Judgement::Issue { .. } => "issue",
    };
    match clause.field {
        Field::AssessmentName => assessment.name == clause.value,
        Field::AssessmentType => kind == clause.value,
        _ => true,
    }
}

/// The JSON text of the value: `"yes"` with its quotes, `1.0`, `true`.
fn value_text(judgement: &Judgement) -> Option<String> {
    match judgement {
        Judgement::Feedback { value, .. } | Judgement::Expectation { value } => {
            Some(python_json(&doubled(value.clone())))
        }
        Judgement::Issue { .. } => None,
    }
}

/// `None` when one of the dimensions is unknown: such rows are left out.
fn group(
    query: &MetricsQuery,
    at: u64,
    dimension: impl Fn(Dimension) -> Option<String>,
) -> Option<Group> {
    let dimensions: Option<Vec<_>> = query
        .dimensions
        .iter()
        .map(|kind| dimension(*kind))
        .collect();
    Some(Group {
        bucket_millis: query.bucket(at),
        dimensions: dimensions?,
    })
}

fn add_known(table: &mut Table, group: Group, value: Option<f64>) -> Result<(), TooMuch> {
    value.map_or(Ok(()), |value| table.add_value(group, value))
}

/// Whole milliseconds, as every duration on this wire.
fn millis(length: Nanos) -> f64 {
    float(length.as_millis())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "tokens and milliseconds stay far below 2^53"
)]
fn float(count: u64) -> f64 {
    count as f64
}
