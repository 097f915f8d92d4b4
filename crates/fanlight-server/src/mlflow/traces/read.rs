//! Traces by their ids.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use fanlight_api::ApiError;
use fanlight_api::mlflow::spans::{is_complete, render_rest};
use fanlight_api::mlflow::trace_info::render_v3;
use fanlight_api::mlflow::{TraceRef, ids};
use fanlight_model::{ExperimentId, TraceKey};
use fanlight_query::{FullTrace, TraceRecord};
use serde_json::{Value, json};

use super::{known_trace, unknown_trace};
use crate::AppState;
use crate::mlflow::extract::{Body, Caller, Params};
use crate::mlflow::reply::{Answer, page};

/// Traces one request may ask for. Clients send 10, or 500 at an export.
const MAX_BATCH: usize = 1000;

/// How long to wait for spans a client has announced. Its two uploads run side by side, and it may
/// read before the second one has arrived.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);

/// `GET 3.0/traces/{trace_id}`.
pub(in crate::mlflow) async fn info(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(trace_id): Path<String>,
) -> Answer {
    let record = known_trace(&state, caller, &TraceRef::of(&trace_id)).await?;
    Ok(Json(
        json!({"trace": {"trace_info": render_v3(&record.summary, &record.assessments)}}),
    ))
}

/// `GET 3.0/traces/get`: with spans.
pub(in crate::mlflow) async fn get(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Answer {
    let trace = TraceRef::of(request.required_text("trace_id")?);
    let partial = request.flag("allow_partial")?.unwrap_or(false);
    let found = if partial {
        state
            .engine
            .trace(caller.key(&trace))
            .await?
            .ok_or_else(|| unknown_trace(&trace))?
    } else {
        complete_trace(&state, caller, &trace).await?
    };
    Ok(Json(json!({"trace": render_full(&found)})))
}

/// Reads a trace again and again until all its announced spans are there.
async fn complete_trace(
    state: &AppState,
    caller: Caller,
    trace: &TraceRef,
) -> Result<FullTrace, ApiError> {
    let mut waited = Duration::ZERO;
    loop {
        let found = state
            .engine
            .trace(caller.key(trace))
            .await?
            .ok_or_else(|| unknown_trace(trace))?;
        if is_complete(&found.record.summary, found.spans.len()) {
            return Ok(found);
        }
        if waited >= PATIENCE {
            let message = format!(
                "trace `{}` is not fully exported yet",
                ids::trace_id_text(&found.record.summary)
            );
            return Err(ApiError::not_found(message).with_mlflow_code("NOT_FOUND"));
        }
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
    }
}

/// `GET 3.0/traces/batchGet`: with spans, in the order asked for. What is unknown, incomplete, damaged
/// or of another experiment is left out.
pub(in crate::mlflow) async fn batch_get(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Answer {
    let keys = keys(caller, &request.required_texts("trace_ids")?)?;
    let wanted = experiments(request.texts("experiment_ids")?)?;
    let mut traces = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(found) = state.engine.readable_trace(key).await? else {
            continue;
        };
        let summary = &found.record.summary;
        if belongs(&found.record, &wanted) && is_complete(summary, found.spans.len()) {
            traces.push(render_full(&found));
        }
    }
    Ok(page("traces", traces, None))
}

/// `POST 3.0/traces/batchGetInfos`: without spans, in the order asked for.
pub(in crate::mlflow) async fn batch_get_infos(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let keys = keys(caller, &request.required_texts("trace_ids")?)?;
    let wanted = experiments(request.texts("experiment_ids")?)?;
    let found = state.engine.records(&keys).await?;
    let infos = found.iter().filter(|record| belongs(record, &wanted));
    let infos = infos.map(|record| render_v3(&record.summary, &record.assessments));
    Ok(page("trace_infos", infos.collect(), None))
}

/// Each trace once, in the order of its first mention.
fn keys(caller: Caller, trace_ids: &[&str]) -> Result<Vec<TraceKey>, ApiError> {
    if trace_ids.len() > MAX_BATCH {
        return Err(ApiError::invalid(format!(
            "{} values for parameter `trace_ids`; the limit is {MAX_BATCH}",
            trace_ids.len()
        )));
    }
    let mut seen = std::collections::HashSet::new();
    let keys = trace_ids.iter().map(|text| caller.key(&TraceRef::of(text)));
    Ok(keys.filter(|key| seen.insert(*key)).collect())
}

/// The experiments traces must belong to; none given is any.
fn experiments(texts: Option<Vec<&str>>) -> Result<Vec<ExperimentId>, ApiError> {
    let texts = texts.unwrap_or_default();
    texts
        .into_iter()
        .map(|text| ids::experiment_id("experiment_ids", text))
        .collect()
}

fn belongs(record: &TraceRecord, wanted: &[ExperimentId]) -> bool {
    wanted.is_empty() || wanted.contains(&record.summary.experiment)
}

fn render_full(trace: &FullTrace) -> Value {
    let summary = &trace.record.summary;
    let trace_id = ids::trace_id_text(summary);
    let mut json = json!({"trace_info": render_v3(summary, &trace.record.assessments)});
    if !trace.spans.is_empty() {
        json["spans"] = trace
            .spans
            .iter()
            .map(|span| render_rest(span, &trace_id))
            .collect();
    }
    json
}
