//! The attributes of a span as MLflow's clients expect them.

use fanlight_model::{Attributes, Span, Value};

use crate::content::Field;
use crate::json_text::decode_json_text;
use crate::keys::{Key, SERVICE_NAME, TRACE_REQUEST_ID};
use crate::meaning::{Meaning, meaning};
use crate::{cost, token_usage};

/// Services with a view of their own in MLflow's UI, which recognises them by this attribute of the root.
const SERVICES_WITH_A_VIEW: [&str; 5] = [
    "claude-code",
    "codex_cli_rs",
    "codex_vscode",
    "gemini-cli",
    "qwen-code",
];

const UNKNOWN: &str = "UNKNOWN";

/// Raw attributes plus the `mlflow.*` ones that clients read, with JSON text decoded.
///
/// What the span has already stays, except `mlflow.traceRequestId`, which is always `trace_id_text`, and a type that is
/// only `UNKNOWN`.
pub fn mlflow_attributes(span: &Span, trace_id_text: &str) -> Attributes {
    let decoded = span
        .attributes
        .iter()
        .map(|(key, value)| (key.to_owned(), decode_json_text(value).into_owned()));
    let mut attributes: Attributes = decoded.collect();
    for (key, value) in translated(meaning(span)) {
        if is_open(key, span.attributes.get(key.name())) {
            attributes.insert(key.name(), value);
        }
    }
    if let Some(service) = service_with_a_view(span) {
        attributes.insert(SERVICE_NAME, service.into());
    }
    attributes.insert(TRACE_REQUEST_ID, trace_id_text.into());
    attributes
}

fn translated(meaning: Meaning<'_>) -> impl Iterator<Item = (Key, Value)> {
    let text = |text: std::borrow::Cow<'_, str>| Value::String(text.into_owned());
    [
        (Key::SpanType, meaning.span_type.map(text)),
        (Key::SpanInputs, meaning.inputs.map(content)),
        (Key::SpanOutputs, meaning.outputs.map(content)),
        (
            Key::ChatTokenUsage,
            meaning.usage.as_ref().map(token_usage::to_value),
        ),
        (Key::LlmCost, meaning.cost.as_ref().map(cost::to_value)),
        (Key::LlmModel, meaning.model.map(text)),
        (Key::LlmProvider, meaning.provider.map(text)),
        (Key::MessageFormat, meaning.message_format.map(text)),
        (
            Key::ChatTools,
            meaning
                .tools
                .map(|tools| decode_json_text(&tools).into_owned()),
        ),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value?)))
}

/// What [`mlflow_attributes`] adds that is no copy of an attribute the span has, apart from the trace id.
pub fn derived_values(span: &Span, meaning: &Meaning<'_>) -> Vec<Value> {
    let composed = |field: &Option<Field<'_>>| match field {
        Some(Field::Composed(value)) => Some(value.clone()),
        _ => None,
    };
    let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(Value::from);
    let translated = [
        (Key::SpanType, text(&meaning.span_type)),
        (Key::SpanInputs, composed(&meaning.inputs)),
        (Key::SpanOutputs, composed(&meaning.outputs)),
        (
            Key::ChatTokenUsage,
            meaning.usage.as_ref().map(token_usage::to_value),
        ),
        (Key::LlmCost, meaning.cost.as_ref().map(cost::to_value)),
        (Key::LlmModel, text(&meaning.model)),
        (Key::LlmProvider, text(&meaning.provider)),
        (Key::MessageFormat, text(&meaning.message_format)),
    ];
    let added = translated
        .into_iter()
        .filter_map(|(key, value)| value.filter(|_| is_open(key, span.attributes.get(key.name()))));
    added
        .chain(service_with_a_view(span).map(Value::from))
        .collect()
}

/// Whether a derived value takes the place of what the span says, if that is anything.
fn is_open(key: Key, known: Option<&Value>) -> bool {
    match known {
        None => true,
        Some(known) => key == Key::SpanType && decode_json_text(known).as_str() == Some(UNKNOWN),
    }
}

fn content(field: Field<'_>) -> Value {
    match field {
        Field::Attribute(_, value) => decode_json_text(value).into_owned(),
        Field::Composed(value) => value,
    }
}

