//! What models cost.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fanlight_api::ApiError;
use fanlight_api::v1::{
    PriceTableView, PricesReply, Refusal, RepricingReply, parse_price_sheet, render_prices,
    render_repricing, render_table,
};
use fanlight_model::WorkspaceId;
use fanlight_query::QueryError;

use super::extract::{Body, Failure};
use crate::AppState;

/// `GET /api/v1/prices`.
pub(super) async fn get(State(state): State<Arc<AppState>>) -> Json<PricesReply> {
    let prices = state.engine.prices(WorkspaceId::DEFAULT).await;
    Json(render_prices(&prices))
}

/// `PUT /api/v1/prices`: for what arrives from now on.
pub(super) async fn put(
    State(state): State<Arc<AppState>>,
    Body(body): Body,
) -> Result<Json<PriceTableView>, Failure> {
    let sheet = parse_price_sheet(body)?;
    let table = state.engine.put_prices(WorkspaceId::DEFAULT, sheet).await;
    let table = table.map_err(|error| match error {
        QueryError::PriceTable { .. } => Refusal::at("prices", error.to_string()),
        error => error.into(),
    })?;
    Ok(Json(render_table(&table)))
}

/// `DELETE /api/v1/prices`.
pub(super) async fn delete(State(state): State<Arc<AppState>>) -> Result<StatusCode, Failure> {
    if state.engine.delete_prices(WorkspaceId::DEFAULT).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("the workspace has no price table of its own").into())
    }
}

/// `POST /api/v1/prices/reprice`: begins to price again what is kept.
pub(super) async fn reprice(
    State(state): State<Arc<AppState>>,
) -> Result<(StatusCode, Json<RepricingReply>), Failure> {
    state.engine.reprice(WorkspaceId::DEFAULT).await?;
    let status = state.engine.repricing(WorkspaceId::DEFAULT);
    Ok((StatusCode::ACCEPTED, Json(render_repricing(&status))))
}

/// `GET /api/v1/prices/reprice`.
pub(super) async fn repricing(State(state): State<Arc<AppState>>) -> Json<RepricingReply> {
    let status = state.engine.repricing(WorkspaceId::DEFAULT);
    Json(render_repricing(&status))
}
