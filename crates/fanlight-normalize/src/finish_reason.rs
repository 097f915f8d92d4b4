//! Why a model stopped, in the words of its provider.

use fanlight_model::{Span, Value};

use crate::json_text::decode_json_text;

/// In the order they are asked; the first that says something counts.
const FINISH_REASONS: &[&str] = &[
    "gen_ai.response.finish_reasons",
    "gen_ai.response.finish_reason",
    "gen_ai.completion.0.finish_reason",
    "llm.finish_reason",
    "llm.response.finish_reason",
    "llm.response.stop_reason",
    "ai.response.finishReason",
    "stop_reason",
    "anthropic.message.stop_reason",
];

/// One for each answer of the model; none when nobody said.
pub fn finish_reasons(span: &Span) -> Vec<String> {
    let stated = FINISH_REASONS
        .iter()
        .filter_map(|name| span.attributes.get(name));
    stated
        .map(reasons)
        .find(|reasons| !reasons.is_empty())
        .unwrap_or_default()
}

fn reasons(value: &Value) -> Vec<String> {
    match decode_json_text(value).as_ref() {
        Value::String(reason) if !reason.is_empty() => vec![reason.clone()],
        Value::Array(list) => list
            .iter()
            .filter_map(|reason| Some(reason.as_str()?.to_owned()))
            .filter(|reason| !reason.is_empty())
            .collect(),
        _ => Vec::new(),
    }
}
