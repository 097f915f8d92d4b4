//! Why a request, or one span of it, was refused.

use fanlight_model::ErrorKind;

/// Why a request was refused as a whole.
///
/// The parsers' explanations are part of the message: they name the place of the sender's mistake.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("body holds no spans")]
    NoSpans,
    #[error("body is not OTLP protobuf: {detail}")]
    Protobuf { detail: String },
    #[error("body is not OTLP/JSON: {detail}")]
    Json { detail: String },
    #[error("request has more than {limit} spans: send them in several requests")]
    TooManySpans { limit: usize },
    #[error("request has more than {limit} log records: send them in several requests")]
    TooManyLogRecords { limit: usize },
    #[error(
        "attribute `{key}` of span {index} has {chars} characters; a session id may have {limit}"
    )]
    SessionTooLong {
        index: usize,
        key: &'static str,
        chars: usize,
        limit: usize,
    },
    #[error("traces document is not valid: {detail}")]
    TracesDocument { detail: String },
    #[error("span {index} of the traces document: {detail}")]
    TracesDocumentSpan { index: usize, detail: String },
}

impl DecodeError {
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::TooManySpans { .. } | Self::TooManyLogRecords { .. } => ErrorKind::TooLarge,
            Self::NoSpans
            | Self::Protobuf { .. }
            | Self::Json { .. }
            | Self::SessionTooLong { .. }
            | Self::TracesDocument { .. }
            | Self::TracesDocumentSpan { .. } => ErrorKind::InvalidInput,
        }
    }

    pub(crate) fn protobuf(cause: &prost::DecodeError) -> Self {
        Self::Protobuf {
            detail: cut(&cause.to_string()).to_owned(),
        }
    }

    pub(crate) fn json(cause: &serde_json::Error) -> Self {
        Self::Json {
            detail: cut(&cause.to_string()).to_owned(),
        }
    }
}

/// A span that was refused while the rest of its request was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Position over all spans of the request, from 0.
    pub index: usize,
    pub reason: RejectReason,
}

impl std::fmt::Display for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "span {}: {}", self.index, self.reason)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RejectReason {
    #[error("{field} is empty")]
    EmptyId { field: &'static str },
    #[error("{field} has {found} bytes, expected {expected}")]
    IdLength {
        field: &'static str,
        expected: usize,
        found: usize,
    },
    #[error("{field} is all zero")]
    ZeroId { field: &'static str },
    #[error("{found} {what}, at most {limit} are accepted")]
    TooMany {
        what: &'static str,
        found: usize,
        limit: usize,
    },
    #[error("attribute `{key}` is nested deeper than {limit} levels")]
    TooDeep { key: String, limit: usize },
}

/// The beginning of a text from outside, short enough for an error message.
pub(crate) fn cut(text: &str) -> &str {
    const MAX_BYTES: usize = 200;
    &text[..text.floor_char_boundary(MAX_BYTES)]
}
