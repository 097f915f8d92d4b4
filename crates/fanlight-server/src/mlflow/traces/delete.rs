//! Deleting traces, by id or by age.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fanlight_api::ApiError;
use fanlight_api::mlflow::{Fields, TraceRef, ids};
use fanlight_model::UnixNanos;
use fanlight_query::Doomed;
use serde_json::json;

use crate::AppState;
use crate::mlflow::artifacts;
use crate::mlflow::extract::{Body, Caller};
use crate::mlflow::reply::Answer;

/// `POST 2.0` and `3.0/traces/delete-traces`.
pub(in crate::mlflow) async fn delete(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let experiment = ids::experiment_id("experiment_id", request.required_text("experiment_id")?)?;
    let which = parse_doomed(&request, caller)?;
    let deleted = state
        .engine
        .delete(caller.workspace, experiment, which)
        .await?;
    let named = request.texts("request_ids")?.unwrap_or_default();
    for trace_id in named {
        artifacts::forget_trace(&state, caller, experiment, trace_id).await?;
    }
    for key in &deleted {
        artifacts::forget_trace_by_key(&state, experiment, *key).await?;
    }
    Ok(Json(json!({"traces_deleted": deleted.len()})))
}

fn parse_doomed(request: &Fields, caller: Caller) -> Result<Doomed, ApiError> {
    let trace_ids = request.texts("request_ids")?.filter(|ids| !ids.is_empty());
    let until = request.unsigned("max_timestamp_millis")?;
    let at_most = request.integer("max_traces")?;
    if at_most.is_some_and(|at_most| at_most <= 0) {
        return Err(ApiError::invalid(
            "parameter `max_traces` has to be a positive integer",
        ));
    }
    match (trace_ids, until, at_most) {
        (Some(_), None, Some(_)) => Err(ApiError::invalid(
            "parameter `max_traces` cannot be given together with `request_ids`",
        )),
        (Some(trace_ids), None, None) => {
            let keys = trace_ids
                .into_iter()
                .map(|text| caller.key(&TraceRef::of(text)));
            Ok(Doomed::Ids(keys.collect()))
        }
        (None, Some(millis), at_most) => Ok(Doomed::UpTo {
            until: last_nanosecond(millis),
            at_most: at_most.and_then(|at_most| usize::try_from(at_most).ok()),
        }),
        (Some(_), Some(_), _) | (None, None, _) => Err(ApiError::invalid(
            "exactly one of the parameters `request_ids` and `max_timestamp_millis` has to be given",
        )),
    }
}

/// The end of a millisecond: the bound is inclusive, for traces that began anywhere within it.
fn last_nanosecond(millis: u64) -> UnixNanos {
    UnixNanos(UnixNanos::from_millis(millis).0.saturating_add(999_999))
}
