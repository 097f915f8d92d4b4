//! `/api/v1`: Fanlight's own API, one request per screen. `docs/api.md` describes it.
//!
//! A handler parses with `fanlight_api::v1`, makes one call, and renders.

mod assessments;
mod experiments;
mod export;
mod extract;
mod import;
mod prices;
mod routes;
mod sessions;
mod sql;
mod stats;
mod trace_edits;
mod traces;
mod values;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use fanlight_api::ApiError;
use fanlight_api::v1::document;
use serde_json::json;

use crate::AppState;
use crate::compress::compress;
use routes::Routes;

pub(crate) const PREFIX: &str = "/api/v1/";

pub(crate) fn routes() -> Router<Arc<AppState>> {
    described()
        .router
        .route("/api/v1/{*rest}", axum::routing::any(unknown))
        .method_not_allowed_fallback(wrong_method)
        .layer(axum::middleware::from_fn(compress))
}

/// Everything `fanlight_api::v1::OPERATIONS` describes.
fn described() -> Routes {
    Routes::default()
        .get("/openapi.json", async || Json(document()))
        .post("/experiments/search", experiments::search)
        .post("/experiments", experiments::create)
        .get("/experiments/{experiment_id}", experiments::get)
        .patch("/experiments/{experiment_id}", experiments::change)
        .delete("/experiments/{experiment_id}", experiments::delete)
        .post("/experiments/{experiment_id}/restore", experiments::restore)
        .post("/traces/search", traces::search)
        .get("/traces/export", export::get)
        .post("/traces/export", export::post)
        .post("/traces/import", import::post)
        .post("/traces/tags", trace_edits::tags)
        .post("/traces/delete", trace_edits::delete)
        .get("/traces/{trace_id}", traces::get)
        .get("/traces/{trace_id}/tree", traces::tree)
        .post("/traces/{trace_id}/spans", traces::spans)
        .get("/traces/{trace_id}/hits", traces::hits)
        .post("/traces/{trace_id}/assessments", assessments::add)
        .delete(
            "/traces/{trace_id}/assessments/{assessment_id}",
            assessments::remove,
        )
        .post("/sessions/search", sessions::search)
        .get("/prices", prices::get)
        .put("/prices", prices::put)
        .delete("/prices", prices::delete)
        .post("/prices/reprice", prices::reprice)
        .get("/prices/reprice", prices::repricing)
        .get("/values", values::values)
        .get("/keys", values::keys)
        .post("/stats", stats::query)
        .post("/sql", sql::query)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fanlight_api::v1::OPERATIONS;

    use super::described;

    #[test]
    fn the_document_covers_every_route() {
        let described_there: BTreeSet<_> = OPERATIONS
            .iter()
            .map(|operation| (operation.method, operation.path))
            .collect();
        let answered_here: BTreeSet<_> = described().known.into_iter().collect();
        assert_eq!(described_there, answered_here);
    }
}
