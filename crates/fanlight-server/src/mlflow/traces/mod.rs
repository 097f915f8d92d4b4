//! Traces: written, read, searched, tagged, linked and deleted.

pub(super) mod delete;
pub(super) mod legacy;
pub(super) mod links;
pub(super) mod read;
pub(super) mod search;
pub(super) mod tags;
pub(super) mod write;

use fanlight_api::ApiError;
use fanlight_api::mlflow::TraceRef;
use fanlight_model::{Batch, TraceFacts};
use fanlight_query::TraceRecord;

use super::extract::Caller;
use crate::AppState;

/// The trace clients know as `trace_id`, without its spans.
pub(super) async fn known_trace(
    state: &AppState,
    caller: Caller,
    trace: &TraceRef,
) -> Result<TraceRecord, ApiError> {
    let record = state.engine.record(caller.key(trace)).await?;
    record.ok_or_else(|| unknown_trace(trace))
}

pub(super) fn unknown_trace(trace: &TraceRef) -> ApiError {
    let text: String = trace.text().chars().take(64).collect();
    ApiError::not_found(format!("trace `{text}` does not exist"))
}

/// Stores what a client says about a trace and answers with everything now known about it.
async fn store_facts(
    state: &AppState,
    caller: Caller,
    facts: TraceFacts,
) -> Result<TraceRecord, ApiError> {
    let trace = TraceRef {
        id: facts.trace_id,
        alias: facts.alias.clone(),
    };
    let batch = Batch {
        workspace: caller.workspace,
        received_at: state.clock.now(),
        traces: vec![facts],
        ..Batch::default()
    };
    state.engine.append(batch).await?;
    known_trace(state, caller, &trace).await
}
