//! Figures for dashboards.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use fanlight_api::v1::{StatsQuery, StatsReply, render_stats};
use fanlight_model::WorkspaceId;

use super::extract::{Answer, Body};
use crate::AppState;

/// Figures of a filter no index answers are worth waiting for, but not long.
const PATIENCE: Duration = Duration::from_secs(2);

/// `POST /api/v1/stats`.
pub(super) async fn query(
    State(state): State<Arc<AppState>>,
    Body(body): Body,
) -> Answer<StatsReply> {
    let query = StatsQuery::parse(body, WorkspaceId::DEFAULT)?;
    let request = query.request();
    let figures = state.engine.stats(&query.search, request, PATIENCE);
    Ok(Json(render_stats(&query, figures.await?)))
}
