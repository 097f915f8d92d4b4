//! Runs: what an evaluation or training logs beside its traces.

mod history;
mod log;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fanlight_api::ApiError;
use fanlight_api::mlflow::runs::{
    parse_new, parse_search, parse_update, render, render_info, run_id,
};
use fanlight_api::mlflow::{Fields, ids};
use fanlight_catalog::Run;
use serde_json::{Value, json};

use super::experiments::active_experiment;
use super::extract::{Body, Caller, Params};
use super::reply::{Answer, done, page};
use crate::AppState;

pub(super) use history::{bulk_history, bulk_metric_history, metric_history};
pub(super) use log::{delete_tag, log_batch, log_inputs, log_metric, log_param, set_tag};

/// `POST 2.0/runs/create`.
pub(super) async fn create(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let new = parse_new(&request)?;
    active_experiment(&state, caller, new.experiment).await?;
    let run = state.engine.catalog().create_run(new).await?;
    Ok(Json(json!({"run": render(&run)})))
}

/// `GET 2.0/runs/get`: deleted ones too.
pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Answer {
    let run = own_run(&state, caller, run_id(&request)?).await?;
    Ok(Json(json!({"run": render(&run)})))
}

/// `POST 2.0/runs/update`.
pub(super) async fn update(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let id = own_run(&state, caller, run_id(&request)?).await?.info.id;
    let info = state
        .engine
        .catalog()
        .update_run(&id, parse_update(&request)?)
        .await?;
    Ok(Json(json!({"run_info": render_info(&info)})))
}

/// `POST 2.0/runs/search`.
pub(super) async fn search(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let search = parse_search(&request, caller.workspace)?;
    let found = state.engine.catalog().search_runs(&search).await?;
    Ok(page(
        "runs",
        found.items.iter().map(render).collect(),
        found.next,
    ))
}

/// `POST 2.0/runs/delete`.
pub(super) async fn delete(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let id = own_run(&state, caller, run_id(&request)?).await?.info.id;
    state.engine.catalog().delete_run(&id).await?;
    Ok(done())
}

/// `POST 2.0/runs/restore`.
pub(super) async fn restore(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let id = own_run(&state, caller, run_id(&request)?).await?.info.id;
    state.engine.catalog().restore_run(&id).await?;
    Ok(done())
}

/// `POST ajax 2.0/experiments/search-datasets`.
pub(super) async fn search_datasets(
    State(state): State<Arc<AppState>>,
    _caller: Caller,
    Body(request): Body,
) -> Answer {
    let experiments = experiment_ids(&request)?;
    let found = state.engine.catalog().search_datasets(&experiments).await?;
    let items = found.iter().map(|dataset| {
        let mut item = json!({
            "experiment_id": dataset.experiment.to_string(),
            "name": dataset.name,
            "digest": dataset.digest,
        });
        if let Some(context) = &dataset.context {
            item["context"] = Value::from(context.as_str());
        }
        item
    });
    Ok(page("dataset_summaries", items.collect(), None))
}

fn experiment_ids(request: &Fields) -> Result<Vec<fanlight_model::ExperimentId>, ApiError> {
    let texts = request.required_texts("experiment_ids")?;
    texts
        .into_iter()
        .map(|id| ids::experiment_id("experiment_ids", id))
        .collect()
}

/// A run of the caller's workspace: one of another does not exist for the caller.
pub(super) async fn own_run(state: &AppState, caller: Caller, id: &str) -> Result<Run, ApiError> {
    let run = state.engine.catalog().get_run(id).await?;
    if run.info.workspace == caller.workspace {
        Ok(run)
    } else {
        Err(ApiError::not_found(format!("run `{id}` does not exist")))
    }
}
