//! Every value a metric had.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fanlight_api::ApiError;
use fanlight_api::mlflow::Fields;
use fanlight_api::mlflow::runs::{render_metric, run_id};
use serde_json::{Value, json};

use super::own_run;
use crate::AppState;
use crate::mlflow::extract::{Caller, Params};
use crate::mlflow::reply::{Answer, page};

const MAX_VALUES: usize = 25_000;
/// Runs whose metric may be drawn at once.
const MAX_RUNS: usize = 100;

/// `GET 2.0/metrics/get-history`.
pub(in crate::mlflow) async fn metric_history(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Answer {
    let key = request.required_text("metric_key")?;
    let limit = request.page_size("max_results", MAX_VALUES, MAX_VALUES)?;
    let token = request.text("page_token")?;
    let id = own_run(&state, caller, run_id(&request)?).await?.info.id;
    let found = state
        .engine
        .catalog()
        .metric_history(&id, key, limit, token)
        .await?;
    // Clients ask for everything at once and loop while there is a token: only a cut list has one.
    let next = found.next.filter(|_| found.items.len() >= limit);
    Ok(page(
        "metrics",
        found.items.iter().map(render_metric).collect(),
        next,
    ))
}

/// `GET ajax 2.0/metrics/get-history-bulk-interval`.
pub(in crate::mlflow) async fn bulk_metric_history(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Answer {
    let runs = request.required_texts("run_ids")?;
    let values = bulk_history(&state, caller, &runs, &request, "metric_key").await?;
    Ok(Json(json!({"metrics": values})))
}

/// The values of one metric of several runs, within a range of steps; each says its run.
pub(in crate::mlflow) async fn bulk_history(
    state: &AppState,
    caller: Caller,
    runs: &[&str],
    request: &Fields,
    key_name: &str,
) -> Result<Vec<Value>, ApiError> {
    if runs.len() > MAX_RUNS {
        return Err(ApiError::invalid(format!(
            "{} runs in one request; the limit is {MAX_RUNS}",
            runs.len()
        )));
    }
    let key = request.required_text(key_name)?;
    let first = request.integer("start_step")?.unwrap_or(i64::MIN);
    let last = request.integer("end_step")?.unwrap_or(i64::MAX);
    let limit = request.page_size("max_results", 2500, MAX_VALUES)?;
    let mut values = Vec::new();
    for run in runs {
        let id = own_run(state, caller, run).await?.info.id;
        let found = state
            .engine
            .catalog()
            .metric_history(&id, key, MAX_VALUES, None)
            .await?;
        let within: Vec<_> = found
            .items
            .iter()
            .filter(|value| (first..=last).contains(&value.step))
            .collect();
        // Too many to draw: every n-th one, the shape of the curve stays.
        let stride = within.len().div_ceil(limit).max(1);
        values.extend(within.into_iter().step_by(stride).map(|metric| {
            let mut value = render_metric(metric);
            value["run_id"] = id.as_str().into();
            value
        }));
    }
    Ok(values)
}
