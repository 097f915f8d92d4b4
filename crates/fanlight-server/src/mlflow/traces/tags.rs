//! Tags of a trace, which may change after it was recorded.

use std::sync::Arc;

use axum::extract::{Path, State};
use fanlight_api::mlflow::TraceRef;
use fanlight_api::mlflow::tags::{check_removable, check_settable, stored_value};

use crate::AppState;
use crate::mlflow::extract::{Body, Caller};
use crate::mlflow::reply::{Answer, done};

/// `PATCH 2.0` and `3.0/traces/{trace_id}/tags`.
pub(in crate::mlflow) async fn set(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(trace_id): Path<String>,
    Body(request): Body,
) -> Answer {
    let key = request.required_text("key")?;
    check_settable(key)?;
    let value = stored_value(request.text("value")?.unwrap_or_default());
    state
        .engine
        .set_tag(caller.key(&TraceRef::of(&trace_id)), key, value)
        .await?;
    Ok(done())
}

/// `DELETE 2.0` and `3.0/traces/{trace_id}/tags`: the key is in the body.
pub(in crate::mlflow) async fn remove(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(trace_id): Path<String>,
    Body(request): Body,
) -> Answer {
    let key = request.required_text("key")?;
    check_removable(key)?;
    state
        .engine
        .delete_tag(caller.key(&TraceRef::of(&trace_id)), key)
        .await?;
    Ok(done())
}
