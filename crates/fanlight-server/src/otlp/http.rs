//! OTLP/HTTP: `POST …/v1/traces` and `…/v1/logs`, protobuf or JSON.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use fanlight_ingest::{DecompressError, Encoding};
use prost::Message;
use serde_json::json;

use super::messages::{ExportReply, RpcStatus};
use crate::failure::{RETRY_SECONDS, log_failure, mlflow_failure};
use crate::intake::{Intake, IntakeError, Payload, Target};

pub(super) async fn export_traces(
    State(intake): State<Arc<Intake>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (encoding, compression) = match form(&headers) {
        Ok(form) => form,
        Err(unsupported) => return unsupported.into_response(),
    };
    let outcome = async {
        let (target, payload) = receive(&intake, &headers, body, encoding, compression).await?;
        intake.traces(&target, payload).await
    };
    match outcome.await {
        Ok(outcome) => success(encoding, &ExportReply::to_traces(&outcome.rejected)),
        Err(error) => failure(encoding, error),
    }
}

pub(super) async fn export_logs(
    State(intake): State<Arc<Intake>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (encoding, compression) = match form(&headers) {
        Ok(form) => form,
        Err(unsupported) => return unsupported.into_response(),
    };
    let outcome = async {
        let (target, payload) = receive(&intake, &headers, body, encoding, compression).await?;
        intake.logs(&target, payload).await
    };
    match outcome.await {
        Ok(()) => success(encoding, &ExportReply::default()),
        Err(error) => failure(encoding, error),
    }
}

async fn receive(
    intake: &Intake,
    headers: &HeaderMap,
    body: Body,
    encoding: Encoding,
    compression: String,
) -> Result<(Target, Payload), IntakeError> {
    let target = intake.target(headers).await?;
    let (bytes, reservation) = intake.read(headers, body).await?;
    Ok((
        target,
        Payload {
            bytes,
            encoding,
            compression,
            reservation,
        },
    ))
}

/// A content type or encoding we do not speak.
struct Unsupported(String);

/// How the body is written, from `Content-Type` (parameters are ignored) and `Content-Encoding`.
fn form(headers: &HeaderMap) -> Result<(Encoding, String), Unsupported> {
    let content_type = text(headers, &CONTENT_TYPE);
    let encoding = match content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "application/x-protobuf" | "application/protobuf" => Encoding::Protobuf,
        "application/json" => Encoding::Json,
        "" => {
            return Err(Unsupported(format!(
                "content type is missing; {EXPECTED_TYPES}"
            )));
        }
        other => {
            let other: String = other.chars().take(80).collect();
            return Err(Unsupported(format!(
                "content type `{other}` is not supported; {EXPECTED_TYPES}"
            )));
        }
    };
    let compression = text(headers, &CONTENT_ENCODING).trim().to_ascii_lowercase();
    let compression = if compression == "identity" {
        String::new()
    } else {
        compression
    };
    // Asked of an empty body, so that the list of encodings stays in one place.
    match fanlight_ingest::decompress(&compression, b"", 0) {
        Err(error @ DecompressError::Unsupported { .. }) => Err(Unsupported(error.to_string())),
        _ => Ok((encoding, compression)),
    }
}

const EXPECTED_TYPES: &str = "expected application/x-protobuf or application/json";

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

impl IntoResponse for Unsupported {
    fn into_response(self) -> Response {
        // In no agreed encoding, so in the one that a person can read.
        let body = json_error(3, &self.0);
        (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            [(CONTENT_TYPE, "application/json")],
            body,
        )
            .into_response()
    }
}

fn success(encoding: Encoding, reply: &ExportReply) -> Response {
    match encoding {
        Encoding::Protobuf => (
            [(CONTENT_TYPE, "application/x-protobuf")],
            reply.encode_to_vec(),
        )
            .into_response(),
        Encoding::Json => (
            [(CONTENT_TYPE, "application/json")],
            reply.json().to_string(),
        )
            .into_response(),
    }
}

/// A failure in the encoding of the request (OTLP/HTTP, "Failures"), or in MLflow's words where it is about MLflow.
fn failure(encoding: Encoding, error: IntakeError) -> Response {
    if error.is_about_mlflow() {
        return mlflow_failure(error.into_api());
    }
    let unsupported_encoding = matches!(
        error,
        IntakeError::Decompress(DecompressError::Unsupported { .. })
    );
    let error = error.into_api();
    log_failure(&error);
    let reply = error.reply();
    let status = if unsupported_encoding {
        415
    } else {
        reply.http
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match encoding {
        Encoding::Protobuf => {
            let message = RpcStatus {
                code: reply.grpc.into(),
                message: error.message,
                details: Vec::new(),
            };
            (
                status,
                [(CONTENT_TYPE, "application/x-protobuf")],
                message.encode_to_vec(),
            )
                .into_response()
        }
        Encoding::Json => {
            let body = json_error(reply.grpc, &error.message);
            (status, [(CONTENT_TYPE, "application/json")], body).into_response()
        }
    };
    if reply.retry {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
    }
    response
}

/// Readable by OTLP exporters (`code`, `message`) and by MLflow's (`detail`).
fn json_error(code: u8, message: &str) -> String {
    json!({"code": code, "message": message, "detail": message}).to_string()
}
