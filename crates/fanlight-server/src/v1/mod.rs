//! `/api/v1`: Fanlight's own API, one request per screen. `docs/api.md` describes it.
//!
//! A handler parses with `fanlight_api::v1`, makes one call, and renders.

mod extract;
mod sessions;
mod sql;
mod stats;
mod traces;
mod values;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use fanlight_api::ApiError;

use crate::AppState;

pub(crate) const PREFIX: &str = "/api/v1/";

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/v1/traces/search", post(traces::search))
        .route("/api/v1/traces/{trace_id}", get(traces::get))
        .route("/api/v1/sessions/search", post(sessions::search))
        .route("/api/v1/values", get(values::values))
        .route("/api/v1/keys", get(values::keys))
        .route("/api/v1/stats", post(stats::query))
        .route("/api/v1/sql", post(sql::query))
        .route("/api/v1/{*rest}", axum::routing::any(unknown))
}

async fn unknown() -> extract::Failure {
    ApiError::not_found("there is no such path below /api/v1").into()
}
