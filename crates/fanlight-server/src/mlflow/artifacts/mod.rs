//! Files that belong to traces and runs, and the spans of a trace in the form of a file.
//!
//! Clients upload the spans of a trace as `traces.json` when they cannot send them otherwise. Such a
//! file is taken apart like any export of spans, and written again from what is stored when asked for.

mod folder;
mod path;
mod reply;
mod runs;
mod spans;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fanlight_api::ApiError;
use fanlight_api::mlflow::ids;
use fanlight_model::{ErrorKind, ExperimentId, TraceKey};

use self::folder::Folder;
use self::path::{FilePath, TraceFile};
use super::extract::{Caller, Params, read_all};
use super::reply::{Answer, Failure, done};
use crate::AppState;

pub(super) use runs::{list_of_run, run_file};
pub(super) use spans::trace_file;

/// `PUT 2.0/mlflow-artifacts/artifacts/{path}`.
pub(super) async fn upload(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(path): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let path = FilePath::parse(&path)?;
    match path.trace_file() {
        Some(TraceFile::Spans { experiment, trace }) => {
            let text = read_all(request, &()).await?;
            if !spans::ingest(&state, caller, experiment, &trace, &text).await? {
                Folder::of(&state, caller).write_bytes(&path, text).await?;
            }
        }
        _ => {
            let limit = state.settings.max_body_bytes;
            Folder::of(&state, caller)
                .write(&path, request.into_body(), limit)
                .await?;
        }
    }
    // npm's client reads anything but a length of 0 as JSON.
    Ok((StatusCode::OK, [(header::CONTENT_LENGTH, "0")]).into_response())
}

/// `GET 2.0/mlflow-artifacts/artifacts/{path}`.
pub(super) async fn download(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = FilePath::parse(&path)?;
    if let Some(TraceFile::Spans { trace, .. }) = path.trace_file()
        && let Some(document) =
            spans::document(&state, caller, &trace, spans::Reader::of(&headers)).await?
    {
        return Ok(reply::text_file("traces.json", document));
    }
    Ok(reply::file(Folder::of(&state, caller).open(&path).await?))
}

/// `DELETE 2.0/mlflow-artifacts/artifacts/{path}`.
pub(super) async fn remove(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(path): Path<String>,
) -> Answer {
    Folder::of(&state, caller)
        .remove(&FilePath::parse(&path)?)
        .await?;
    Ok(done())
}

/// `GET 2.0/mlflow-artifacts/artifacts?path=`.
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Answer {
    let path = FilePath::parse_or_root(request.text("path")?.unwrap_or_default())?;
    let entries = Folder::of(&state, caller).list(&path).await?;
    let files = entries.iter().map(folder::Entry::render).collect();
    Ok(super::reply::page("files", files, None))
}

/// Removes what was uploaded beside a trace that is deleted.
pub(super) async fn forget_trace(
    state: &AppState,
    caller: Caller,
    experiment: ExperimentId,
    trace_id: &str,
) -> Result<(), ApiError> {
    // An id that is not the name of one folder cannot have files, and must not reach those of others.
    let one_name = !trace_id.is_empty() && !trace_id.contains('/');
    let path = FilePath::parse(&format!("{experiment}/traces/{trace_id}"));
    let (true, Ok(path)) = (one_name, path) else {
        return Ok(());
    };
    match Folder::of(state, caller).remove(&path).await {
        Err(error) if error.kind != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// As [`forget_trace`], under all names a client may have used: those of `MLflow` 2 know their traces by the bare digits,
/// and name folders so.
pub(crate) async fn forget_trace_by_key(
    state: &AppState,
    experiment: ExperimentId,
    key: TraceKey,
) -> Result<(), ApiError> {
    let caller = Caller {
        workspace: key.workspace,
    };
    for trace_id in [ids::standard(key.trace), key.trace.to_string()] {
        forget_trace(state, caller, experiment, &trace_id).await?;
    }
    Ok(())
}

fn no_such_file() -> ApiError {
    ApiError::not_found("there is no such file")
}
