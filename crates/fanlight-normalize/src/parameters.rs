//! How a model was asked to answer: temperature, limits, formats.

use fanlight_model::{Span, Value};

use crate::content;
use crate::document::{at, entries, member};
use crate::found::Found;
use crate::json_text::decode_json_text;

/// Every parameter that is known, by the name OpenTelemetry has for it, with its other spellings.
const PARAMETERS: &[(&str, &[&str])] = &[
    ("temperature", &["ls_temperature"]),
    ("top_p", &["topP"]),
    ("top_k", &["topK"]),
    (
        "max_tokens",
        &[
            "maxTokens",
            "max_output_tokens",
            "maxOutputTokens",
            "max_completion_tokens",
            "ls_max_tokens",
        ],
    ),
    ("frequency_penalty", &["frequencyPenalty"]),
    ("presence_penalty", &["presencePenalty"]),
    ("stop_sequences", &["stop", "stopSequences", "ls_stop"]),
    ("seed", &[]),
    ("choice.count", &["n", "candidate_count", "candidateCount"]),
    ("stream", &["is_streaming"]),
    ("response_format", &["output.type"]),
    ("tool_choice", &["toolChoice"]),
    ("reasoning_effort", &["reasoning.level", "effort"]),
    ("thinking", &["thinking_config", "thinkingConfig"]),
    ("service_tier", &[]),
    ("encoding_formats", &["encoding_format"]),
    ("dimensions", &["embeddings.dimension.count"]),
];
/// Attributes with these prefixes are parameters, one each.
const PREFIXES: &[&str] = &[
    "gen_ai.request.",
    "gen_ai.openai.request.",
    "llm.request.",
    "ai.settings.",
    "langsmith.metadata.",
    // `gen_ai.output.type`, `gen_ai.embeddings.dimension.count`
    "gen_ai.",
];
/// Attributes that hold all of them.
const ATTRIBUTES: &[&str] = &[
    "llm.invocation_parameters",
    "embedding.invocation_parameters",
    "langfuse.observation.model.parameters",
    "invocation_params",
    "request_data",
];
/// Where requests have them.
const PLACES: &[&[&str]] = &[
    &["config"],
    &["generation_config"],
    &["generationConfig"],
    &["inferenceConfig"],
    &["invocation_params"],
    &["generation_kwargs"],
    &["model_settings"],
    &["reasoning"],
];

/// What was asked for, each parameter once, in the order of the table. What several places say, the first says.
pub fn parameters(span: &Span) -> Vec<(&'static str, Value)> {
    let mut known: Vec<Option<Value>> = vec![None; PARAMETERS.len()];
    for prefix in PREFIXES {
        for (name, value) in span.attributes.iter() {
            if let Some(name) = name.strip_prefix(prefix) {
                put(&mut known, name, value);
            }
        }
    }
    for name in ATTRIBUTES {
        if let Some(value) = span.attributes.get(name) {
            put_all(&mut known, &decode_json_text(value));
        }
    }
    let found = Found::of(span);
    if let Some(inputs) = content::inputs(&found) {
        let request = decode_json_text(inputs.value());
        // Any function may have a parameter called `stop` or `n`.
        if member(&request, "model").is_some() || member(&request, "messages").is_some() {
            put_all(&mut known, &request);
        }
        for place in PLACES.iter().filter_map(|path| at(&request, path)) {
            put_all(&mut known, place);
        }
    }
    let names = PARAMETERS.iter().map(|(name, _)| *name);
    names
        .zip(known)
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn put_all(known: &mut [Option<Value>], request: &Value) {
    for (name, value) in entries(request) {
        put(known, name, value);
    }
}

fn put(known: &mut [Option<Value>], name: &str, value: &Value) {
    let place = PARAMETERS
        .iter()
        .position(|(canonical, spellings)| *canonical == name || spellings.contains(&name));
    if let Some(place) = place
        && known[place].is_none()
        && says_something(value)
    {
        known[place] = Some(decode_json_text(value).into_owned());
    }
}

/// Clients write defaults as null, as nothing, or as Python's way to say that they left it out.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty() && !text.starts_with('<'),
        Value::Array(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    #[test]
    fn parameters_have_one_name_in_every_convention() {
        let expected = [
            ("temperature", Value::Double(0.5)),
            ("max_tokens", Value::Int(9)),
        ];
        let spans = [
            span([
                ("gen_ai.request.max_tokens", 9.into()),
                ("gen_ai.request.temperature", 0.5.into()),
            ]),
            span([(
                "llm.invocation_parameters",
                r#"{"max_tokens": 9, "temperature": 0.5}"#.into(),
            )]),
            span([(
                "mlflow.spanInputs",
                r#"{"model": "m", "max_output_tokens": 9, "temperature": 0.5, "top_p": null}"#
                    .into(),
            )]),
            span([(
                "gcp.vertex.agent.llm_request",
                r#"{"config": {"maxOutputTokens": 9, "temperature": 0.5}}"#.into(),
            )]),
            span([
                ("gen_ai.request.max_tokens", 9.into()),
                ("gen_ai.request.temperature", 0.5.into()),
                ("gen_ai.output.other", "x".into()),
            ]),
            span([
                ("ai.settings.maxOutputTokens", 9.into()),
                ("ai.settings.temperature", 0.5.into()),
            ]),
        ];
        for span in spans {
            assert_eq!(parameters(&span), expected, "{:?}", span.attributes);
        }
    }

    #[test]
    fn what_is_no_part_of_the_request_may_be_a_parameter_too() {
        let span = span([
            ("gen_ai.output.type", "json".into()),
            ("gen_ai.embeddings.dimension.count", 256.into()),
        ]);
        let expected = [
            ("response_format", Value::from("json")),
            ("dimensions", Value::Int(256)),
        ];
        assert_eq!(parameters(&span), expected);
    }

    #[test]
    fn arguments_of_a_function_are_no_parameters() {
        let span = span([("mlflow.spanInputs", r#"{"n": 3, "stop": "x"}"#.into())]);
        assert_eq!(parameters(&span), []);
    }
}
