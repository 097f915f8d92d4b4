//! The one shape of every failure below `/api/v1`.

use fanlight_model::ErrorKind;
use serde_json::{Value as Json, json};

use super::schema::shape;
use crate::ApiError;

shape! {
    /// Every failure.
    ErrorReply {
        error: ErrorView,
    }
}

shape! {
    /// What went wrong, and where.
    ErrorView {
        /// `invalid_input`, `not_found`, `conflict`, `too_large`, `overloaded`, `unavailable`, `corrupt` or `internal`.
        code: String,
        message: String,
        /// Path of what was wrong.
        field: Option<String>,
    }
}

/// A failed request, and which part of it was wrong.
#[derive(Debug)]
pub struct Refusal {
    pub error: ApiError,
    /// Path of the member or parameter: `facets[1].property`.
    pub field: Option<String>,
}

impl Refusal {
    /// The request is wrong at `field`.
    pub fn at(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            error: ApiError::invalid(message),
            field: Some(field.into()),
        }
    }

    /// Says where `error` was found.
    pub fn wrap(field: &str, error: impl Into<ApiError>) -> Self {
        Self {
            error: error.into(),
            field: Some(field.to_owned()),
        }
    }

    /// `{"error": {"code", "message", "field"}}`
    pub fn body(&self) -> Json {
        json!({"error": {"code": code(self.error.kind), "message": self.error.message, "field": self.field}})
    }
}

impl<E: Into<ApiError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            field: None,
        }
    }
}

const fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "invalid_input",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Conflict => "conflict",
        ErrorKind::TooLarge => "too_large",
        ErrorKind::Overloaded => "overloaded",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Corrupt => "corrupt",
        ErrorKind::Internal => "internal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_code_message_and_field() {
        insta::assert_snapshot!(
            Refusal::at("limit", "at most 500").body(),
            @r#"{"error":{"code":"invalid_input","message":"at most 500","field":"limit"}}"#
        );
        insta::assert_snapshot!(
            Refusal::from(ApiError::new(ErrorKind::Overloaded, "too busy")).body(),
            @r#"{"error":{"code":"overloaded","message":"too busy","field":null}}"#
        );
    }
}
