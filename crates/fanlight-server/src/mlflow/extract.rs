//! What a handler receives: who asks, and the members of the request.

use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::Bytes;
use fanlight_api::ApiError;
use fanlight_api::mlflow::{Fields, TraceRef};
use fanlight_model::{ErrorKind, TraceKey, WorkspaceId};

use super::reply::Failure;
use crate::body::why_unfinished;

const WORKSPACE: &str = "x-mlflow-workspace";
pub(super) const DEFAULT_WORKSPACE: &str = "default";

/// In which workspace a request acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) workspace: WorkspaceId,
}

impl Caller {
    pub(super) fn key(self, trace: &TraceRef) -> TraceKey {
        TraceKey {
            workspace: self.workspace,
            trace: trace.id,
        }
    }

    /// The name of the workspace on the wire.
    #[expect(clippy::unused_self, reason = "there is one workspace so far")]
    pub(super) const fn workspace_name(self) -> &'static str {
        DEFAULT_WORKSPACE
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        match parts.headers.get(WORKSPACE).map(HeaderValue::as_bytes) {
            None | Some(b"" | b"default") => Ok(Self {
                workspace: WorkspaceId::DEFAULT,
            }),
            Some(_) => {
                let message = "header `X-MLFLOW-WORKSPACE` is given, but workspaces are not enabled on this server";
                Err(ApiError::invalid(message)
                    .with_mlflow_code("FEATURE_DISABLED")
                    .into())
            }
        }
    }
}

/// The members of a JSON body.
#[derive(Debug)]
pub(super) struct Body(pub(super) Fields);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        check_content_type(request.headers())?;
        let bytes = read_all(request, state).await?;
        Ok(Self(Fields::from_body(&bytes)))
    }
}

/// The whole body of a request, within the limit of the router.
pub(super) async fn read_all<S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::new(
                    ErrorKind::TooLarge,
                    "the request body is larger than `max_body_bytes` allows",
                )
            } else {
                ApiError::invalid(why_unfinished(&rejection))
            }
        })
}

fn check_content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let value = headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let value = value.unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let shown: String = media_type.chars().take(64).collect();
    Err(ApiError::invalid(format!(
        "invalid content type \"{shown}\": expected application/json"
    )))
}

/// The parameters of the URL.
#[derive(Debug)]
pub(super) struct Params(pub(super) Fields);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::invalid("the parameters of the URL cannot be read"))?;
        Ok(Self(Fields::from_query(pairs)))
    }
}

/// The body of a POST, or the URL parameters of a GET: some endpoints answer both.
#[derive(Debug)]
pub(super) struct Either(pub(super) Fields);

impl<S: Send + Sync> FromRequest<S> for Either {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if request.method() == axum::http::Method::GET {
            let (mut parts, _) = request.into_parts();
            let Params(fields) = Params::from_request_parts(&mut parts, state).await?;
            return Ok(Self(fields));
        }
        let Body(fields) = Body::from_request(request, state).await?;
        Ok(Self(fields))
    }
}
