//! Spans of Gemini CLI: GenAI attributes, but messages in the shape of Gemini's own API.

use fanlight_model::Value;

use crate::content::Field;
use crate::document::object;
use crate::found::{Found, has_content};
use crate::json_text::decode_json_text;
use crate::keys::Key;

const AGENT_NAME: &str = "gemini-cli";

pub(crate) fn is(found: &Found<'_>) -> bool {
    found
        .text(Key::GenAiAgentName)
        .is_some_and(|name| name == AGENT_NAME)
}

/// The messages as the `contents` of a Gemini request.
pub(crate) fn inputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    let value = messages(found, Key::GenAiInputMessages)?;
    Some(match decode_json_text(value).into_owned() {
        contents @ (Value::Array(_) | Value::String(_)) => {
            Field::Composed(object([("contents", contents)]))
        }
        _ => Field::Attribute(Key::GenAiInputMessages.name(), value),
    })
}

/// A stream comes as one message per chunk; a renderer expects one candidate with the parts of all.
pub(crate) fn outputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    let value = messages(found, Key::GenAiOutputMessages)?;
    let parts = match decode_json_text(value).into_owned() {
        Value::Array(chunks) => chunks.into_iter().flat_map(parts_of).collect(),
        _ => Vec::new(),
    };
    if parts.is_empty() {
        return Some(Field::Attribute(Key::GenAiOutputMessages.name(), value));
    }
    let content = object([("role", "model".into()), ("parts", Value::Array(parts))]);
    let candidates = Value::Array(vec![object([("content", content)])]);
    Some(Field::Composed(object([("candidates", candidates)])))
}

fn messages<'a>(found: &Found<'a>, key: Key) -> Option<&'a Value> {
    found
        .get(key)
        .filter(|value| is(found) && has_content(value))
}

fn parts_of(message: Value) -> Vec<Value> {
    let Value::Map(entries) = message else {
        return Vec::new();
    };
    match entries.into_iter().find(|(key, _)| key == "parts") {
        Some((_, Value::Array(parts))) => parts,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{json, span};

    #[test]
    fn messages_are_wrapped_like_a_request_and_a_response() {
        let span = span([
            ("gen_ai.agent.name", "gemini-cli".into()),
            ("gen_ai.input.messages", r#"[{"role":"user","parts":[{"text":"hi"}]}]"#.into()),
            (
                "gen_ai.output.messages",
                r#"[{"role":"model","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]}]"#.into(),
            ),
        ]);
        let found = Found::of(&span);
        assert_eq!(
            inputs(&found),
            Some(Field::Composed(json(
                r#"{"contents": [{"role":"user","parts":[{"text":"hi"}]}]}"#
            )))
        );
        assert_eq!(
            outputs(&found),
            Some(Field::Composed(json(
                r#"{"candidates": [{"content": {"role": "model", "parts": [{"text":"a"},{"text":"b"}]}}]}"#
            )))
        );
    }

    #[test]
    fn what_is_wrapped_already_stays_as_it_is() {
        let span = span([
            ("gen_ai.agent.name", "gemini-cli".into()),
            ("gen_ai.input.messages", r#"{"contents":[]}"#.into()),
        ]);
        let value = span.attributes.get("gen_ai.input.messages").unwrap();
        assert_eq!(
            inputs(&Found::of(&span)),
            Some(Field::Attribute("gen_ai.input.messages", value))
        );
    }
}
