//! Experiments, with what happens in them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use fanlight_api::ApiError;
use fanlight_api::v1::{
    ExperimentChange, ExperimentView, ExperimentsReply, ExperimentsSearch, Refusal,
    parse_new_experiment,
};
use fanlight_catalog::Experiment;
use fanlight_model::{ExperimentId, WorkspaceId};

use super::extract::{Answer, Body, Failure};
use crate::AppState;

/// `POST /api/v1/experiments/search`: one page and all its counts at once.
pub(super) async fn search(
    State(state): State<Arc<AppState>>,
    Body(body): Body,
) -> Answer<ExperimentsReply> {
    let ExperimentsSearch(search) = ExperimentsSearch::parse(body, WorkspaceId::DEFAULT)?;
    let page = state.engine.catalog().search_experiments(&search).await?;
    let ids = page.items.iter().map(|experiment| experiment.id).collect();
    let activity = state.engine.activity(WorkspaceId::DEFAULT, ids).await?;
    let views = page.items.into_iter().map(|experiment| {
        let known = activity.get(&experiment.id).copied().unwrap_or_default();
        ExperimentView::new(experiment, known)
    });
    Ok(Json(ExperimentsReply {
        experiments: views.collect(),
        next_page_token: page.next,
    }))
}

/// `POST /api/v1/experiments`.
pub(super) async fn create(
    State(state): State<Arc<AppState>>,
    Body(body): Body,
) -> Answer<ExperimentView> {
    let new = parse_new_experiment(body, WorkspaceId::DEFAULT)?;
    let made = state.engine.catalog().create_experiment(new).await?;
    view(&state, made).await
}

/// `GET /api/v1/experiments/{id}`: a deleted one, too.
pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Answer<ExperimentView> {
    let experiment = existing(&state, &id).await?;
    view(&state, experiment).await
}

/// `PATCH /api/v1/experiments/{id}`.
pub(super) async fn change(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    Body(body): Body,
) -> Answer<ExperimentView> {
    let id = existing(&state, &id).await?.id;
    let change = ExperimentChange::parse(body)?;
    let catalog = state.engine.catalog();
    if let Some(name) = &change.name {
        let renamed = catalog.rename_experiment(id, name).await;
        renamed.map_err(|error| Refusal::wrap("name", error))?;
    }
    for (key, value) in &change.set_tags {
        let set = catalog.set_experiment_tag(id, key, value).await;
        set.map_err(|error| Refusal::wrap("set_tags", error))?;
    }
    for key in &change.remove_tags {
        let removed = catalog.delete_experiment_tag(id, key).await;
        removed.map_err(|error| Refusal::wrap("remove_tags", error))?;
    }
    view(&state, catalog.get_experiment(id).await?).await
}

/// `DELETE /api/v1/experiments/{id}`: hides it with everything in it.
pub(super) async fn delete(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Answer<ExperimentView> {
    let id = existing(&state, &id).await?.id;
    state.engine.catalog().delete_experiment(id).await?;
    view(&state, state.engine.catalog().get_experiment(id).await?).await
}

/// `POST /api/v1/experiments/{id}/restore`.
pub(super) async fn restore(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Answer<ExperimentView> {
    let id = existing(&state, &id).await?.id;
    state.engine.catalog().restore_experiment(id).await?;
    view(&state, state.engine.catalog().get_experiment(id).await?).await
}

async fn existing(state: &AppState, id: &str) -> Result<Experiment, Failure> {
    let shown: String = id.chars().take(64).collect();
    let unknown = || ApiError::not_found(format!("experiment `{shown}` does not exist"));
    let id: ExperimentId = id.parse().map_err(|_| unknown())?;
    let found = state.engine.catalog().get_experiment(id).await?;
    if found.workspace == WorkspaceId::DEFAULT {
        Ok(found)
    } else {
        Err(unknown().into())
    }
}

async fn view(state: &AppState, experiment: Experiment) -> Answer<ExperimentView> {
    let ids = vec![experiment.id];
    let activity = state.engine.activity(WorkspaceId::DEFAULT, ids).await?;
    let known = activity.get(&experiment.id).copied().unwrap_or_default();
    Ok(Json(ExperimentView::new(experiment, known)))
}
