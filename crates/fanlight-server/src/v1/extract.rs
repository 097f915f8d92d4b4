//! What a handler receives, and how it fails.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fanlight_api::ApiError;
use fanlight_api::v1::{Members, Refusal};
use fanlight_model::ErrorKind;

use crate::body::why_unfinished;
use crate::failure::v1_failure;

/// A failed request.
#[derive(Debug)]
pub(super) struct Failure(Refusal);

impl<E: Into<Refusal>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        v1_failure(&self.0)
    }
}

pub(super) type Answer<T> = Result<Json<T>, Failure>;

/// The members of a JSON body.
#[derive(Debug)]
pub(super) struct Body(pub(super) Members);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        // A browser sends other types across origins without asking first.
        let is_json = request
            .headers()
            .get(axum::http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Err(ApiError::invalid("the content type has to be application/json").into());
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| {
                if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    let message = "the request body is larger than `max_body_bytes` allows";
                    ApiError::new(ErrorKind::TooLarge, message)
                } else {
                    ApiError::invalid(why_unfinished(&rejection))
                }
            })?;
        Ok(Self(Members::from_body(&bytes)?))
    }
}

/// The parameters of the URL.
#[derive(Debug)]
pub(super) struct Params(pub(super) Members);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::invalid("the parameters of the URL cannot be read"))?;
        Ok(Self(Members::from_query(pairs)))
    }
}
