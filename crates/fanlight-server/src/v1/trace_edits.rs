//! Many traces changed by one request.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fanlight_api::v1::{ChangedReply, TagChange, parse_trace_ids};
use fanlight_model::{ErrorKind, ExperimentId, TraceKey, WorkspaceId};
use fanlight_query::{Doomed, QueryError};

use super::extract::{Answer, Body};
use crate::AppState;
use crate::mlflow::forget_trace_by_key;

/// `POST /api/v1/traces/tags`.
pub(super) async fn tags(
    State(state): State<Arc<AppState>>,
    Body(body): Body,
) -> Answer<ChangedReply> {
    let change = TagChange::parse(body, WorkspaceId::DEFAULT)?;
    let mut traces = 0;
    for key in &change.traces {
        traces += usize::from(change_tags(&state, *key, &change).await?);
    }
    Ok(Json(ChangedReply { traces }))
}

/// Whether the trace is there.
async fn change_tags(
    state: &AppState,
    key: TraceKey,
    change: &TagChange,
) -> Result<bool, QueryError> {
    if state.engine.record(key).await?.is_none() {
        return Ok(false);
    }
    for (tag, value) in &change.set {
        state.engine.set_tag(key, tag, value).await?;
    }
    for tag in &change.remove {
        match state.engine.delete_tag(key, tag).await {
            // It was not there, or somebody was faster: it is not there now.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    Ok(true)
}

/// `POST /api/v1/traces/delete`.
pub(super) async fn delete(
    State(state): State<Arc<AppState>>,
    Body(body): Body,
) -> Answer<ChangedReply> {
    let keys = parse_trace_ids(body, WorkspaceId::DEFAULT)?;
    let mut by_experiment: BTreeMap<ExperimentId, Vec<TraceKey>> = BTreeMap::new();
    for record in state.engine.records(&keys).await? {
        let summary = record.summary;
        by_experiment
            .entry(summary.experiment)
            .or_default()
            .push(summary.key);
    }
    let mut traces = 0;
    for (experiment, keys) in by_experiment {
        let deleted = state
            .engine
            .delete(WorkspaceId::DEFAULT, experiment, Doomed::Ids(keys))
            .await?;
        for key in &deleted {
            forget_trace_by_key(&state, experiment, *key).await?;
        }
        traces += deleted.len();
    }
    Ok(Json(ChangedReply { traces }))
}
