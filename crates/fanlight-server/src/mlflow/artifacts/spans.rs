//! The spans of a trace as a file.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use fanlight_api::ApiError;
use fanlight_api::mlflow::spans::{render_document, render_legacy_document};
use fanlight_api::mlflow::{TraceRef, ids};
use fanlight_ingest::{Limits, decode_spans_json};
use fanlight_model::{Batch, ExperimentId, SpanGroup};

use super::folder::Folder;
use super::path::FilePath;
use super::reply;
use crate::AppState;
use crate::mlflow::experiments::experiment_head;
use crate::mlflow::extract::{Caller, Params};
use crate::mlflow::reply::Failure;
use crate::mlflow::traces::{known_trace, unknown_trace};

/// Which shape of spans a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Current,
    /// MLflow 2.x fails a whole search over one document of the current shape.
    Legacy,
}

impl Reader {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let agent = headers.get(USER_AGENT).map(HeaderValue::as_bytes);
        match agent {
            Some(agent) if agent.starts_with(b"mlflow-python-client/2.") => Self::Legacy,
            _ => Self::Current,
        }
    }
}

/// `GET ajax get-trace-artifact`: the spans that are there, or with `path` an attachment of the trace.
pub(in crate::mlflow) async fn trace_file(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Result<Response, Failure> {
    let trace_id = request
        .required_text("request_id")
        .map_err(|error| error.with_mlflow_code("BAD_REQUEST"))?;
    let trace = TraceRef::of(trace_id);
    if let Some(name) = request.text("path")?.filter(|path| !path.is_empty()) {
        // Checked before the trace is looked up: what is in `path` decides alone whether it is refused.
        let attachment = FilePath::parse(&format!("attachments/{name}"))?;
        let summary = known_trace(&state, caller, &trace).await?.summary;
        let folder = FilePath::of_trace(
            summary.experiment,
            &ids::trace_id_text(&summary),
            &attachment.text(),
        )?;
        return Ok(reply::file(Folder::of(&state, caller).open(&folder).await?));
    }
    match document(&state, caller, &trace, Reader::Current).await? {
        Some(document) => Ok(reply::text_file("traces.json", document)),
        None => {
            known_trace(&state, caller, &trace).await?;
            let message = format!("trace `{}` has no spans yet", trace.text());
            Err(ApiError::not_found(message)
                .with_mlflow_code("NOT_FOUND")
                .into())
        }
    }
}

/// `traces.json` of a trace that has spans.
pub(super) async fn document(
    state: &AppState,
    caller: Caller,
    trace: &TraceRef,
    reader: Reader,
) -> Result<Option<String>, ApiError> {
    let Some(found) = state.engine.trace(caller.key(trace)).await? else {
        return Ok(None);
    };
    if found.spans.is_empty() {
        return Ok(None);
    }
    let trace_id = ids::trace_id_text(&found.record.summary);
    let spans = found.spans.iter().map(AsRef::as_ref);
    let document = match reader {
        Reader::Current => render_document(spans, &trace_id),
        Reader::Legacy => render_legacy_document(spans, &trace_id),
    };
    Ok(Some(document.to_string()))
}

/// Takes the spans out of an uploaded `traces.json`. Answers false when there are none to take: the
/// text is something else, and is to be kept as a file.
pub(super) async fn ingest(
    state: &AppState,
    caller: Caller,
    experiment: ExperimentId,
    trace: &TraceRef,
    text: &[u8],
) -> Result<bool, ApiError> {
    let Ok(spans) = decode_spans_json(text, trace.id, &Limits::default()) else {
        return Ok(false);
    };
    if spans.is_empty() {
        return Ok(false);
    }
    let known = state.engine.trace(caller.key(trace)).await?;
    if known.as_ref().is_some_and(|known| !known.spans.is_empty()) {
        // They came as OTLP already, and more exactly.
        return Ok(true);
    }
    if known.is_none() && trace.alias.is_some() {
        // A trace with an id of its own has to be made known first, or nobody could find it by that id.
        return Err(unknown_trace(trace));
    }
    let experiment = known.map_or(experiment, |known| known.record.summary.experiment);
    experiment_head(state, caller, experiment).await?;
    let batch = Batch {
        workspace: caller.workspace,
        received_at: state.clock.now(),
        groups: vec![SpanGroup { experiment, spans }],
        ..Batch::default()
    };
    state.engine.append(batch).await?;
    Ok(true)
}
