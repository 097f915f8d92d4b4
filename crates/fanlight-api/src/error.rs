//! One error for every protocol, and the only table of status codes.

use std::error::Error;

use fanlight_model::ErrorKind;
use serde_json::{Value as Json, json};

/// A failed request: what to tell the caller, and privately why.
///
/// `message` goes into the reply, `cause` only into the log.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    pub kind: ErrorKind,
    /// MLflow's name of the failure where the one of `kind` is too coarse.
    pub mlflow_code: Option<&'static str>,
    pub message: String,
    #[source]
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

/// How a kind of error is spoken on each wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    pub http: u16,
    pub mlflow: &'static str,
    /// Sending the same request again later may help.
    pub retry: bool,
    /// Number of the gRPC status code.
    pub grpc: u8,
}

/// The only place that knows status codes.
///
/// OTLP exporters retry HTTP 429, 502, 503 and 504 and gRPC 1, 4, 10, 11, 14 and 15 (8 only with retry
/// information), and nothing else: a wrong row here loses data or makes a storm. That is why an
/// overloaded server says 14 over gRPC, and corrupt data is 13 rather than the apter 15.
pub const fn reply_for(kind: ErrorKind) -> Reply {
    let (http, mlflow, retry, grpc) = match kind {
        ErrorKind::InvalidInput => (400, "INVALID_PARAMETER_VALUE", false, 3),
        ErrorKind::NotFound => (404, "RESOURCE_DOES_NOT_EXIST", false, 5),
        // 400, not 409, is what MLflow's clients expect.
        ErrorKind::Conflict => (400, "RESOURCE_ALREADY_EXISTS", false, 6),
        ErrorKind::TooLarge => (413, "BAD_REQUEST", false, 3),
        ErrorKind::Overloaded => (429, "REQUEST_LIMIT_EXCEEDED", true, 14),
        ErrorKind::Unavailable => (503, "TEMPORARILY_UNAVAILABLE", true, 14),
        ErrorKind::Corrupt | ErrorKind::Internal => (500, "INTERNAL_ERROR", false, 13),
    };
    Reply {
        http,
        mlflow,
        retry,
        grpc,
    }
}

/// The two classification members of MLflow's error body, where it has them.
fn classify(mlflow_code: &str) -> Option<(&'static str, &'static str)> {
    Some(match mlflow_code {
        "INVALID_PARAMETER_VALUE" | "BAD_REQUEST" => ("KAM00", "INVALID_PARAMETER_VALUE"),
        "RESOURCE_ALREADY_EXISTS" => ("KAM00", "RESOURCE_ALREADY_EXISTS"),
        "RESOURCE_DOES_NOT_EXIST" | "NOT_FOUND" | "ENDPOINT_NOT_FOUND" => {
            ("KAM00", "RESOURCE_NOT_FOUND")
        }
        "UNAUTHENTICATED" | "CUSTOMER_UNAUTHORIZED" | "PERMISSION_DENIED" => {
            ("KAM00", "PERMISSION_DENIED")
        }
        "FEATURE_DISABLED" => ("KAM00", "FEATURE_DISABLED"),
        "INTERNAL_ERROR" | "INVALID_STATE" | "TEMPORARILY_UNAVAILABLE" => {
            ("XXM00", "CLIENT_INTERNAL_ERROR")
        }
        _ => return None,
    })
}

impl ApiError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            mlflow_code: None,
            message: message.into(),
            cause: None,
        }
    }

    /// The request is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// What was asked for does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// A failure the caller can do nothing about. The reply says no more than that; the log has `cause`.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::hidden(ErrorKind::Internal, cause.into())
    }

    /// Names the failure by another of MLflow's codes than the kind's own. The status stays the kind's.
    #[must_use]
    pub fn with_mlflow_code(mut self, code: &'static str) -> Self {
        self.mlflow_code = Some(code);
        self
    }

    pub fn reply(&self) -> Reply {
        let reply = reply_for(self.kind);
        Reply {
            mlflow: self.mlflow_code.unwrap_or(reply.mlflow),
            ..reply
        }
    }

    /// The body MLflow's clients and UI understand.
    pub fn mlflow_body(&self) -> Json {
        let code = self.reply().mlflow;
        let mut body = json!({"error_code": code, "message": self.message});
        if let Some((sqlstate, class)) = classify(code) {
            body["sqlstate"] = sqlstate.into();
            body["error_class"] = class.into();
        }
        body
    }

    fn hidden(kind: ErrorKind, cause: Box<dyn Error + Send + Sync>) -> Self {
        let message = match kind {
            ErrorKind::Corrupt => "stored data is damaged; the server's log says where",
            _ => "internal error; the server's log says more",
        };
        Self {
            kind,
            mlflow_code: None,
            message: message.to_owned(),
            cause: Some(cause),
        }
    }

    fn from_cause<E: Error + Send + Sync + 'static>(kind: ErrorKind, cause: E) -> Self {
        match kind {
            // These messages may name files and SQL: they are for the operator.
            ErrorKind::Corrupt | ErrorKind::Internal => Self::hidden(kind, Box::new(cause)),
            _ => {
                let message = cause.to_string();
                Self {
                    kind,
                    mlflow_code: None,
                    message,
                    cause: Some(Box::new(cause)),
                }
            }
        }
    }
}

impl From<fanlight_query::QueryError> for ApiError {
    fn from(error: fanlight_query::QueryError) -> Self {
        Self::from_cause(error.kind(), error)
    }
}

impl From<fanlight_query::filter::FilterError> for ApiError {
    fn from(error: fanlight_query::filter::FilterError) -> Self {
        Self::from_cause(ErrorKind::InvalidInput, error)
    }
}

impl From<fanlight_catalog::CatalogError> for ApiError {
    fn from(error: fanlight_catalog::CatalogError) -> Self {
        Self::from_cause(error.kind(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_mlflows_code_and_classification() {
        insta::assert_snapshot!(
            ApiError::invalid("unknown filter key `dur`").mlflow_body(),
            @r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"unknown filter key `dur`","sqlstate":"KAM00","error_class":"INVALID_PARAMETER_VALUE"}"#
        );
        insta::assert_snapshot!(
            ApiError::new(ErrorKind::Overloaded, "too busy").mlflow_body(),
            @r#"{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"too busy"}"#
        );
    }

    #[test]
    fn an_override_changes_the_code_and_not_the_status() {
        let error = ApiError::invalid("workspaces are off").with_mlflow_code("FEATURE_DISABLED");
        assert_eq!(error.reply().http, 400);
        assert_eq!(error.mlflow_body()["error_class"], "FEATURE_DISABLED");
    }

    #[test]
    fn an_internal_cause_stays_out_of_the_reply() {
        let error = ApiError::internal("disk 7 is on fire");
        assert_eq!(error.reply().http, 500);
        assert!(!error.mlflow_body().to_string().contains("fire"));
        assert_eq!(
            error.cause.map(|cause| cause.to_string()).as_deref(),
            Some("disk 7 is on fire")
        );
    }

    #[test]
    fn only_waiting_helps_against_retryable_kinds() {
        let retried = |kind| reply_for(kind).retry;
        assert!(retried(ErrorKind::Overloaded) && retried(ErrorKind::Unavailable));
        assert!(!retried(ErrorKind::Internal) && !retried(ErrorKind::Conflict));
    }
}
