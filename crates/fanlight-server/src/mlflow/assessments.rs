//! What people, judges and code say about a trace.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use fanlight_api::mlflow::assessments::{parse_new, parse_update, render};
use fanlight_api::mlflow::{TraceRef, ids};
use serde_json::json;

use super::extract::{Body, Caller};
use super::reply::{Answer, done};
use crate::AppState;

/// `POST 3.0/traces/{trace_id}/assessments`. The trace in the path counts, not one in the body.
pub(super) async fn create(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(trace_id): Path<String>,
    Body(request): Body,
) -> Answer {
    let assessment = request.required_object("assessment")?;
    let assessment = parse_new(&assessment, new_assessment_id(), state.clock.now())?;
    let trace = TraceRef::of(&trace_id);
    let added = state
        .engine
        .add_assessment(caller.key(&trace), assessment)
        .await?;
    Ok(Json(json!({"assessment": render(&added, &trace_id)})))
}

/// `GET 3.0/traces/{trace_id}/assessments/{assessment_id}`.
pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((trace_id, id)): Path<(String, String)>,
) -> Answer {
    let assessment = state
        .engine
        .assessment(caller.key(&TraceRef::of(&trace_id)), &id)
        .await?;
    Ok(Json(json!({"assessment": render(&assessment, &trace_id)})))
}

/// `PATCH 3.0/traces/{trace_id}/assessments/{assessment_id}`: changes what the mask names.
pub(super) async fn update(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((trace_id, id)): Path<(String, String)>,
    Body(request): Body,
) -> Answer {
    let change = parse_update(&request)?;
    let key = caller.key(&TraceRef::of(&trace_id));
    let known = state.engine.assessment(key, &id).await?;
    let changed = change.apply(known, state.clock.now())?;
    let stored = state.engine.update_assessment(key, changed).await?;
    Ok(Json(json!({"assessment": render(&stored, &trace_id)})))
}

/// `DELETE 3.0/traces/{trace_id}/assessments/{assessment_id}`: deleting what is not there is fine.
pub(super) async fn remove(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((trace_id, id)): Path<(String, String)>,
) -> Answer {
    state
        .engine
        .delete_assessment(caller.key(&TraceRef::of(&trace_id)), &id)
        .await?;
    Ok(done())
}

/// A random id for an assessment.
pub(crate) fn new_assessment_id() -> String {
    ids::prefixed_hex("a-", rand::random())
}
