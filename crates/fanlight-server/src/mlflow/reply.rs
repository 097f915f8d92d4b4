//! How the handlers here answer.

use axum::Json;
use axum::response::{IntoResponse, Response};
use fanlight_api::ApiError;
use serde_json::{Map, Value};

use crate::failure::mlflow_failure;

/// A failed request, answered in MLflow's JSON.
#[derive(Debug)]
pub(super) struct Failure(pub(super) ApiError);

impl<E: Into<ApiError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        mlflow_failure(self.0)
    }
}

pub(super) type Answer = Result<Json<Value>, Failure>;

/// Success with nothing to say.
pub(super) fn done() -> Json<Value> {
    Json(Value::Object(Map::new()))
}

/// One page of a list. An empty list and an absent token are left out.
pub(super) fn page(name: &str, items: Vec<Value>, next: Option<String>) -> Json<Value> {
    let mut members = Map::new();
    if !items.is_empty() {
        members.insert(name.to_owned(), items.into());
    }
    if let Some(token) = next {
        members.insert("next_page_token".to_owned(), token.into());
    }
    Json(Value::Object(members))
}
