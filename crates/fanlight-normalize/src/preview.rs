//! The one line a list shows of a request or a response: what the user asked, what the assistant answered.

use fanlight_model::Value;

use crate::json_text::{decode_json_text, render};

const MAX_CHARS: usize = 1000;
const ELLIPSIS: &str = "...";

const TEXT_PARTS: [&str; 3] = ["text", "input_text", "output_text"];

/// Of inputs: the last message of the user, else the JSON.
pub(crate) fn request(inputs: &Value) -> String {
    let decoded = decode_json_text(inputs);
    let text = user_text(&decoded).or_else(|| user_text(field(&decoded, "request")?));
    text.map_or_else(|| whole(inputs), cut)
}

/// Of outputs: the answer of the assistant, else the JSON.
pub(crate) fn response(outputs: &Value) -> String {
    let decoded = decode_json_text(outputs);
    assistant_text(&decoded).map_or_else(|| whole(outputs), cut)
}

/// A plain list is taken for messages only when one of them says whose it is: it may as well be documents.
fn messages(value: &Value) -> Option<&Value> {
    let is_message = |item: &Value| field(item, "role").is_some();
    items(value).iter().any(is_message).then_some(value)
}

fn user_text(inputs: &Value) -> Option<&str> {
    let lists = [
        messages(inputs),
        field(inputs, "messages"),
        field(inputs, "input"),
    ];
    lists
        .into_iter()
        .flatten()
        .find_map(|list| text_of_last(list, "user"))
}

fn assistant_text(outputs: &Value) -> Option<&str> {
    let choice = field(outputs, "choices")
        .and_then(|choices| items(choices).first())
        .and_then(|first| field(first, "message"));
    if let Some(text) = choice.and_then(message_text) {
        return Some(text);
    }
    let lists = [
        messages(outputs),
        field(outputs, "messages"),
        field(outputs, "output"),
    ];
    lists
        .into_iter()
        .flatten()
        .find_map(|list| text_of_last(list, "assistant"))
}

/// Text of the last message with this role, or of the last message when nobody has the role. A list without messages
/// has none.
fn text_of_last<'a>(list: &'a Value, role: &str) -> Option<&'a str> {
    let has_role = |message: &&Value| field(message, "role").and_then(Value::as_str) == Some(role);
    let messages = items(list);
    messages
        .iter()
        .rev()
        .find(has_role)
        .or(messages.last())
        .and_then(message_text)
}

/// A message is an object with `content` (text, or parts with `text`) or, in GenAI, with `parts` (parts with `content`).
fn message_text(message: &Value) -> Option<&str> {
    match field(message, "content") {
        Some(Value::String(text)) => return Some(text),
        Some(Value::Array(parts)) => {
            if let Some(text) = parts.iter().find_map(|part| part_text(part, "text")) {
                return Some(text);
            }
        }
        _ => {}
    }
    items(field(message, "parts")?)
        .iter()
        .find_map(|part| part_text(part, "content").or_else(|| part_text(part, "text")))
}

fn part_text<'a>(part: &'a Value, name: &str) -> Option<&'a str> {
    let is_text = field(part, "type")
        .and_then(Value::as_str)
        .is_none_or(|kind| TEXT_PARTS.contains(&kind));
    field(part, name)
        .and_then(Value::as_str)
        .filter(|_| is_text)
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Map(entries) => entries
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value),
        _ => None,
    }
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        _ => &[],
    }
}

fn whole(value: &Value) -> String {
    cut(&render(value, MAX_CHARS + 1))
}

fn cut(text: &str) -> String {
    if text.char_indices().nth(MAX_CHARS).is_none() {
        return text.to_owned();
    }
    text.chars()
        .take(MAX_CHARS - ELLIPSIS.len())
        .chain(ELLIPSIS.chars())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::json;

    #[test]
    fn the_last_message_of_the_user_is_the_request() {
        let chat = r#"{"model": "m", "messages": [{"role": "user", "content": "one"},
            {"role": "user", "content": "two"}, {"role": "assistant", "content": "three"}]}"#;
        assert_eq!(request(&json(chat)), "two");
        assert_eq!(request(&chat.into()), "two");
        assert_eq!(
            request(&json(
                r#"{"messages": [{"role": "system", "content": "s"}]}"#
            )),
            "s"
        );
        assert_eq!(
            request(&json(
                r#"{"request": {"messages": [{"role": "user", "content": "in"}]}}"#
            )),
            "in"
        );
    }

    #[test]
    fn the_responses_api_is_understood() {
        let input = r#"{"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "u"},
            {"type": "input_text", "text": "look"}]}]}"#;
        assert_eq!(request(&json(input)), "look");
        let output = r#"{"output": [{"type": "reasoning", "summary": []}, {"type": "message", "role": "assistant",
            "content": [{"type": "output_text", "text": "seen"}]}]}"#;
        assert_eq!(response(&json(output)), "seen");
    }

    #[test]
    fn the_answer_is_the_first_choice_or_the_last_message_of_the_assistant() {
        assert_eq!(
            response(&json(
                r#"{"choices": [{"message": {"role": "assistant", "content": "yo"}}]}"#
            )),
            "yo"
        );
        let messages = r#"{"messages": [{"role": "assistant", "content": "yo"}, {"role": "tool", "content": "t"}]}"#;
        assert_eq!(response(&json(messages)), "yo");
    }

    #[test]
    fn message_arrays_are_unpacked() {
        let input = r#"[{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]"#;
        assert_eq!(request(&input.into()), "hi");
        let output = r#"[{"role": "assistant", "parts": [{"type": "tool_call", "name": "f"},
            {"type": "text", "content": "yo"}], "finish_reason": "stop"}]"#;
        assert_eq!(response(&output.into()), "yo");
    }

    #[test]
    fn anything_else_is_shown_as_json() {
        assert_eq!(
            request(&json(r#"{"q":"hi","n":[1,2.5]}"#)),
            r#"{"q": "hi", "n": [1, 2.5]}"#
        );
        assert_eq!(request(&r#"{"q":"hi"}"#.into()), r#"{"q":"hi"}"#);
        assert_eq!(response(&"answer".into()), "\"answer\"");
        assert_eq!(
            response(&json(r#"{"choices": [{"message": {"content": null}}]}"#)),
            r#"{"choices": [{"message": {"content": null}}]}"#
        );
        assert_eq!(response(&json("[]")), "[]");
        assert_eq!(
            response(&json(r#"[{"content": "document"}]"#)),
            r#"[{"content": "document"}]"#
        );
        assert_eq!(response(&json("[1, 2]")), "[1, 2]");
    }

    #[test]
    fn long_text_is_cut_on_characters() {
        let exact = "ü".repeat(1000);
        let chat = |text: &str| {
            json(&format!(
                r#"{{"messages": [{{"role": "user", "content": "{text}"}}]}}"#
            ))
        };
        assert_eq!(request(&chat(&exact)), exact);
        assert_eq!(
            request(&chat(&(exact.clone() + "ü"))),
            "ü".repeat(997) + "..."
        );
        assert_eq!(
            response(&exact.as_str().into()),
            format!("\"{}...", "ü".repeat(996))
        );
    }
}
