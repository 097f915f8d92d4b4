//! Model calls of the Vercel AI SDK, whose content is spread over attributes with a common prefix.

use fanlight_model::Value;

use crate::content::Field;
use crate::found::Found;
use crate::json_text::decode_json_text;
use crate::keys::{Key, VERCEL_PROMPT_PARTS, VERCEL_RESPONSE_PARTS};

const MODEL_CALLS: [&str; 2] = ["ai.generateText.doGenerate", "ai.streamText.doStream"];

/// The span is one call of a model, not the loop around it.
pub(crate) fn is_model_call(found: &Found<'_>) -> bool {
    found
        .text(Key::VercelOperation)
        .is_some_and(|operation| MODEL_CALLS.contains(&operation.as_ref()))
}

pub(crate) fn inputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    parts(found, VERCEL_PROMPT_PARTS)
}

pub(crate) fn outputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    parts(found, VERCEL_RESPONSE_PARTS)
}

fn parts<'a>(found: &Found<'a>, prefix: &str) -> Option<Field<'a>> {
    if !is_model_call(found) {
        return None;
    }
    let parts: Vec<_> = found
        .span
        .attributes
        .iter()
        .filter_map(|(name, value)| {
            let part = name.strip_prefix(prefix)?;
            Some((part.to_owned(), decode_part(part, value)))
        })
        .collect();
    (!parts.is_empty()).then_some(Field::Composed(Value::Map(parts)))
}

/// Tools are a list of JSON texts, everything else at most one JSON text.
fn decode_part(part: &str, value: &Value) -> Value {
    match decode_json_text(value).into_owned() {
        Value::Array(tools) if part == "tools" => Value::Array(
            tools
                .iter()
                .map(|tool| decode_json_text(tool).into_owned())
                .collect(),
        ),
        decoded => decoded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{json, span};

    #[test]
    fn a_model_call_gathers_its_parts() {
        let span = span([
            ("ai.operationId", "ai.generateText.doGenerate".into()),
            (
                "ai.prompt.messages",
                r#"[{"role":"user","content":"hi"}]"#.into(),
            ),
            (
                "ai.prompt.tools",
                Value::Array(vec![r#"{"type":"function","name":"f"}"#.into()]),
            ),
            ("ai.response.text", "yo".into()),
            ("ai.response.finishReason", "stop".into()),
        ]);
        let found = Found::of(&span);
        assert_eq!(
            inputs(&found),
            Some(Field::Composed(json(
                r#"{"messages": [{"role":"user","content":"hi"}], "tools": [{"type":"function","name":"f"}]}"#
            )))
        );
        assert_eq!(
            outputs(&found),
            Some(Field::Composed(json(
                r#"{"text": "yo", "finishReason": "stop"}"#
            )))
        );
    }

    #[test]
    fn other_operations_have_plain_attributes() {
        let span = span([
            ("ai.operationId", "ai.generateText".into()),
            ("ai.response.text", "yo".into()),
        ]);
        assert_eq!(outputs(&Found::of(&span)), None);
    }
}
