//! The one line a list shows of a request or a response: what the user asked, what the assistant answered.

use fanlight_model::{Span, Value};

use crate::content::{self, Field};
use crate::document::{entries, first_member, items, member as field};
use crate::found::Found;
use crate::json_text::{decode, decode_json_text, render};
use crate::messages::{Message, Part, conversation};
use crate::span_type::span_type;

const MAX_CHARS: usize = 1000;
const ELLIPSIS: &str = "...";

const TEXT_PARTS: [&str; 3] = ["text", "input_text", "output_text"];
/// Arguments of a tool stay what they are; alone, a word would not say which of them it is.
const TOOL: &str = "TOOL";
/// Roles whose messages are prompts, also where a span returns them.
const ASKS: [&str; 3] = ["system", "developer", "user"];

/// Of a span that began a trace: what the user said last, else its inputs.
pub(crate) fn request(span: &Span) -> Option<String> {
    let found = Found::of(span);
    let inputs = content::inputs(&found);
    if let Some(text) = inputs.as_ref().and_then(|inputs| simple(inputs, user_text)) {
        return Some(text);
    }
    asked(span).or_else(|| plain(&found, inputs?.value()))
}

/// Of a span that began a trace: what the assistant said last, else its outputs.
pub(crate) fn response(span: &Span) -> Option<String> {
    let found = Found::of(span);
    let outputs = content::outputs(&found);
    if let Some(text) = outputs
        .as_ref()
        .and_then(|outputs| simple(outputs, assistant_text))
    {
        return Some(text);
    }
    answered(span).or_else(|| plain(&found, outputs?.value()))
}

/// What a user said in any span.
pub(crate) fn asked(span: &Span) -> Option<String> {
    let messages = conversation(span).input;
    let mut of_user = messages
        .iter()
        .rev()
        .filter(|message| message.role == "user");
    let said = of_user.find_map(Message::text);
    said.or_else(|| messages.iter().rev().find_map(Message::text))
        .map(|text| words(&text))
}

/// What an assistant said in any span, else what it wanted to call, else what was left to say for a tool.
pub(crate) fn answered(span: &Span) -> Option<String> {
    let messages = conversation(span).output;
    let of_assistant = || {
        messages
            .iter()
            .rev()
            .filter(|message| message.role == "assistant")
    };
    let said = of_assistant().find_map(Message::text);
    let of_others = || {
        let messages = messages.iter().rev();
        messages.filter(|message| !ASKS.contains(&message.role.as_str()))
    };
    said.or_else(|| of_assistant().find_map(calls))
        .or_else(|| of_others().find_map(result))
        .map(|text| words(&text))
}

/// Frameworks write an object with one text as what the user said.
fn words(text: &str) -> String {
    let decoded = decode(text);
    cut(decoded.as_ref().and_then(only_text).unwrap_or(text))
}

/// `get_weather({"city": "Paris"})`
fn calls(message: &Message) -> Option<String> {
    let calls: Vec<_> = message
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall {
                name, arguments, ..
            } => Some(format!("{name}({})", render(arguments, MAX_CHARS))),
            _ => None,
        })
        .collect();
    (!calls.is_empty()).then(|| calls.join(", "))
}

fn result(message: &Message) -> Option<String> {
    message.parts.iter().find_map(|part| match part {
        Part::ToolCallResponse { response, .. } => match response {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(render(other, MAX_CHARS)),
        },
        Part::Text(text) => Some(text.clone()),
        Part::Other {
            kind,
            value: Value::String(text),
        } if kind == "refusal" => Some(text.clone()),
        _ => None,
    })
}

/// The usual shapes, without making messages of all that a request holds. Text that is JSON may have an unusual one.
fn simple(field: &Field<'_>, read: fn(&Value) -> Option<&str>) -> Option<String> {
    let decoded = decode_json_text(field.value());
    let text = read(&decoded).filter(|text| !text.is_empty() && decode(text).is_none())?;
    Some(cut(text))
}

/// Arguments and results of a function: text as it is, the only text of an object, else JSON.
fn plain(found: &Found<'_>, value: &Value) -> Option<String> {
    let decoded = decode_json_text(value);
    if let Value::String(text) = decoded.as_ref() {
        // Clients write what is not there as JSON.
        return (text != "null").then(|| cut(text));
    }
    let content = traceloop_content(&decoded);
    // JSON text stays as its sender wrote it.
    let shown = if std::ptr::eq(content, decoded.as_ref()) {
        value
    } else {
        content
    };
    if let Some(error) = error(content) {
        return Some(cut(error));
    }
    let is_tool = || span_type(found).is_some_and(|own| own == TOOL);
    let words = only_text(content).filter(|_| !is_tool());
    Some(words.map_or_else(|| whole(shown), cut))
}

