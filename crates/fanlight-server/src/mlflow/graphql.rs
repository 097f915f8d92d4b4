//! The few GraphQL operations of the web UI, answered by name. The query text is not read: the
//! replies have every field the UI knows to ask for.

mod render;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fanlight_api::ApiError;
use fanlight_api::mlflow::Fields;
use fanlight_api::mlflow::runs::{parse_search, run_id};
use fanlight_api::mlflow::{experiments, ids};
use serde_json::{Value, json};

use super::experiments::experiment_head;
use super::extract::{Body, Caller};
use super::reply::Answer;
use super::runs::{bulk_history, own_run};
use crate::AppState;

/// `POST /graphql`.
pub(super) async fn answer(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let operation = request.text("operationName")?.unwrap_or_default();
    let variables = request
        .object("variables")?
        .unwrap_or_else(|| Fields::from_body(b"{}"));
    let input = match variables.object("input")? {
        Some(input) => input,
        None => variables
            .object("data")?
            .unwrap_or_else(|| Fields::from_body(b"{}")),
    };
    let (field, found) = match operation {
        "MlflowGetExperimentQuery" => (
            "mlflowGetExperiment",
            get_experiment(&state, caller, &input).await,
        ),
        "GetRun" => ("mlflowGetRun", get_run(&state, caller, &input).await),
        "SearchRuns" => (
            "mlflowSearchRuns",
            search_runs(&state, caller, &input).await,
        ),
        "GetMetricHistoryBulkInterval" => (
            "mlflowGetMetricHistoryBulkInterval",
            metric_history(&state, caller, &input).await,
        ),
        other => {
            let shown: String = other.chars().take(64).collect();
            return Err(ApiError::invalid(format!("unknown GraphQL operation \"{shown}\"")).into());
        }
    };
    Ok(Json(reply(field, found)))
}

/// Errors are answered with 200 and as plain texts: that is what the UI reads.
fn reply(field: &str, found: Result<Value, ApiError>) -> Value {
    match found {
        Ok(found) => json!({"data": {field: found}, "errors": null}),
        Err(error) => {
            crate::failure::log_failure(&error);
            json!({"data": {field: null}, "errors": [error.message]})
        }
    }
}

async fn get_experiment(
    state: &AppState,
    caller: Caller,
    input: &Fields,
) -> Result<Value, ApiError> {
    let id = ids::experiment_id("experimentId", input.required_text("experiment_id")?)?;
    experiment_head(state, caller, id).await?;
    let experiment = state.engine.catalog().get_experiment(id).await?;
    Ok(render::experiment_response(&experiments::render(
        &experiment,
        caller.workspace_name(),
    )))
}

async fn get_run(state: &AppState, caller: Caller, input: &Fields) -> Result<Value, ApiError> {
    let run = own_run(state, caller, run_id(input)?).await?;
    let experiment = state
        .engine
        .catalog()
        .get_experiment(run.info.experiment)
        .await?;
    let experiment = experiments::render(&experiment, caller.workspace_name());
    Ok(render::run_response(
        &fanlight_api::mlflow::runs::render(&run),
        &experiment,
    ))
}

async fn search_runs(state: &AppState, caller: Caller, input: &Fields) -> Result<Value, ApiError> {
    let search = parse_search(input, caller.workspace)?;
    let found = state.engine.catalog().search_runs(&search).await?;
    let runs = found.items.iter().map(fanlight_api::mlflow::runs::render);
    Ok(render::runs_response(runs, found.next.as_deref()))
}

async fn metric_history(
    state: &AppState,
    caller: Caller,
    input: &Fields,
) -> Result<Value, ApiError> {
    let runs = input.required_texts("run_ids")?;
    let values = bulk_history(state, caller, &runs, input, "metric_key").await?;
    Ok(render::metrics_response(&values))
}