fn service_with_a_view(span: &Span) -> Option<&str> {
    let service = span
        .resource
        .attributes
        .get_str(SERVICE_NAME)
        .filter(|_| span.is_root())?;
    SERVICES_WITH_A_VIEW.contains(&service).then_some(service)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fanlight_model::Resource;

    use super::*;
    use crate::testing::{attributes, child, event, json, span};

    /// What is added to the attributes of `span`, as JSON.
    fn added(span: &Span) -> Value {
        let all = mlflow_attributes(span, "tr-7");
        let is_new = |key: &str| span.attributes.get(key).is_none() && key != TRACE_REQUEST_ID;
        let new = all.iter().filter(|(key, _)| is_new(key));
        Value::Map(
            new.map(|(key, value)| (key.to_owned(), value.clone()))
                .collect(),
        )
    }

    #[test]
    fn open_inference_is_translated() {
        let span = span([
            ("openinference.span.kind", "LLM".into()),
            ("llm.token_count.prompt", 5.into()),
            ("llm.token_count.completion", 7.into()),
            ("llm.token_count.prompt_details.cache_read", 2.into()),
            ("llm.model_name", "unpriced".into()),
            ("llm.provider", "openai".into()),
        ]);
        let expected = r#"{"mlflow.spanType": "LLM",
            "mlflow.chat.tokenUsage":
                {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12, "cache_read_input_tokens": 2},
            "mlflow.llm.model": "unpriced", "mlflow.llm.provider": "openai"}"#;
        assert_eq!(added(&span), json(expected));
    }

    #[test]
    fn a_tool_execution_is_translated() {
        let span = span([
            ("gen_ai.operation.name", "execute_tool".into()),
            ("gen_ai.tool.call.arguments", r#"{"a":1}"#.into()),
            ("gen_ai.tool.call.result", "\"42\"".into()),
        ]);
        let expected = r#"{"mlflow.spanType": "TOOL", "mlflow.spanInputs": {"a": 1}, "mlflow.spanOutputs": "42"}"#;
        assert_eq!(added(&span), json(expected));
    }

    #[test]
    fn chat_events_are_translated() {
        let mut span = span([("gen_ai.operation.name", "chat".into())]);
        span.events = vec![
            event("gen_ai.user.message", [("content", "hi".into())]),
            event("gen_ai.choice", [("content", "yo".into())]),
        ];
        let expected = r#"{"mlflow.spanType": "CHAT_MODEL", "mlflow.spanInputs": [{"role": "user", "content": "hi"}],
            "mlflow.spanOutputs": [{"role": "assistant", "content": "yo"}]}"#;
        assert_eq!(added(&span), json(expected));
    }

    #[test]
    fn names_in_the_wrong_case_add_nothing() {
        assert_eq!(
            added(&span([("openinference.span.kind", "llm".into())])),
            Value::Map(Vec::new())
        );
    }

    #[test]
    fn what_the_client_sent_stays_decoded() {
        let span = span([
            ("mlflow.traceRequestId", "\"tr-1\"".into()),
            ("mlflow.spanType", "\"UNKNOWN\"".into()),
            ("mlflow.spanInputs", r#"{"a": 1}"#.into()),
            ("mlflow.chat.tokenUsage", "junk".into()),
            ("openinference.span.kind", "TOOL".into()),
            ("input.value", "other".into()),
            ("llm.token_count.prompt", 5.into()),
        ]);
        let all = mlflow_attributes(&span, "tr-7");
        assert_eq!(all.get_str("mlflow.traceRequestId"), Some("tr-7"));
        assert_eq!(all.get_str("mlflow.spanType"), Some("TOOL"));
        assert_eq!(all.get("mlflow.spanInputs"), Some(&json(r#"{"a": 1}"#)));
        assert_eq!(all.get_str("mlflow.chat.tokenUsage"), Some("junk"));
        assert_eq!(all.get_str("input.value"), Some("other"));
        assert_eq!(added(&span), Value::Map(Vec::new()));
    }

    #[test]
    fn only_roots_of_services_with_a_view_carry_its_name() {
        let of = |service: &str, span: Span| {
            let resource = Resource {
                attributes: attributes([("service.name", service.into())]),
            };
            let span = Span {
                resource: Arc::new(resource),
                ..span
            };
            mlflow_attributes(&span, "tr-7")
                .get_str("service.name")
                .map(str::to_owned)
        };
        assert_eq!(
            of("claude-code", child(1, 0, [])).as_deref(),
            Some("claude-code")
        );
        assert_eq!(of("claude-code", child(2, 1, [])), None);
        assert_eq!(of("shop", child(1, 0, [])), None);
    }
}
