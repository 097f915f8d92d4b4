//! Replies on the wire: what OTLP answers to an export, and Google's error message, which OTLP borrows.

use fanlight_ingest::Rejected;
use prost::Message;
use serde_json::{Value as Json, json};

/// Refused spans named in a reply; the rest is counted.
const NAMED_REJECTIONS: usize = 10;

/// `ExportTraceServiceResponse` and `ExportLogsServiceResponse`, which have the same fields.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ExportReply {
    #[prost(message, optional, tag = "1")]
    pub(super) partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PartialSuccess {
    #[prost(int64, tag = "1")]
    pub(super) rejected: i64,
    #[prost(string, tag = "2")]
    pub(super) error_message: String,
}

impl ExportReply {
    /// Mentions rejections only when there are any, as OTLP asks.
    pub(super) fn to_traces(rejected: &[Rejected]) -> Self {
        if rejected.is_empty() {
            return Self::default();
        }
        let mut reasons: Vec<String> = rejected
            .iter()
            .take(NAMED_REJECTIONS)
            .map(ToString::to_string)
            .collect();
        if rejected.len() > NAMED_REJECTIONS {
            reasons.push(format!("and {} more", rejected.len() - NAMED_REJECTIONS));
        }
        let count = i64::try_from(rejected.len()).unwrap_or(i64::MAX);
        Self {
            partial_success: Some(PartialSuccess {
                rejected: count,
                error_message: reasons.join("; "),
            }),
        }
    }

    /// The JSON form for traces. 64-bit integers are text in it.
    pub(super) fn json(&self) -> Json {
        match &self.partial_success {
            None => json!({}),
            Some(partial) => json!({"partialSuccess": {
                "rejectedSpans": partial.rejected.to_string(),
                "errorMessage": partial.error_message,
            }}),
        }
    }
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<RetryDelay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
struct RetryDelay {
    #[prost(int64, tag = "1")]
    seconds: i64,
}

/// "Send the same again after so many seconds", as exporters look for it.
pub(super) fn retry_after(seconds: i64) -> Any {
    let info = RetryInfo {
        retry_delay: Some(RetryDelay { seconds }),
    };
    Any {
        type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
        value: info.encode_to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use fanlight_ingest::RejectReason;

    use super::*;

    fn rejections(count: usize) -> Vec<Rejected> {
        (0..count)
            .map(|index| Rejected {
                index,
                reason: RejectReason::ZeroId { field: "span id" },
            })
            .collect()
    }

    #[test]
    fn full_success_says_nothing() {
        let reply = ExportReply::to_traces(&[]);
        assert_eq!(reply.encode_to_vec(), b"");
        assert_eq!(reply.json().to_string(), "{}");
    }

    #[test]
    fn a_rejection_has_its_place_and_reason() {
        insta::assert_snapshot!(
            ExportReply::to_traces(&rejections(1)).json(),
            @r#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"span 0: span id is all zero"}}"#
        );
    }

    #[test]
    fn many_rejections_are_counted() {
        let reply = ExportReply::to_traces(&rejections(12))
            .partial_success
            .unwrap();
        assert_eq!(reply.rejected, 12);
        assert!(
            reply
                .error_message
                .ends_with("; span 9: span id is all zero; and 2 more")
        );
    }
}
