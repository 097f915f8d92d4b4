//! Sessions and users.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fanlight_api::v1::{SessionsReply, parse_sessions, render_sessions};
use fanlight_model::WorkspaceId;

use super::extract::{Answer, Body};
use crate::AppState;

/// `POST /api/v1/sessions/search`.
pub(super) async fn search(
    State(state): State<Arc<AppState>>,
    Body(body): Body,
) -> Answer<SessionsReply> {
    let search = parse_sessions(body, WorkspaceId::DEFAULT)?;
    let page = state.engine.sessions(&search).await?;
    Ok(Json(render_sessions(&page)))
}
