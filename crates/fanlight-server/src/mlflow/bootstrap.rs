//! What clients and the web UI ask before anything else.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The MLflow version whose API this is. Clients turn features on and off by it.
const MLFLOW_VERSION: &str = "3.17.2";

/// `GET /version`.
pub(super) async fn version() -> &'static str {
    MLFLOW_VERSION
}

/// `GET /health`.
pub(super) async fn health() -> &'static str {
    "OK"
}

/// `GET 3.0/server-info`: answers in every workspace.
pub(super) async fn server_info() -> Json<Value> {
    Json(json!({
        "store_type": "SqlStore",
        "workspaces_enabled": false,
        "trace_archival_enabled": false,
        "multipart_uploads_enabled": false,
        "multipart_downloads_enabled": false,
        "presigned_upload_run_id_supported": false,
        "presigned_upload_model_id_supported": false,
        // Hides the pages of a gateway that is not here.
        "features_enabled": {"gateway": false},
    }))
}

/// `3.0/workspaces*` while workspaces are not enabled.
pub(super) async fn workspaces() -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "workspaces are not enabled on this server\n",
    )
        .into_response()
}

/// `GET ajax 3.0/ui-telemetry`: asks the UI to keep what its user does to itself.
pub(super) async fn ui_telemetry() -> Json<Value> {
    Json(json!({"disable_ui_events": [], "disable_ui_telemetry": true, "ui_rollout_percentage": 0}))
}

/// `POST ajax 3.0/ui-telemetry`: accepted and dropped.
pub(super) async fn ui_events() -> Json<Value> {
    Json(json!({"status": "success"}))
}
