//! `/api/v1`: Fanlight's own API, one request per screen. `docs/api.md` describes it.
//!
//! A handler parses with `fanlight_api::v1`, makes one call, and renders.

mod export;
mod extract;
mod import;
mod prices;
mod sessions;
mod sql;
mod stats;
mod traces;
mod values;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use fanlight_api::ApiError;
use serde_json::json;

use crate::AppState;

pub(crate) const PREFIX: &str = "/api/v1/";

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/v1/traces/search", post(traces::search))
        .route("/api/v1/traces/export", get(export::get).post(export::post))
        .route("/api/v1/traces/import", post(import::post))
        .route("/api/v1/traces/{trace_id}", get(traces::get))
        .route("/api/v1/sessions/search", post(sessions::search))
        .route(
            "/api/v1/prices",
            get(prices::get).put(prices::put).delete(prices::delete),
        )
        .route(
            "/api/v1/prices/reprice",
            get(prices::repricing).post(prices::reprice),
        )
        .route("/api/v1/values", get(values::values))
        .route("/api/v1/keys", get(values::keys))
        .route("/api/v1/stats", post(stats::query))
        .route("/api/v1/sql", post(sql::query))
        .route("/api/v1/{*rest}", axum::routing::any(unknown))
        .method_not_allowed_fallback(wrong_method)
}

async fn unknown() -> extract::Failure {
    ApiError::not_found("there is no such path below /api/v1").into()
}

/// The reply's `Allow` header says which methods there are.
async fn wrong_method(method: Method) -> Response {
    let told: String = method.as_str().chars().take(32).collect();
    let error = json!({
        "code": "method_not_allowed",
        "message": format!("method {told} is not answered at this path"),
        "field": null,
    });
    (
        StatusCode::METHOD_NOT_ALLOWED,
        Json(json!({ "error": error })),
    )
        .into_response()
}
