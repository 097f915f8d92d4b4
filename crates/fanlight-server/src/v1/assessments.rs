//! What people say about a trace.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use fanlight_api::v1::{AssessmentView, ChangedReply, parse_new_assessment, render_assessment};

use super::extract::{Answer, Body, Params};
use super::traces::key_of;
use crate::AppState;
use crate::mlflow::new_assessment_id;

/// `POST /api/v1/traces/{id}/assessments`.
pub(super) async fn add(
    State(state): State<Arc<AppState>>,
    Path(trace_id): Path<String>,
    Body(body): Body,
) -> Answer<AssessmentView> {
    let said = parse_new_assessment(body, new_assessment_id(), state.clock.now())?;
    let added = state.engine.add_assessment(key_of(&trace_id), said).await?;
    Ok(Json(render_assessment(&added)))
}

/// `DELETE /api/v1/traces/{id}/assessments/{assessment_id}`.
pub(super) async fn remove(
    State(state): State<Arc<AppState>>,
    Path((trace_id, id)): Path<(String, String)>,
    Params(params): Params,
) -> Answer<ChangedReply> {
    params.finish()?;
    let key = key_of(&trace_id);
    // Says so when there is no such assessment.
    state.engine.assessment(key, &id).await?;
    state.engine.delete_assessment(key, &id).await?;
    Ok(Json(ChangedReply { traces: 1 }))
}
