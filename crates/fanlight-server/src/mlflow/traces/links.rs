//! Which run and which prompts a trace has to do with.

use std::sync::Arc;

use axum::extract::State;
use fanlight_api::ApiError;
use fanlight_api::mlflow::{Fields, TraceRef};
use fanlight_model::LinkedPrompt;

use crate::AppState;
use crate::mlflow::extract::{Body, Caller};
use crate::mlflow::reply::{Answer, done};

const MAX_TRACES: usize = 100;

/// `POST 2.0/traces/link-to-run`: unknown traces and runs are accepted.
pub(in crate::mlflow) async fn link_to_run(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let traces = request.required_texts("trace_ids")?;
    if traces.len() > MAX_TRACES {
        let message = format!(
            "{} values for parameter `trace_ids`; the limit is {MAX_TRACES}",
            traces.len()
        );
        return Err(ApiError::invalid(message).into());
    }
    let run = request.required_text("run_id")?;
    let keys: Vec<_> = traces
        .into_iter()
        .map(|text| caller.key(&TraceRef::of(text)))
        .collect();
    state.engine.link_run(&keys, run).await?;
    Ok(done())
}

/// `POST 2.0/traces/link-prompts`: the prompts need not exist.
pub(in crate::mlflow) async fn link_prompts(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let trace = TraceRef::of(request.required_text("trace_id")?);
    let versions = request.objects("prompt_versions")?;
    let prompts: Vec<_> = versions
        .iter()
        .map(parse_prompt)
        .collect::<Result<_, _>>()?;
    state
        .engine
        .link_prompts(caller.key(&trace), &prompts)
        .await?;
    Ok(done())
}

fn parse_prompt(prompt: &Fields) -> Result<LinkedPrompt, ApiError> {
    let version = prompt.required_integer("version")?;
    Ok(LinkedPrompt {
        name: prompt.required_text("name")?.to_owned(),
        version: version.to_string(),
    })
}
