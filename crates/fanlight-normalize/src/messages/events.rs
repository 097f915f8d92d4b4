//! Messages in span events, where log records that belong to a span end up too.

use fanlight_model::{Event, Span, Value};

use super::item::{self, ASSISTANT};
use super::message::{Message, Part};
use crate::document::{member, text};
use crate::json_text::decode_json_text;
use crate::message_events::{CHOICE, ROLES};

/// The one event that current conventions allow instead of attributes.
const DETAILS: &str = "gen_ai.client.inference.operation.details";
/// Event, the attribute that holds the text, the role of who said it.
const SAID_BY_USER: [(&str, &str); 2] = [
    ("claude_code.user_prompt", "prompt"),
    ("codex.user_prompt", "prompt"),
];
const SAID_BY_ASSISTANT: [(&str, &str); 1] = [("claude_code.assistant_response", "response")];

pub(super) fn inputs(span: &Span) -> Vec<Message> {
    let messages: Vec<_> = span.events.iter().flat_map(input).collect();
    if messages.is_empty() {
        return said(span, &SAID_BY_USER, "user");
    }
    messages
}

pub(super) fn outputs(span: &Span) -> Vec<Message> {
    let choices = span.events.iter().filter(|event| event.name == CHOICE);
    let messages: Vec<_> = choices.flat_map(choice).collect();
    if messages.is_empty() {
        return said(span, &SAID_BY_ASSISTANT, ASSISTANT);
    }
    messages
}

/// The attribute `name` of the event that stands in for attributes of the span.
pub(super) fn detail<'a>(span: &'a Span, name: &str) -> Option<&'a Value> {
    let mut details = span.events.iter().filter(|event| event.name == DETAILS);
    details.find_map(|event| event.attributes.get(name))
}

fn input(event: &Event) -> Vec<Message> {
    let role = ROLES.iter().find(|(name, _)| *name == event.name);
    role.map_or_else(Vec::new, |(_, role)| message(&attributes(event), role))
}

fn choice(event: &Event) -> Vec<Message> {
    let attributes = attributes(event);
    let inner = member(&attributes, "message").map(|inner| decode_json_text(inner).into_owned());
    let mut messages = match inner {
        Some(inner @ Value::Map(_)) => message(&inner, ASSISTANT),
        Some(content) => message(
            &Value::Map(vec![("content".to_owned(), content)]),
            ASSISTANT,
        ),
        None => message(&attributes, ASSISTANT),
    };
    if let Some(last) = messages.last_mut() {
        last.finish_reason = last
            .finish_reason
            .take()
            .or_else(|| item::finish_reason(&attributes));
    }
    messages
}

fn message(value: &Value, role: &str) -> Vec<Message> {
    let mut members = crate::document::entries(value).to_vec();
    if text(value, "role").is_none() {
        members.push(("role".to_owned(), role.into()));
    }
    let message = Value::Map(members);
    let messages = item::read(&message);
    messages
        .into_iter()
        .filter(|message| !message.parts.is_empty())
        .collect()
}

fn attributes(event: &Event) -> Value {
    Value::Map(event.attributes.clone().into_entries())
}

fn said(span: &Span, places: &[(&str, &str)], role: &str) -> Vec<Message> {
    let texts = span.events.iter().filter_map(|event| {
        let (_, attribute) = places.iter().find(|(name, _)| *name == event.name)?;
        event.attributes.get_str(attribute)
    });
    texts
        .filter(|text| !text.is_empty() && *text != "<REDACTED>")
        .map(|text| Message::new(role, vec![Part::Text(text.to_owned())]))
        .collect()
}
