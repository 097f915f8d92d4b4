//! Spans of Claude Code, which have a schema of their own with bare attribute names.

use fanlight_model::Value;

use crate::content::Field;
use crate::found::{Found, has_content};
use crate::json_text;
use crate::keys::Key;

const PREFIX: &str = "claude_code.";
/// Stands for content the user chose not to record.
const REDACTED: &str = "<REDACTED>";
/// What identifies a tool call when its input was not recorded.
const TOOL_DETAILS: &[Key] = &[
    Key::ClaudeFullCommand,
    Key::ClaudeFilePath,
    Key::ClaudeSkillName,
    Key::ClaudeSubagentType,
];
const TOOL_OUTPUT_EVENT: &str = "tool.output";
const TOOL_OUTPUT_ATTRIBUTES: [&str; 3] = ["output", "content", "diff"];

/// The kinds of span that carry something. Their attributes have such common names that they are read only on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Interaction,
    LlmRequest,
    Tool,
}

impl Kind {
    pub(crate) fn of(found: &Found<'_>) -> Option<Self> {
        let text = found.text(Key::PlainSpanType)?;
        match text.strip_prefix(PREFIX).unwrap_or(&text) {
            "interaction" => Some(Self::Interaction),
            "llm_request" => Some(Self::LlmRequest),
            "tool" => Some(Self::Tool),
            _ => None,
        }
    }

    pub(crate) const fn span_type(self) -> &'static str {
        match self {
            Self::Interaction => "AGENT",
            Self::LlmRequest => "LLM",
            Self::Tool => "TOOL",
        }
    }
}

pub(crate) fn inputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    match Kind::of(found)? {
        Kind::Interaction => first(found, &[Key::ClaudeUserPrompt, Key::ClaudeNewContext]),
        Kind::LlmRequest => first(found, &[Key::ClaudeNewContext]),
        Kind::Tool => first(found, &[Key::ClaudeToolInput]).or_else(|| tool_details(found)),
    }
}

pub(crate) fn outputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    match Kind::of(found)? {
        Kind::Interaction => None,
        Kind::LlmRequest => first(found, &[Key::ClaudeModelOutput]),
        Kind::Tool => first(found, &[Key::ClaudeNewContext]),
    }
}

pub(crate) fn event_outputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    if Kind::of(found)? != Kind::Tool {
        return None;
    }
    let events = found
        .span
        .events
        .iter()
        .filter(|event| event.name == TOOL_OUTPUT_EVENT);
    events
        .flat_map(|event| {
            TOOL_OUTPUT_ATTRIBUTES
                .iter()
                .filter_map(|name| event.attributes.get(name))
        })
        .find(|value| is_recorded(value))
        .map(|value| Field::Composed(json_text::decode_json_text(value).into_owned()))
}

pub(crate) fn is_model_call(found: &Found<'_>) -> bool {
    Kind::of(found) == Some(Kind::LlmRequest)
}

fn first<'a>(found: &Found<'a>, keys: &[Key]) -> Option<Field<'a>> {
    keys.iter().find_map(|key| {
        let value = found.get(*key).filter(|value| is_recorded(value))?;
        Some(Field::Attribute(key.name(), value))
    })
}

fn tool_details<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    let details: Vec<_> = TOOL_DETAILS
        .iter()
        .filter_map(|key| {
            let value = found.get(*key).filter(|value| is_recorded(value))?;
            Some((
                key.name().to_owned(),
                json_text::decode_json_text(value).into_owned(),
            ))
        })
        .collect();
    (!details.is_empty()).then_some(Field::Composed(Value::Map(details)))
}

fn is_recorded(value: &Value) -> bool {
    has_content(value)
        && value
            .as_str()
            .is_none_or(|text| json_text::plain(text) != REDACTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{event, json, span};

    #[test]
    fn prompts_and_answers_are_read_by_kind() {
        let interaction = span([
            ("span.type", "interaction".into()),
            ("user_prompt", "hi".into()),
        ]);
        let prompt = interaction.attributes.get("user_prompt").unwrap();
        assert_eq!(
            inputs(&Found::of(&interaction)),
            Some(Field::Attribute("user_prompt", prompt))
        );

        let other = span([("span.type", "hook".into()), ("user_prompt", "hi".into())]);
        assert_eq!(inputs(&Found::of(&other)), None);
    }

    #[test]
    fn a_tool_without_recorded_input_is_described_by_its_details() {
        let tool = span([
            ("span.type", "claude_code.tool".into()),
            ("tool_input", "<REDACTED>".into()),
            ("full_command", "ls".into()),
            ("file_path", "<REDACTED>".into()),
            ("new_context", "out".into()),
        ]);
        let found = Found::of(&tool);
        assert_eq!(
            inputs(&found),
            Some(Field::Composed(json(r#"{"full_command": "ls"}"#)))
        );
        assert_eq!(
            outputs(&found),
            Some(Field::Attribute("new_context", &"out".into()))
        );
    }

    #[test]
    fn tool_output_may_come_as_an_event() {
        let mut tool = span([("span.type", "tool".into())]);
        tool.events = vec![event(
            "tool.output",
            [("output", "<REDACTED>".into()), ("content", "[1]".into())],
        )];
        assert_eq!(
            event_outputs(&Found::of(&tool)),
            Some(Field::Composed(json("[1]")))
        );
    }
}
