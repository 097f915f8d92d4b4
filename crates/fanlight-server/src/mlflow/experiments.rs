//! Experiments.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fanlight_api::ApiError;
use fanlight_api::mlflow::experiments::{parse_new, parse_search, render};
use fanlight_api::mlflow::{Fields, ids};
use fanlight_catalog::ExperimentHead;
use fanlight_model::ExperimentId;
use serde_json::json;

use super::extract::{Body, Caller, Either, Params};
use super::reply::{Answer, done, page};
use crate::AppState;

/// `POST 2.0/experiments/create`.
pub(super) async fn create(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let new = parse_new(&request, caller.workspace)?;
    let experiment = state.engine.catalog().create_experiment(new).await?;
    Ok(Json(json!({"experiment_id": experiment.id.to_string()})))
}

/// `GET 2.0/experiments/get`: deleted ones too.
pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Answer {
    let id = own_experiment(&state, caller, &request).await?.id;
    let experiment = state.engine.catalog().get_experiment(id).await?;
    Ok(Json(
        json!({"experiment": render(&experiment, caller.workspace_name())}),
    ))
}

/// `GET 2.0/experiments/get-by-name`.
pub(super) async fn get_by_name(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Answer {
    let name = request.required_text("experiment_name")?;
    let experiment = state
        .engine
        .catalog()
        .get_experiment_by_name(caller.workspace, name)
        .await?;
    Ok(Json(
        json!({"experiment": render(&experiment, caller.workspace_name())}),
    ))
}

/// `GET` and `POST 2.0/experiments/search`.
pub(super) async fn search(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Either(request): Either,
) -> Answer {
    let search = parse_search(&request, caller.workspace)?;
    let found = state.engine.catalog().search_experiments(&search).await?;
    let items = found
        .items
        .iter()
        .map(|experiment| render(experiment, caller.workspace_name()));
    Ok(page("experiments", items.collect(), found.next))
}

/// `POST 2.0/experiments/update`.
pub(super) async fn rename(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let id = own_experiment(&state, caller, &request).await?.id;
    state
        .engine
        .catalog()
        .rename_experiment(id, request.required_text("new_name")?)
        .await?;
    Ok(done())
}

/// `POST 2.0/experiments/delete`.
pub(super) async fn delete(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let id = own_experiment(&state, caller, &request).await?.id;
    state.engine.catalog().delete_experiment(id).await?;
    Ok(done())
}

/// `POST 2.0/experiments/restore`.
pub(super) async fn restore(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let id = own_experiment(&state, caller, &request).await?.id;
    state.engine.catalog().restore_experiment(id).await?;
    Ok(done())
}

/// `POST 2.0/experiments/set-experiment-tag`.
pub(super) async fn set_tag(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let id = own_experiment(&state, caller, &request).await?.id;
    let value = request.text("value")?.unwrap_or_default();
    state
        .engine
        .catalog()
        .set_experiment_tag(id, request.required_text("key")?, value)
        .await?;
    Ok(done())
}

/// `POST 2.0/experiments/delete-experiment-tag`.
pub(super) async fn delete_tag(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let id = own_experiment(&state, caller, &request).await?.id;
    state
        .engine
        .catalog()
        .delete_experiment_tag(id, request.required_text("key")?)
        .await?;
    Ok(done())
}

/// The experiment a request names, if it is in the caller's workspace.
async fn own_experiment(
    state: &AppState,
    caller: Caller,
    request: &Fields,
) -> Result<ExperimentHead, ApiError> {
    let id = ids::experiment_id("experiment_id", request.required_text("experiment_id")?)?;
    experiment_head(state, caller, id).await
}

/// An experiment of the caller's workspace: one of another does not exist for the caller.
pub(super) async fn experiment_head(
    state: &AppState,
    caller: Caller,
    id: ExperimentId,
) -> Result<ExperimentHead, ApiError> {
    let head = state.engine.catalog().experiment_head(id).await?;
    if head.workspace == caller.workspace {
        Ok(head)
    } else {
        Err(ApiError::not_found(format!(
            "experiment {id} does not exist"
        )))
    }
}

/// An experiment that takes new things.
pub(super) async fn active_experiment(
    state: &AppState,
    caller: Caller,
    id: ExperimentId,
) -> Result<ExperimentHead, ApiError> {
    let head = experiment_head(state, caller, id).await?;
    if head.deleted {
        return Err(ApiError::invalid(format!(
            "experiment {id} is deleted; restore it first"
        )));
    }
    Ok(head)
}
