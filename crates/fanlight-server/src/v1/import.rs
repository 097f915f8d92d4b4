//! Traces that were exported, here or by MLflow.

use std::sync::Arc;

use axum::Json;
use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use fanlight_api::ApiError;
use fanlight_api::v1::portable::ImportOptions;
use fanlight_api::v1::{BadLine, ImportReply, Refusal};
use fanlight_ingest::Encoding;

use super::extract::{Answer, Failure, Params};
use crate::AppState;
use crate::intake::{IntakeError, Payload, Target};

/// Bad lines that are told one by one.
const TOLD: usize = 100;
/// A browser sends other types across origins without asking first.
const TYPES: [&str; 3] = [
    "application/x-ndjson",
    "application/jsonl",
    "application/json",
];

/// `POST /api/v1/traces/import`: a line is a trace.
pub(super) async fn post(
    State(state): State<Arc<AppState>>,
    Params(params): Params,
    headers: HeaderMap,
    body: HttpBody,
) -> Answer<ImportReply> {
    let options = ImportOptions::parse(params)?;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let media = text(CONTENT_TYPE).and_then(|value| value.split(';').next());
    let media = media.unwrap_or_default().trim().to_ascii_lowercase();
    if !TYPES.contains(&media.as_str()) {
        return Err(ApiError::invalid("the content type has to be application/x-ndjson").into());
    }
    let compression = text(CONTENT_ENCODING).unwrap_or_default();
    let compression = match compression.trim().to_ascii_lowercase() {
        plain if plain == "identity" => String::new(),
        compression => compression,
    };
    let (bytes, reservation) = state.intake.read(&headers, body).await.map_err(told)?;
    let payload = Payload {
        bytes,
        encoding: Encoding::Json,
        compression,
        reservation,
    };
    let imported = state
        .intake
        .import(&Target::default(), payload, &options)
        .await
        .map_err(told)?;
    let errors = imported.bad_lines.iter().take(TOLD);
    let errors = errors.map(|bad| BadLine {
        line: bad.line,
        message: bad.reason.clone(),
    });
    Ok(Json(ImportReply {
        traces: imported.traces,
        spans: imported.spans,
        bad_lines: imported.bad_lines.len(),
        errors: errors.collect(),
    }))
}

fn told(error: IntakeError) -> Failure {
    let field = match &error {
        IntakeError::BadLine { line, .. } => Some(format!("line {line}")),
        _ => None,
    };
    let error = error.into_api();
    Refusal { error, field }.into()
}
