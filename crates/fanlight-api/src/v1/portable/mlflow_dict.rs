//! A trace as MLflow's `Trace.to_dict()` writes it: `{"info": {…}, "data": {"spans": […]}}`.
//!
//! Beside them stands `fanlight`, which MLflow passes over: the name of the experiment, removed tags, and links.

use fanlight_model::{ExperimentId, Nanos, TraceEdits, TraceFacts, TraceState, UnixNanos};
use fanlight_query::ExportedTrace;
use serde_json::{Map, Value as Json, json};

use super::PortableTrace;
use super::companion::{parse_links, render_links};
use crate::ApiError;
use crate::mlflow::trace_info::render_export;
use crate::mlflow::{Fields, TraceRef, assessments, ids, spans, tags, times};
use crate::v1::{Members, Refusal};

/// The whole trace, texts in full length.
pub fn render_mlflow_dict(trace: &ExportedTrace, experiment_name: Option<&str>) -> Json {
    let summary = &trace.record.summary;
    let trace_id = ids::trace_id_text(summary);
    let mut beside = Map::new();
    if let Some(name) = experiment_name {
        beside.insert("experiment_name".to_owned(), name.into());
    }
    render_links(&mut beside, trace);
    json!({
        "info": render_export(summary, &trace.record.assessments),
        "data": spans::render_document(trace.spans.iter().map(AsRef::as_ref), &trace_id),
        "fanlight": beside,
    })
}

/// Reads `info`, and `fanlight` where it stands beside it. An assessment without a time has the one of its trace.
pub fn parse_mlflow_dict(info: &Fields, beside: Option<Members>) -> Result<PortableTrace, Refusal> {
    let mut edits = TraceEdits::default();
    let mut experiment_name = None;
    if let Some(mut beside) = beside {
        experiment_name = beside
            .text("experiment_name")?
            .filter(|name| !name.is_empty());
        edits = parse_links(&mut beside)?;
        beside.finish()?;
    }
    // MLflow 2 says `request_id` where MLflow 3 says `trace_id`.
    let of_mlflow_2 = info.mentions("request_id") && !info.mentions("trace_id");
    let id = info.required_text(if of_mlflow_2 {
        "request_id"
    } else {
        "trace_id"
    })?;
    let trace = TraceRef::for_new_trace(id)?;
    let facts = if of_mlflow_2 {
        parse_info_2(info, &trace)?
    } else {
        parse_info_3(info, &trace)?
    };
    if let Some(session) = facts.metadata.get(tags::SESSION) {
        tags::check_session(session)?;
    }
    let start = facts.start.unwrap_or_default();
    for (at, said) in info.objects("assessments")?.into_iter().enumerate() {
        let id = assessment_id(&trace, at, &said);
        edits
            .assessments
            .push(assessments::parse_new(&said, id, start)?);
    }
    Ok(PortableTrace {
        trace,
        experiment_id: parse_experiment(info, of_mlflow_2)?,
        experiment_name,
        facts: Some(facts),
        edits,
    })
}

fn parse_info_3(info: &Fields, trace: &TraceRef) -> Result<TraceFacts, ApiError> {
    let length = match info.unsigned("execution_duration_ms")? {
        Some(millis) => Some(Nanos::from_millis(millis)),
        None => parsed(info, "execution_duration", times::parse_duration)?,
    };
    Ok(TraceFacts {
        client_request_id: info.owned_text("client_request_id")?,
        request_preview: info.owned_text("request_preview")?,
        response_preview: info.owned_text("response_preview")?,
        start: parsed(info, "request_time", times::parse_timestamp)?,
        duration: length,
        state: known_state(info.text("state")?),
        metadata: info.text_map("trace_metadata")?.into_iter().collect(),
        ..with_tags(info, trace)?
    })
}

fn parse_info_2(info: &Fields, trace: &TraceRef) -> Result<TraceFacts, ApiError> {
    Ok(TraceFacts {
        start: info.unsigned("timestamp_ms")?.map(UnixNanos::from_millis),
        duration: info.unsigned("execution_time_ms")?.map(Nanos::from_millis),
        state: known_state(info.text("status")?),
        metadata: info.text_map("request_metadata")?.into_iter().collect(),
        ..with_tags(info, trace)?
    })
}

fn with_tags(info: &Fields, trace: &TraceRef) -> Result<TraceFacts, ApiError> {
    let tags = info.text_map("tags")?.into_iter();
    Ok(TraceFacts {
        alias: trace.alias.clone(),
        tags: tags
            .filter(|(key, _)| !tags::is_server_owned(key))
            .collect(),
        ..TraceFacts::new(trace.id, ExperimentId::DEFAULT)
    })
}

fn known_state(name: Option<&str>) -> Option<TraceState> {
    name.and_then(TraceState::from_name)
        .filter(|state| *state != TraceState::Unspecified)
}

fn parsed<T>(
    info: &Fields,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let Some(text) = info.text(name)? else {
        return Ok(None);
    };
    let shown = tags::cut(text, 64);
    let unreadable = || ApiError::invalid(format!("`info.{name}` cannot be read: \"{shown}\""));
    parse(text).map(Some).ok_or_else(unreadable)
}

fn parse_experiment(info: &Fields, of_mlflow_2: bool) -> Result<Option<ExperimentId>, ApiError> {
    if of_mlflow_2 {
        let text = info.text("experiment_id")?;
        return text
            .map(|text| ids::experiment_id("experiment_id", text))
            .transpose();
    }
    let Some(location) = info.object("trace_location")? else {
        return Ok(None);
    };
    match location.object("mlflow_experiment")? {
        Some(experiment) => {
            let text = experiment.required_text("experiment_id")?;
            ids::experiment_id("experiment_id", text).map(Some)
        }
        None => Ok(None),
    }
}

/// An id for an assessment without one: the same each time the line is read.
fn assessment_id(trace: &TraceRef, at: usize, said: &Fields) -> String {
    let name = said
        .text("assessment_name")
        .ok()
        .flatten()
        .unwrap_or_default();
    let hash = ids::stable_hash(&format!("{}/{at}/{name}", trace.text()));
    format!("a-{hash}")
}
