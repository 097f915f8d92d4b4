//! A trace as a row of a list.

use fanlight_model::{Assessment, Cost, Judgement, SourceType, TokenUsage};
use fanlight_query::TraceRecord;
use serde_json::{Map, Value as Json, json};

use super::{instant, millis};
use crate::mlflow::ids::trace_id_text;

/// Everything a list shows of a trace.
pub fn render_row(record: &TraceRecord) -> Json {
    let summary = &record.summary;
    let assessments = record.assessments.iter().filter(|said| said.valid);
    let runs = summary.source_run.iter().chain(
        record
            .runs
            .iter()
            .filter(|run| Some(*run) != summary.source_run.as_ref()),
    );
    json!({
        "id": trace_id_text(summary),
        "experiment": summary.experiment.to_string(),
        "name": summary.name.as_ref().or(summary.root_name.as_ref()),
        "state": summary.state.as_str(),
        "start": instant(summary.start),
        "start_ns": summary.start.0.to_string(),
        "duration_ms": summary.duration.map(millis),
        "request_preview": summary.request_preview,
        "response_preview": summary.response_preview,
        "session": summary.session,
        "user": summary.user,
        "client_request_id": summary.client_request_id,
        "runs": runs.collect::<Vec<_>>(),
        "tokens": summary.usage.as_ref().map(render_tokens),
        "cost": summary.cost.as_ref().map(render_cost),
        "models": summary.models,
        "span_count": summary.span_count,
        "error_count": summary.error_count,
        "tags": summary.tags,
        "metadata": summary.metadata,
        "assessments": assessments.map(render_assessment).collect::<Json>(),
    })
}

/// Tokens; unknown counts are `null`.
pub(super) fn render_tokens(usage: &TokenUsage) -> Json {
    json!({
        "input": usage.input, "output": usage.output, "total": usage.total,
        "cache_read": usage.cache_read, "cache_write": usage.cache_write,
        "cache_write_1h": usage.cache_write_1h, "reasoning": usage.reasoning,
        "audio_input": usage.audio_input, "audio_output": usage.audio_output, "image_input": usage.image_input,
    })
}

/// US dollars.
pub(super) fn render_cost(cost: &Cost) -> Json {
    json!({"input": cost.input, "output": cost.output, "total": cost.total})
}

fn render_assessment(said: &Assessment) -> Json {
    let mut json = Map::new();
    let (kind, value) = match &said.judgement {
        Judgement::Feedback { value, .. } => ("feedback", value.clone()),
        Judgement::Expectation { value } => ("expectation", value.clone()),
        Judgement::Issue { issue_name } => ("issue", issue_name.as_str().into()),
    };
    let source = match said.source.kind {
        SourceType::Unspecified => "unspecified",
        SourceType::Human => "human",
        SourceType::LlmJudge => "llm_judge",
        SourceType::Code => "code",
    };
    json.insert("id".to_owned(), said.id.as_str().into());
    json.insert("name".to_owned(), said.name.as_str().into());
    json.insert("kind".to_owned(), kind.into());
    json.insert("value".to_owned(), value);
    if let Judgement::Feedback {
        error: Some(error), ..
    } = &said.judgement
    {
        let error = json!({"code": error.code, "message": error.message});
        json.insert("error".to_owned(), error);
    }
    json.insert("rationale".to_owned(), said.rationale.clone().into());
    json.insert(
        "source".to_owned(),
        json!({"kind": source, "id": said.source.id}),
    );
    json.insert("span_id".to_owned(), said.span_id.clone().into());
    json.insert("created".to_owned(), instant(said.created_at));
    json.insert("updated".to_owned(), instant(said.updated_at));
    json.into()
}
