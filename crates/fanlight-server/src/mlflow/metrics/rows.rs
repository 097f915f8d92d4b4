//! What an assessment contributes to a metric.

use fanlight_api::mlflow::assessments::{doubled, numeric_value};
use fanlight_model::{Assessment, Judgement};
use fanlight_query::filter::python_json;

use super::aggregate::{Group, Table, TooMuch};
use super::catalogue::{Dimension, Measure};
use super::clause::{Clause, Field};
use super::request::MetricsQuery;

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
