//! Calls of tools and their results, in the words of every provider.

use fanlight_model::Value;

use super::message::Part;
use super::part;
use crate::document::{first_member, first_text, items, member, text};
use crate::json_text::decode_json_text;

/// OpenAI's Responses have both `id` (of the item) and `call_id` (of the call).
const CALL_ID: [&str; 7] = [
    "call_id",
    "tool_call_id",
    "tool_use_id",
    "toolUseId",
    "toolCallId",
    "tool_id",
    "id",
];
const NAME: [&str; 4] = ["name", "toolName", "tool_name", "tool"];
const ARGUMENTS: [&str; 7] = [
    "arguments",
    "args",
    "input",
    "parameters",
    "tool_kwargs",
    "action",
    "query",
];
const RESPONSE: [&str; 6] = [
    "response", "result", "output", "content", "outputs", "value",
];

pub(super) fn call(value: &Value) -> Option<Part> {
    let inner = first_member(value, &["tool_call", "function"])
        .filter(|inner| matches!(inner, Value::Map(_)));
    let described = match inner {
        Some(call) if member(call, "function").is_some() => member(call, "function")?,
        Some(call) => call,
        None => value,
    };
    let name = first_text(described, &NAME)?.to_owned();
    let arguments = first_member(described, &ARGUMENTS).map_or(Value::Null, |arguments| {
        decode_json_text(arguments).into_owned()
    });
    let id = inner
        .and_then(|inner| first_text(inner, &CALL_ID))
        .or_else(|| first_text(value, &CALL_ID))
        .map(str::to_owned);
    Some(Part::ToolCall {
        id,
        name,
        arguments,
    })
}

/// A part that holds the result of a call.
#[expect(clippy::unnecessary_wraps, reason = "the tables of `part.rs` want it")]
pub(super) fn response(value: &Value) -> Option<Part> {
    Some(Part::ToolCallResponse {
        id: call_id(value),
        name: first_text(value, &NAME).map(str::to_owned),
        response: first_member(value, &RESPONSE).map_or(Value::Null, plain),
        is_error: is_error(value),
    })
}

pub(super) fn call_id(value: &Value) -> Option<String> {
    first_text(value, &CALL_ID).map(str::to_owned)
}

pub(super) fn is_error(value: &Value) -> bool {
    let flags = ["is_error", "isError", "error"];
    let is_flagged = flags
        .iter()
        .any(|flag| member(value, flag) == Some(&Value::Bool(true)));
    is_flagged || text(value, "status") == Some("error")
}

/// Results are often a list of text parts: their text says the same.
pub(super) fn plain(response: &Value) -> Value {
    let typed_value = text(response, "type")
        .filter(|kind| matches!(*kind, "text" | "json" | "error-text" | "error-json"))
        .and_then(|_| first_member(response, &["value", "text"]));
    if let Some(value) = typed_value {
        return value.clone();
    }
    let parts = items(response);
    if let [only] = parts
        && let Some(json) = member(only, "json")
    {
        return json.clone();
    }
    let texts: Option<Vec<_>> = parts.iter().map(only_text).collect();
    match texts {
        Some(texts) if !texts.is_empty() => Value::String(texts.join("\n")),
        _ => response.clone(),
    }
}

fn only_text(value: &Value) -> Option<String> {
    match part::read(value)?.as_slice() {
        [Part::Text(text)] if matches!(value, Value::Map(_)) => Some(text.clone()),
        _ => None,
    }
}
