//! What is logged to a run.

use std::sync::Arc;

use axum::extract::State;
use fanlight_api::mlflow::runs::{parse_batch, parse_inputs, parse_metric, parse_param, run_id};
use fanlight_catalog::LogBatch;

use super::own_run;
use crate::AppState;
use crate::mlflow::extract::{Body, Caller};
use crate::mlflow::reply::{Answer, done};

/// `POST 2.0/runs/set-tag`.
pub(in crate::mlflow) async fn set_tag(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let (key, value) = parse_param(&request)?;
    let id = own_run(&state, caller, run_id(&request)?).await?.info.id;
    state
        .engine
        .catalog()
        .set_run_tag(&id, &key, &value)
        .await?;
    Ok(done())
}

/// `POST 2.0/runs/delete-tag`.
pub(in crate::mlflow) async fn delete_tag(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let key = request.required_text("key")?;
    let id = own_run(&state, caller, run_id(&request)?).await?.info.id;
    state.engine.catalog().delete_run_tag(&id, key).await?;
    Ok(done())
}

/// `POST 2.0/runs/log-metric`.
pub(in crate::mlflow) async fn log_metric(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let batch = LogBatch {
        metrics: vec![parse_metric(&request)?],
        ..LogBatch::default()
    };
    append(&state, caller, run_id(&request)?, &batch).await
}

/// `POST 2.0/runs/log-parameter`.
pub(in crate::mlflow) async fn log_param(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let batch = LogBatch {
        params: vec![parse_param(&request)?],
        ..LogBatch::default()
    };
    append(&state, caller, run_id(&request)?, &batch).await
}

/// `POST 2.0/runs/log-batch`.
pub(in crate::mlflow) async fn log_batch(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    append(&state, caller, run_id(&request)?, &parse_batch(&request)?).await
}

async fn append(state: &AppState, caller: Caller, run: &str, batch: &LogBatch) -> Answer {
    let id = own_run(state, caller, run).await?.info.id;
    state.engine.catalog().log_batch(&id, batch).await?;
    Ok(done())
}

/// `POST 2.0/runs/log-inputs`.
pub(in crate::mlflow) async fn log_inputs(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let inputs = parse_inputs(&request)?;
    let id = own_run(&state, caller, run_id(&request)?).await?.info.id;
    state.engine.catalog().log_inputs(&id, &inputs).await?;
    Ok(done())
}
