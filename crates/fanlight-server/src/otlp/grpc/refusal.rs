//! Failures in gRPC's words: a code that exporters retry only where that helps.

use fanlight_ingest::DecompressError;
use prost::Message;
use tonic::{Code, Status};

use super::super::messages::{RpcStatus, retry_after};
use crate::failure::{RETRY_SECONDS, log_failure};
use crate::intake::IntakeError;

/// The status of a call the intake refused. What may be sent again says when.
pub(super) fn refusal(error: IntakeError) -> Status {
    let error = error.into_api();
    log_failure(&error);
    let reply = error.reply();
    let code = i32::from(reply.grpc);
    if !reply.retry {
        return Status::new(Code::from_i32(code), error.message);
    }
    let details = RpcStatus {
        code,
        message: error.message.clone(),
        details: vec![retry_after(RETRY_SECONDS.into())],
    };
    let details = details.encode_to_vec().into();
    Status::with_details(Code::from_i32(code), error.message, details)
}

/// The status of a message tonic could not read, `limit` being the most it may unpack to.
///
/// Tonic's own codes will not do: exporters send a message again after `OUT_OF_RANGE` and `RESOURCE_EXHAUSTED`, its
/// codes for one that is too large, and `INTERNAL`, for one that is malformed, blames us.
pub(super) fn unreadable(status: &Status, limit: usize) -> Status {
    if is_too_large(status) {
        refusal(DecompressError::TooLarge { limit }.into())
    } else {
        let message = format!("the message could not be read: {}", status.message());
        Status::invalid_argument(message)
    }
}

/// Whether this is tonic's way of saying that the message does not fit.
pub(super) fn is_too_large(status: &Status) -> bool {
    matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted)
}
