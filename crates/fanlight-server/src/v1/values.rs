//! Completion.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fanlight_api::v1::{Completion, ValuesReply, render_values};
use fanlight_model::WorkspaceId;

use super::extract::{Answer, Params};
use crate::AppState;

/// `GET /api/v1/values`.
pub(super) async fn values(
    State(state): State<Arc<AppState>>,
    Params(query): Params,
) -> Answer<ValuesReply> {
    let asked = Completion::parse_values(query, WorkspaceId::DEFAULT)?;
    let found = state
        .engine
        .values(asked.scope, asked.of, asked.prefix, asked.limit);
    Ok(Json(render_values(found.await?)))
}

/// `GET /api/v1/keys`.
pub(super) async fn keys(
    State(state): State<Arc<AppState>>,
    Params(query): Params,
) -> Answer<ValuesReply> {
    let asked = Completion::parse_keys(query, WorkspaceId::DEFAULT)?;
    let found = state
        .engine
        .keys(asked.scope, asked.of, asked.prefix, asked.limit);
    Ok(Json(render_values(found.await?)))
}
