//! The member `fanlight` beside `resourceSpans`: what people and clients said about a trace, which OTLP cannot carry.
//! Readers of OTLP pass over it.

use fanlight_model::{
    ExperimentId, LinkedPrompt, Nanos, TraceEdits, TraceFacts, TraceState, UnixNanos,
};
use fanlight_query::ExportedTrace;
use serde_json::{Map, Value as Json, json};

use super::{PortableTrace, assessment};
use crate::mlflow::{TraceRef, ids, tags};
use crate::v1::{Members, Refusal};

/// Assessments, links and removed tags that one trace may bring.
const MAX_ITEMS: usize = 100_000;

/// What OTLP lacks. Only what was said is there: what follows from the spans is worked out again.
pub fn render_companion(trace: &ExportedTrace, experiment_name: Option<&str>) -> Json {
    let record = &trace.record;
    let mut members = Map::new();
    set(
        &mut members,
        "trace_id",
        ids::trace_id_text(&record.summary).into(),
    );
    set(
        &mut members,
        "experiment_id",
        record.summary.experiment.to_string().into(),
    );
    set(&mut members, "experiment_name", experiment_name.into());
    if let Some(facts) = &trace.facts {
        render_facts(&mut members, facts);
    }
    if !record.assessments.is_empty() {
        let assessments = record.assessments.iter().map(assessment::render);
        set(&mut members, "assessments", assessments.collect());
    }
    render_links(&mut members, trace);
    Json::Object(members)
}

fn set(members: &mut Map<String, Json>, name: &str, value: Json) {
    if !value.is_null() {
        members.insert(name.to_owned(), value);
    }
}

fn render_facts(members: &mut Map<String, Json>, facts: &TraceFacts) {
    set(
        members,
        "client_request_id",
        facts.client_request_id.clone().into(),
    );
    set(
        members,
        "request_preview",
        facts.request_preview.clone().into(),
    );
    set(
        members,
        "response_preview",
        facts.response_preview.clone().into(),
    );
    let nanos = |number: Option<u64>| number.map(|number| number.to_string()).into();
    set(members, "start_ns", nanos(facts.start.map(|start| start.0)));
    set(
        members,
        "duration_ns",
        nanos(facts.duration.map(|length| length.0)),
    );
    set(members, "state", facts.state.map(TraceState::as_str).into());
    // Also when empty: a trace about which something was said is not the same as one without.
    set(members, "tags", json!(facts.tags));
    set(members, "metadata", json!(facts.metadata));
}

/// Removed tags and links, as far as there are any.
pub(super) fn render_links(members: &mut Map<String, Json>, trace: &ExportedTrace) {
    if !trace.removed_tags.is_empty() {
        set(members, "removed_tags", json!(trace.removed_tags));
    }
    if !trace.record.runs.is_empty() {
        set(members, "runs", json!(trace.record.runs));
    }
    if !trace.record.prompts.is_empty() {
        let prompts = trace.record.prompts.iter();
        let prompts = prompts.map(|prompt| json!({"name": prompt.name, "version": prompt.version}));
        set(members, "prompts", prompts.collect());
    }
}

/// Reads what [`render_companion`] wrote.
pub fn parse_companion(mut members: Members) -> Result<PortableTrace, Refusal> {
    let id = members.required_text("trace_id")?;
    let trace = TraceRef::for_new_trace(&id).map_err(|error| Refusal::wrap("trace_id", error))?;
    let experiment_id = parse_experiment(&mut members)?;
    let experiment_name = members
        .text("experiment_name")?
        .filter(|name| !name.is_empty());
    let facts = parse_facts(&mut members, &trace)?;
    let mut edits = parse_links(&mut members)?;
    let assessments = members.objects("assessments", MAX_ITEMS)?.into_iter();
    edits.assessments = assessments
        .map(assessment::parse)
        .collect::<Result<_, _>>()?;
    members.finish()?;
    Ok(PortableTrace {
        trace,
        experiment_id,
        experiment_name,
        facts,
        edits,
    })
}

fn parse_experiment(members: &mut Members) -> Result<Option<ExperimentId>, Refusal> {
    let Some(text) = members.text("experiment_id")? else {
        return Ok(None);
    };
    let parsed = text.parse().map(Some);
    parsed.map_err(|_| members.refuse("experiment_id", "expected a whole number as text"))
}

/// `None` when nothing is said.
fn parse_facts(members: &mut Members, trace: &TraceRef) -> Result<Option<TraceFacts>, Refusal> {
    let tags = members.text_map("tags")?;
    let metadata = members.text_map("metadata")?;
    let state = members.text("state")?;
    let state = state.as_deref().map(|name| {
        TraceState::from_name(name).ok_or_else(|| {
            members.refuse(
                "state",
                "expected OK, ERROR, IN_PROGRESS or STATE_UNSPECIFIED",
            )
        })
    });
    let facts = TraceFacts {
        alias: trace.alias.clone(),
        client_request_id: members.text("client_request_id")?,
        request_preview: members.text("request_preview")?,
        response_preview: members.text("response_preview")?,
        start: members.nanos("start_ns")?.map(UnixNanos),
        duration: members.nanos("duration_ns")?.map(Nanos),
        state: state.transpose()?,
        metadata: metadata.clone().unwrap_or_default(),
        ..TraceFacts::new(trace.id, ExperimentId::DEFAULT)
    };
    if let Some(session) = facts.metadata.get(tags::SESSION) {
        tags::check_session(session).map_err(|error| Refusal::wrap("metadata", error))?;
    }
    let silent = TraceFacts::new(trace.id, ExperimentId::DEFAULT);
    let said = tags.is_some() || metadata.is_some() || facts != silent;
    let mut tags = tags.unwrap_or_default();
    tags.retain(|key, _| !tags::is_server_owned(key));
    Ok(said.then_some(TraceFacts { tags, ..facts }))
}

/// Removed tags and links.
pub(super) fn parse_links(members: &mut Members) -> Result<TraceEdits, Refusal> {
    let removed = members
        .texts("removed_tags", MAX_ITEMS)?
        .unwrap_or_default();
    let runs = members.texts("runs", MAX_ITEMS)?.unwrap_or_default();
    let prompts = members.objects("prompts", MAX_ITEMS)?.into_iter();
    let prompt = |mut members: Members| {
        let prompt = LinkedPrompt {
            name: members.required_text("name")?,
            version: members.required_text("version")?,
        };
        members.finish()?;
        Ok(prompt)
    };
    Ok(TraceEdits {
        tags: removed.into_iter().map(|tag| (tag, None)).collect(),
        runs: runs.into_iter().collect(),
        prompts: prompts.map(prompt).collect::<Result<_, Refusal>>()?,
        ..TraceEdits::default()
    })
}
