//! How a failed request is answered and logged, for every route.

use std::error::Error;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use fanlight_api::ApiError;
use fanlight_api::v1::Refusal;
use fanlight_model::ErrorKind;
use serde_json::Value as Json;

use crate::v1;

/// What callers are told to wait when waiting helps. An overloaded store seals a segment in about that time.
pub(crate) const RETRY_SECONDS: u16 = 1;

/// The failure in MLflow's JSON, logged where somebody should know.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a failure is answered once: the caller is done with it"
)]
pub(crate) fn mlflow_failure(error: ApiError) -> Response {
    log_failure(&error);
    respond(&error, &error.mlflow_body())
}

/// The failure in the JSON of `/api/v1`, logged likewise.
pub(crate) fn v1_failure(refusal: &Refusal) -> Response {
    log_failure(&refusal.error);
    respond(&refusal.error, &refusal.body())
}

/// The failure in the language of the API below which `path` lies.
pub(crate) fn failure_below(path: &str, error: ApiError) -> Response {
    if path.starts_with(v1::PREFIX) {
        v1_failure(&error.into())
    } else {
        mlflow_failure(error)
    }
}

fn respond(error: &ApiError, body: &Json) -> Response {
    let reply = error.reply();
    let status = StatusCode::from_u16(reply.http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = body.to_string();
    let mut response = (status, [(CONTENT_TYPE, "application/json")], body).into_response();
    if reply.retry {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
    }
    response
}

/// Logs what an operator should know, once, with its whole chain of causes. The caller's own mistakes are the caller's
/// to read: their messages quote what was sent, and that is not for the log.
pub(crate) fn log_failure(error: &ApiError) {
    match error.kind {
        ErrorKind::Corrupt | ErrorKind::Internal => {
            tracing::error!(kind = ?error.kind, "{}", chain(error));
        }
        ErrorKind::Unavailable => tracing::warn!(kind = ?error.kind, "{}", chain(error)),
        ErrorKind::Overloaded => {
            tracing::warn!(kind = ?error.kind, "refused a request: {}", error.message);
        }
        ErrorKind::InvalidInput
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::TooLarge => {
            tracing::debug!(kind = ?error.kind, "refused a request");
        }
    }
}

fn chain(error: &ApiError) -> String {
    let mut text = error.message.clone();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if said != text {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retryable_failure_says_when() {
        let response = mlflow_failure(ApiError::new(
            ErrorKind::Unavailable,
            "the store is shutting down",
        ));
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
        assert!(
            !mlflow_failure(ApiError::invalid("no"))
                .headers()
                .contains_key("retry-after")
        );
    }

    #[test]
    fn the_log_has_the_whole_chain_of_causes() {
        let cause = std::io::Error::other("disk is gone");
        assert_eq!(
            chain(&ApiError::internal(cause)),
            "internal error; the server's log says more: disk is gone"
        );
    }
}
