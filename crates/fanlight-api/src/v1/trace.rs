//! A trace as a row of a list.

use std::collections::BTreeMap;

use fanlight_model::{Assessment, Cost, Judgement, SourceType, TokenUsage};
use fanlight_query::TraceRecord;
use serde_json::Value as Json;

use super::hits::Hit;
use super::schema::{Maybe, shape};
use super::{instant, millis};
use crate::mlflow::ids::trace_id_text;

shape! {
    /// A trace as a row of a list.
    TraceRow {
        /// `tr-` and 32 hex digits, or what its client called it.
        id: String,
        experiment: String,
        /// Of the root span when nobody named the trace.
        name: Option<String>,
        /// `OK`, `ERROR`, `IN_PROGRESS` or `STATE_UNSPECIFIED`.
        state: String,
        start: String,
        start_ns: String,
        duration_ms: Option<f64>,
        request_preview: Option<String>,
        response_preview: Option<String>,
        session: Option<String>,
        user: Option<String>,
        client_request_id: Option<String>,
        runs: Vec<String>,
        tokens: Option<Tokens>,
        cost: Option<Costs>,
        models: Vec<String>,
        span_count: u32,
        error_count: u32,
        tags: BTreeMap<String, String>,
        metadata: BTreeMap<String, String>,
        /// The valid ones.
        assessments: Vec<AssessmentView>,
        /// Places of the texts that the filter asks for, when `hits` was asked; `null` when nobody looked.
        hits: Maybe<Option<Vec<Hit>>>,
    }
}

shape! {
    /// Tokens; unknown counts are `null`.
    Tokens {
        input: Option<u64>,
        output: Option<u64>,
        total: Option<u64>,
        cache_read: Option<u64>,
        cache_write: Option<u64>,
        /// Part of `cache_write` that is kept longer than an hour.
        cache_write_1h: Option<u64>,
        reasoning: Option<u64>,
        audio_input: Option<u64>,
        audio_output: Option<u64>,
        image_input: Option<u64>,
    }
}

shape! {
    /// US dollars.
    Costs {
        input: f64,
        output: f64,
        total: f64,
    }
}

shape! {
    /// What somebody says about a trace or one of its spans.
    AssessmentView {
        id: String,
        name: String,
        /// `feedback`, `expectation` or `issue`.
        kind: String,
        value: Json,
        /// Why a judge gave no value.
        error: Maybe<AssessmentError>,
        rationale: Option<String>,
        source: AssessmentSourceView,
        span_id: Option<String>,
        /// Id of the one that this one replaces.
        overrides: Option<String>,
        /// Whether no other one replaces it.
        valid: bool,
        created: String,
        updated: String,
    }
}

shape! {
    /// Why a judge gave no value.
    AssessmentError {
        code: Option<String>,
        message: Option<String>,
    }
}

shape! {
    /// Who says it.
    AssessmentSourceView {
        /// `human`, `llm_judge`, `code` or `unspecified`.
        kind: String,
        id: Option<String>,
    }
}

/// Everything a list shows of a trace.
pub fn render_row(record: &TraceRecord) -> TraceRow {
    let summary = &record.summary;
    let assessments = record.assessments.iter().filter(|said| said.valid);
    let runs = summary.source_run.iter().chain(
        record
            .runs
            .iter()
            .filter(|run| Some(*run) != summary.source_run.as_ref()),
    );
    TraceRow {
        id: trace_id_text(summary),
        experiment: summary.experiment.to_string(),
        name: summary.name.clone().or_else(|| summary.root_name.clone()),
        state: summary.state.as_str().to_owned(),
        start: instant(summary.start),
        start_ns: summary.start.0.to_string(),
        duration_ms: summary.duration.map(millis),
        request_preview: summary.request_preview.clone(),
        response_preview: summary.response_preview.clone(),
        session: summary.session.clone(),
        user: summary.user.clone(),
        client_request_id: summary.client_request_id.clone(),
        runs: runs.cloned().collect(),
        tokens: summary.usage.as_ref().map(render_tokens),
        cost: summary.cost.as_ref().map(render_cost),
        models: summary.models.clone(),
        span_count: summary.span_count,
        error_count: summary.error_count,
        tags: summary.tags.clone(),
        metadata: summary.metadata.clone(),
        assessments: assessments.map(render_assessment).collect(),
        hits: Maybe::Absent,
    }
}

impl TraceRow {
    /// Leaves `most` characters of each preview.
    pub fn cut_previews(&mut self, most: usize) {
        for preview in [&mut self.request_preview, &mut self.response_preview] {
            let Some(text) = preview else { continue };
            if let Some((end, _)) = text.char_indices().nth(most) {
                text.truncate(end);
            }
        }
    }
}

pub(super) fn render_tokens(usage: &TokenUsage) -> Tokens {
    Tokens {
        input: usage.input,
        output: usage.output,
        total: usage.total,
        cache_read: usage.cache_read,
        cache_write: usage.cache_write,
        cache_write_1h: usage.cache_write_1h,
        reasoning: usage.reasoning,
        audio_input: usage.audio_input,
        audio_output: usage.audio_output,
        image_input: usage.image_input,
    }
}

pub(super) fn render_cost(cost: &Cost) -> Costs {
    Costs {
        input: cost.input,
        output: cost.output,
        total: cost.total,
    }
}

/// What somebody says, overridden or not.
pub fn render_assessment(said: &Assessment) -> AssessmentView {
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
    let error = match &said.judgement {
        Judgement::Feedback {
            error: Some(error), ..
        } => Maybe::Here(AssessmentError {
            code: error.code.clone(),
            message: error.message.clone(),
        }),
        _ => Maybe::Absent,
    };
    AssessmentView {
        id: said.id.clone(),
        name: said.name.clone(),
        kind: kind.to_owned(),
        value,
        error,
        rationale: said.rationale.clone(),
        source: AssessmentSourceView {
            kind: source.to_owned(),
            id: said.source.id.clone(),
        },
        span_id: said.span_id.clone(),
        overrides: said.overrides.clone(),
        valid: said.valid,
        created: instant(said.created_at),
        updated: instant(said.updated_at),
    }
}
