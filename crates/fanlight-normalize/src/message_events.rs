//! Content in span events: older GenAI conventions and Spring AI.
//!
//! The same events may have arrived as log records; then the message of a choice is an object of its own.

use fanlight_model::{Event, Value};

use crate::content::Field;
use crate::found::{Found, has_content};
use crate::json_text::decode_json_text;

pub(crate) const CHOICE: &str = "gen_ai.choice";
/// Event name → role of the message.
pub(crate) const ROLES: [(&str, &str); 4] = [
    ("gen_ai.system.message", "system"),
    ("gen_ai.user.message", "user"),
    ("gen_ai.assistant.message", "assistant"),
    ("gen_ai.tool.message", "tool"),
];
/// What a message may have besides its content.
const MESSAGE_EXTRAS: [&str; 2] = ["tool_calls", "id"];

const SPRING_PROMPT: (&str, &str) = ("gen_ai.content.prompt", "gen_ai.prompt");
const SPRING_COMPLETION: (&str, &str) = ("gen_ai.content.completion", "gen_ai.completion");

/// All messages sent to the model: `[{role, content}]`.
pub(crate) fn inputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    messages(found, |event| {
        let (_, role) = ROLES.iter().find(|(name, _)| *name == event.name)?;
        message(event, role)
    })
}

/// All choices the model answered with: `[{role, content}]`.
pub(crate) fn outputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    messages(found, |event| {
        if event.name == CHOICE {
            choice(event)
        } else {
            None
        }
    })
}

pub(crate) fn spring_inputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    spring(found, SPRING_PROMPT)
}

pub(crate) fn spring_outputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    spring(found, SPRING_COMPLETION)
}

fn messages<'a>(found: &Found<'a>, read: impl Fn(&Event) -> Option<Value>) -> Option<Field<'a>> {
    let messages: Vec<_> = found.span.events.iter().filter_map(read).collect();
    (!messages.is_empty()).then_some(Field::Composed(Value::Array(messages)))
}

fn message(event: &Event, role: &str) -> Option<Value> {
    let content = event
        .attributes
        .get("content")
        .filter(|content| has_content(content));
    let extras: Vec<_> = MESSAGE_EXTRAS
        .iter()
        .filter_map(|name| Some((*name, event.attributes.get(name)?)))
        .collect();
    if content.is_none() && extras.is_empty() {
        return None;
    }
    let mut entries = vec![("role".to_owned(), Value::from(role))];
    entries.extend(content.map(|content| ("content".to_owned(), content.clone())));
    entries.extend(
        extras
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone())),
    );
    Some(Value::Map(entries))
}

fn choice(event: &Event) -> Option<Value> {
    let role = event.attributes.get_str("role").unwrap_or("assistant");
    if let Some(message) = message(event, role) {
        return Some(message);
    }
    let mut entries = vec![("role".to_owned(), Value::from(role))];
    match event.attributes.get("message")? {
        Value::Map(parts) if parts.iter().any(|(name, _)| name == "role") => {
            entries.clone_from(parts);
        }
        Value::Map(parts) => entries.extend(parts.iter().cloned()),
        content if has_content(content) => entries.push(("content".to_owned(), content.clone())),
        _ => return None,
    }
    Some(Value::Map(entries))
}

fn spring<'a>(found: &Found<'a>, (event_name, attribute): (&str, &str)) -> Option<Field<'a>> {
    let mut events = found
        .span
        .events
        .iter()
        .filter(|event| event.name == event_name);
    let value = events.find_map(|event| {
        event
            .attributes
            .get(attribute)
            .filter(|value| has_content(value))
    })?;
    Some(Field::Composed(decode_json_text(value).into_owned()))
}

#[cfg(test)]
mod tests {
    use fanlight_model::Span;

    use super::*;
    use crate::testing::{event, json, span};

    fn with_events<const N: usize>(events: [Event; N]) -> Span {
        Span {
            events: events.into(),
            ..span([("gen_ai.operation.name", "chat".into())])
        }
    }

    #[test]
    fn events_of_a_chat_become_messages() {
        let span = with_events([
            event("gen_ai.system.message", [("content", "be brief".into())]),
            event("gen_ai.user.message", [("content", "hi".into())]),
            event(
                "gen_ai.choice",
                [("content", "yo".into()), ("index", 0.into())],
            ),
        ]);
        let found = Found::of(&span);
        assert_eq!(
            inputs(&found),
            Some(Field::Composed(json(
                r#"[{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]"#
            )))
        );
        assert_eq!(
            outputs(&found),
            Some(Field::Composed(json(
                r#"[{"role": "assistant", "content": "yo"}]"#
            )))
        );
    }

    #[test]
    fn a_choice_may_hold_its_message_as_an_object_or_as_text() {
        let object = json(r#"{"role": "assistant", "tool_calls": [{"id": "c"}]}"#);
        let span = with_events([
            event("gen_ai.choice", [("message", object.clone())]),
            event("gen_ai.choice", [("message", "text".into())]),
        ]);
        let expected = Value::Array(vec![
            object,
            json(r#"{"role": "assistant", "content": "text"}"#),
        ]);
        assert_eq!(outputs(&Found::of(&span)), Some(Field::Composed(expected)));
    }

    #[test]
    fn spring_ai_has_one_event_for_each_side() {
        let span = with_events([
            event(
                "gen_ai.content.prompt",
                [("gen_ai.prompt", "[\"hi\"]".into())],
            ),
            event(
                "gen_ai.content.completion",
                [("gen_ai.completion", "yo".into())],
            ),
        ]);
        let found = Found::of(&span);
        assert_eq!(
            spring_inputs(&found),
            Some(Field::Composed(json("[\"hi\"]")))
        );
        assert_eq!(spring_outputs(&found), Some(Field::Composed("yo".into())));
    }

    #[test]
    fn events_without_content_say_nothing() {
        let span = with_events([
            event("gen_ai.user.message", []),
            event("gen_ai.choice", [("index", 0.into())]),
        ]);
        assert_eq!(inputs(&Found::of(&span)), None);
        assert_eq!(outputs(&Found::of(&span)), None);
    }
}
