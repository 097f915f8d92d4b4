//! Traces as a stream of lines or as a file, for people and other servers.

mod lines;
mod output;
mod stream;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fanlight_api::ApiError;
use fanlight_api::v1::Members;
use fanlight_api::v1::portable::{ExportForm, ExportRequest};
use fanlight_model::{ErrorKind, ExperimentId, WorkspaceId};
use http_body_util::channel::Channel;

use super::extract::{Body, Failure, Params};
use crate::AppState;
use lines::Lines;
use output::Output;
use stream::Stream;
use table::TableRows;

/// Pieces that are rendered and not yet sent.
const PIECES_AHEAD: usize = 2;

/// `GET /api/v1/traces/export`.
pub(in crate::v1) async fn get(
    State(state): State<Arc<AppState>>,
    Params(params): Params,
) -> Result<Response, Failure> {
    export(&state, params).await
}

/// `POST /api/v1/traces/export`.
pub(in crate::v1) async fn post(
    State(state): State<Arc<AppState>>,
    Body(body): Body,
) -> Result<Response, Failure> {
    export(&state, body).await
}

async fn export(state: &AppState, members: Members) -> Result<Response, Failure> {
    let request = ExportRequest::parse(members, WorkspaceId::DEFAULT)?;
    let names = names(state, &request.search.experiments).await?;
    let export = state
        .engine
        .export(request.search, request.shape.needs_spans())?;
    let (output, media_type): (Box<dyn Output>, _) = match request.form {
        ExportForm::Lines => {
            let shape = request.shape;
            (Box::new(Lines { shape, names }), "application/x-ndjson")
        }
        ExportForm::Parquet => {
            let table = TableRows::start(request.shape, names).map_err(|error| {
                tracing::error!("a table cannot be begun: {error}");
                ApiError::new(ErrorKind::Internal, "the export cannot be begun")
            })?;
            (Box::new(table), "application/vnd.apache.parquet")
        }
    };
    let (sender, body) = Channel::<Bytes, std::io::Error>::new(PIECES_AHEAD);
    let stream = Stream {
        sender,
        output,
        patience: state.settings.request_timeout,
        runtime: tokio::runtime::Handle::current(),
    };
    // Ends when the reader has everything, leaves, or takes nothing for too long.
    tokio::task::spawn_blocking(move || stream.send(export));
    let headers = [(CONTENT_TYPE, media_type)];
    Ok((headers, HttpBody::new(body)).into_response())
}

/// The names of the experiments that exist.
async fn names(
    state: &AppState,
    experiments: &[ExperimentId],
) -> Result<BTreeMap<ExperimentId, String>, ApiError> {
    let mut names = BTreeMap::new();
    for id in experiments {
        match state.engine.catalog().experiment_head(*id).await {
            Ok(head) if head.workspace == WorkspaceId::DEFAULT => {
                names.insert(*id, head.name);
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(names)
}
