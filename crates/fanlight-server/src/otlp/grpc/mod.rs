//! OTLP/gRPC: the `Export` calls of the trace and logs services, spoken by tonic.
//!
//! A body is read as over HTTP, within the same limit and budget, before tonic unframes and decompresses it; and tonic
//! gets no more room for that than is reserved. The message then goes the way of every other. Start with `export`.

mod call;
mod codec;
mod refusal;
mod room;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use tonic::Status;

use crate::intake::Intake;
use call::{Call, Signal, ran_out};
use refusal::refusal;
use room::Room;

pub(super) const TRACES_PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
pub(super) const LOGS_PATH: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
pub(super) const METRICS_PATH: &str =
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

pub(super) async fn export_traces(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    export(&intake, Signal::Traces, request)
        .await
        .unwrap_or_else(Status::into_http)
}

pub(super) async fn export_logs(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    export(&intake, Signal::Logs, request)
        .await
        .unwrap_or_else(Status::into_http)
}

/// The answer to a method we do not have, in words a gRPC client understands.
pub(crate) async fn unimplemented() -> Response {
    Status::unimplemented("this server does not have that method").into_http()
}

async fn export(intake: &Intake, signal: Signal, request: Request) -> Result<Response, Status> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    check_content_type(headers)?;
    let target = intake.target(headers).await.map_err(refusal)?;
    let (body, reservation) = intake.read(headers, body).await.map_err(refusal)?;
    check_one_message(&body)?;

    let size = body.len();
    let total = intake.budget().total();
    let packed = is_packed(headers);
    let call = Call {
        intake,
        signal,
        target,
        headers,
        kept: if packed { size } else { 0 },
    };
    if !packed {
        return call
            .attempt(body, Room::plain(size, total), reservation)
            .await;
    }
    let [first, whole] = Room::packed(size, intake.max_decompressed_bytes(), total);
    let response = call.attempt(body.clone(), first, reservation).await?;
    if !ran_out(&response) {
        return Ok(response);
    }
    // Rare enough that starting over is cheaper than holding the largest size for everybody.
    let reservation = intake.budget().empty_reservation();
    call.attempt(body, whole, reservation).await
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Status> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .map_or(&b""[..], |value| value.as_bytes());
    if content_type == b"application/grpc"
        || content_type.starts_with(b"application/grpc+proto")
        || content_type.starts_with(b"application/grpc;")
    {
        Ok(())
    } else {
        Err(Status::invalid_argument(
            "the content type has to be application/grpc",
        ))
    }
}

/// Tonic takes the first message of a body and passes over what follows it, so a second one would be lost without a
/// word.
fn check_one_message(body: &[u8]) -> Result<(), Status> {
    match body {
        [_, a, b, c, d, message @ ..]
            if u32::from_be_bytes([*a, *b, *c, *d]) as usize == message.len() =>
        {
            Ok(())
        }
        _ => Err(Status::invalid_argument(
            "a call of this method carries exactly one message",
        )),
    }
}

/// Whether the message may be compressed.
fn is_packed(headers: &HeaderMap) -> bool {
    headers
        .get("grpc-encoding")
        .is_some_and(|encoding| encoding != "identity")
}

#[cfg(test)]
mod tests;