/// What a provider says went wrong: `{"error": {"message": …}}`, `{"object": "error", "message": …}`.
fn error(value: &Value) -> Option<&str> {
    let says_error = field(value, "object").and_then(Value::as_str) == Some("error");
    let holder = field(value, "error").or_else(|| says_error.then_some(value))?;
    field(holder, "message")?.as_str()
}

/// OpenLLMetry keeps inputs and outputs of LangChain among tags and settings of the run.
fn traceloop_content(value: &Value) -> &Value {
    let is_run = field(value, "kwargs").is_some();
    first_member(value, &["inputs", "outputs"])
        .filter(|_| is_run)
        .unwrap_or(value)
}

/// The text of an object or a list that holds nothing but it.
fn only_text(value: &Value) -> Option<&str> {
    let says_something = |value: &&Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        _ => true,
    };
    let mut members: Vec<_> = items(value).iter().filter(says_something).collect();
    members.extend(
        entries(value)
            .iter()
            .map(|(_, value)| value)
            .filter(says_something),
    );
    match (value, members.as_slice()) {
        (Value::String(text), _) => Some(text),
        (_, [only]) => only_text(only),
        _ => None,
    }
}

/// A plain list is taken for messages only when one of them says whose it is: it may as well be documents.
fn messages(value: &Value) -> Option<&Value> {
    let is_message = |item: &Value| field(item, "role").is_some();
    items(value).iter().any(is_message).then_some(value)
}

fn user_text(inputs: &Value) -> Option<&str> {
    user_text_of(inputs).or_else(|| user_text_of(field(inputs, "request")?))
}

fn user_text_of(inputs: &Value) -> Option<&str> {
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

fn whole(value: &Value) -> String {
    cut(&render(value, MAX_CHARS + 1))
}

pub(crate) fn cut(text: &str) -> String {
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
    use crate::testing::{json, span};

    fn request(inputs: &Value) -> String {
        super::request(&span([("mlflow.spanInputs", inputs.clone())])).unwrap()
    }

    fn response(outputs: &Value) -> String {
        super::response(&span([("mlflow.spanOutputs", outputs.clone())])).unwrap()
    }

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
        assert_eq!(
            request(&r#"{"q":"hi","n":1}"#.into()),
            r#"{"q":"hi","n":1}"#
        );
        assert_eq!(response(&json("[]")), "[]");
        assert_eq!(
            response(&json(r#"[{"content": "document", "id": 1}]"#)),
            r#"[{"content": "document", "id": 1}]"#
        );
        assert_eq!(response(&json("[1, 2]")), "[1, 2]");
    }

    #[test]
    fn text_is_shown_as_people_wrote_it() {
        assert_eq!(response(&"answer".into()), "answer");
        assert_eq!(response(&r#""an \"answer\"""#.into()), r#"an "answer""#);
        assert_eq!(request(&json(r#"{"q": "hi"}"#)), "hi");
        assert_eq!(request(&json(r#"{"args": ["hi"], "kwargs": {}}"#)), "hi");
        let nothing = span([("mlflow.spanOutputs", "null".into())]);
        assert_eq!(super::response(&nothing), None);
    }

    #[test]
    fn settings_of_a_run_are_not_what_went_in() {
        let run = |inputs: &str| {
            format!(r#"{{"inputs": {inputs}, "tags": [], "kwargs": {{"name": "n"}}}}"#)
        };
        assert_eq!(request(&run(r#"{"q": "hi"}"#).as_str().into()), "hi");
        assert_eq!(
            request(&run(r#"{"q": "hi", "n": 1}"#).as_str().into()),
            r#"{"q": "hi", "n": 1}"#
        );
    }

    #[test]
    fn arguments_of_a_tool_keep_their_names() {
        let tool = span([
            ("mlflow.spanType", "TOOL".into()),
            ("mlflow.spanInputs", r#"{"city": "Paris"}"#.into()),
        ]);
        assert_eq!(
            super::request(&tool).as_deref(),
            Some(r#"{"city": "Paris"}"#)
        );
    }

    #[test]
    fn a_model_that_only_calls_tools_answers_with_the_call() {
        let call = r#"{"choices": [{"message": {"role": "assistant", "content": null, "tool_calls": [{"id": "c",
            "function": {"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}}]}}]}"#;
        assert_eq!(response(&json(call)), r#"get_weather({"city": "Paris"})"#);
    }

    #[test]
    fn results_of_tools_are_not_what_the_user_said() {
        let chat = r#"{"model": "claude", "messages": [{"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "18 C"}]}]}"#;
        assert_eq!(request(&json(chat)), "Weather?");
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
            response(&(exact + "ü").as_str().into()),
            "ü".repeat(997) + "..."
        );
    }
}
