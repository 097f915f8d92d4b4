//! What a client says about a trace as a whole.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fanlight_api::mlflow::trace_info::{parse_start_v3, render_v3};
use serde_json::json;

use super::store_facts;
use crate::AppState;
use crate::mlflow::assessments::new_assessment_id;
use crate::mlflow::experiments::active_experiment;
use crate::mlflow::extract::{Body, Caller};
use crate::mlflow::reply::Answer;

/// `POST 3.0/traces`: adds to what is known from spans or earlier calls, in any order.
pub(in crate::mlflow) async fn start(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let facts = parse_start_v3(&request, state.clock.now(), new_assessment_id)?;
    active_experiment(&state, caller, facts.experiment).await?;
    let record = store_facts(&state, caller, facts).await?;
    let info = render_v3(&record.summary, &record.assessments);
    Ok(Json(json!({"trace": {"trace_info": info}})))
}
