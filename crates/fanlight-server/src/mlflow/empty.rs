//! Lists the web UI and clients ask for of things that do not exist here yet: honestly empty.

use std::sync::Arc;

use axum::Json;
use axum::routing::{MethodRouter, get, post};
use serde_json::{Value, json};

use super::Routes;
use crate::AppState;

pub(super) fn v2() -> Routes {
    Routes::new()
        .route("/logged-models/search", post(nothing))
        .route("/registered-models/search", get(nothing))
        .route("/model-versions/search", get(nothing))
        .route("/webhooks", get(nothing))
        // Outputs of runs are logged models, which are accepted and not kept.
        .route("/runs/outputs", post(nothing))
        .route("/runs/log-model", post(nothing))
}

pub(super) fn v3() -> Routes {
    Routes::new()
        .route("/datasets/search", post(nothing))
        .route("/scorers/list", get(nothing))
        .route("/scorers/online-configs", get(nothing))
        .route("/issues/search", with(|| json!({"next_page_token": ""})))
        .route(
            "/label-schemas/list",
            with(|| json!({"next_page_token": ""})),
        )
        .route(
            "/review-queues/list",
            with(|| json!({"next_page_token": ""})),
        )
        .route(
            "/review-queues/items/list",
            with(|| json!({"next_page_token": ""})),
        )
        .route("/gateway/endpoints/list", get(nothing))
        .route("/gateway/endpoints/bindings/list", get(nothing))
        .route("/gateway/secrets/list", get(nothing))
        .route("/gateway/model-definitions/list", get(nothing))
}

pub(super) fn for_the_ui() -> Routes {
    Routes::new()
        .route(
            "/3.0/mlflow/assistant/config",
            with(|| json!({"providers": {}, "projects": {}, "remote_access_allowed": false})),
        )
        .route(
            "/3.0/mlflow/assistant/providers",
            with(|| json!({"providers": []})),
        )
        .route(
            "/3.0/mlflow/mcp-servers",
            with(|| json!({"mcp_servers": [], "next_page_token": null})),
        )
        .route(
            "/3.0/mlflow/gateway/secrets/config",
            with(|| json!({"secrets_available": false, "using_default_passphrase": true})),
        )
        .route(
            "/2.0/mlflow/gateway-proxy",
            with(|| json!({"endpoints": []})),
        )
}

async fn nothing() -> Json<Value> {
    Json(json!({}))
}

/// A fixed answer to a GET or a POST.
fn with(answer: fn() -> Value) -> MethodRouter<Arc<AppState>> {
    get(move || async move { Json(answer()) }).post(move || async move { Json(answer()) })
}
