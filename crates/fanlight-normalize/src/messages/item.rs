//! One member of a list of messages, in the shape of any provider or framework.

use fanlight_model::Value;

use super::message::{Message, Modality, Part};
use super::{media, part, tool};
use crate::document::{at, entries, first_member, first_text, items, member, text};

pub(super) const ASSISTANT: &str = "assistant";
pub(super) const TOOL: &str = "tool";

/// What senders are called, and the role that is: providers first, then LangChain's, AutoGen's and LlamaIndex's classes.
const ROLES: &[(&str, &str)] = &[
    ("system", "system"),
    ("developer", "developer"),
    ("user", "user"),
    ("assistant", ASSISTANT),
    ("tool", TOOL),
    ("function", TOOL),
    ("model", ASSISTANT),
    ("human", "user"),
    ("ai", ASSISTANT),
    ("chatbot", ASSISTANT),
    ("tool-response", TOOL),
    ("tool-call", ASSISTANT),
    ("tool_calls", ASSISTANT),
    ("humanmessage", "user"),
    ("humanmessagechunk", "user"),
    ("aimessage", ASSISTANT),
    ("aimessagechunk", ASSISTANT),
    ("systemmessage", "system"),
    ("systemmessagechunk", "system"),
    ("toolmessage", TOOL),
    ("toolmessagechunk", TOOL),
    ("functionmessage", TOOL),
    ("usermessage", "user"),
    ("assistantmessage", ASSISTANT),
    ("functionexecutionresultmessage", TOOL),
];
const CONTENT: [&str; 6] = [
    "content", "contents", "parts", "blocks", "_content", "message",
];
/// Cohere plans aloud.
const REASONING: [&str; 4] = ["reasoning_content", "reasoning", "thinking", "tool_plan"];
const FINISH_REASON: [&str; 4] = ["finish_reason", "finishReason", "stop_reason", "stopReason"];
/// Where frameworks keep what the provider said about a message.
const DETAILS: [&str; 4] = ["response_metadata", "generation_info", "meta", "_meta"];

/// Whether `value` says whose message it is, in a word that is known. Lists of anything else have members with a
/// `role` or a `type` as well.
pub(super) fn is_message(value: &Value) -> bool {
    if let Some(inner) = wrapped(value) {
        return is_message(inner);
    }
    is_response_item(value)
        || is_pydantic(value)
        || (known_role(value).is_some() && has_content(value))
}

/// The messages that `value` stands for; one, but for Pydantic AI, whose requests hold what several roles say.
pub(super) fn read(value: &Value) -> Vec<Message> {
    if is_pydantic(value) {
        return pydantic(value);
    }
    match wrapped(value) {
        Some(inner) => {
            let mut messages = read(inner);
            if let [message] = messages.as_mut_slice() {
                message.finish_reason = message
                    .finish_reason
                    .take()
                    .or_else(|| finish_reason(value));
                if let Some(role) = lc_class(value).and_then(role_named) {
                    role.clone_into(&mut message.role);
                }
            }
            messages
        }
        None if is_response_item(value) => vec![response_item(value)],
        None => vec![ordinary(value)],
    }
}

/// The message inside of what LangChain and OpenInference put around it:
/// `{"lc": 1, "id": […, "HumanMessage"], "kwargs": {…}}`, `{"type": "human", "data": {…}}`, `{"message": {…}}`.
fn wrapped(value: &Value) -> Option<&Value> {
    if lc_class(value).is_some() {
        return member(value, "kwargs");
    }
    let data = member(value, "data").filter(|data| matches!(data, Value::Map(_)));
    if text(value, "type").and_then(role_named).is_some() && data.is_some() {
        return data;
    }
    member(value, "message").filter(|inner| {
        matches!(inner, Value::Map(_)) && member(value, "role").is_none() && is_message(inner)
    })
}

fn lc_class(value: &Value) -> Option<&str> {
    member(value, "lc")?;
    items(member(value, "id")?).last()?.as_str()
}

fn known_role(value: &Value) -> Option<&'static str> {
    autogen_role(value).or_else(|| stated_role(value))
}

/// AutoGen says who speaks and in what kind of message, but not in which role.
fn autogen_role(value: &Value) -> Option<&'static str> {
    let source = text(value, "source")?;
    match text(value, "type")? {
        "ToolCallExecutionEvent" => Some(TOOL),
        "TextMessage" | "MultiModalMessage" if source == "user" => Some("user"),
        "TextMessage"
        | "MultiModalMessage"
        | "ToolCallRequestEvent"
        | "ToolCallSummaryMessage"
        | "ThoughtEvent" => Some(ASSISTANT),
        _ => None,
    }
}

fn stated_role(value: &Value) -> Option<&'static str> {
    ["role", "_role", "type"]
        .iter()
        .filter_map(|name| text(value, name))
        .find_map(role_named)
}

pub(super) fn role_named(name: &str) -> Option<&'static str> {
    let (_, role) = ROLES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some(role)
}

fn has_content(value: &Value) -> bool {
    let places =
        CONTENT
            .iter()
            .chain(&["tool_calls", "toolCalls", "function_call", "tool_call_id"]);
    places
        .into_iter()
        .any(|name| entries(value).iter().any(|(key, _)| key == name))
}

fn ordinary(value: &Value) -> Message {
    let role = known_role(value).or_else(|| first_text(value, &["role", "_role"]));
    let role = role.unwrap_or("user");
    let parts = if role == TOOL {
        tool_parts(value)
    } else {
        parts(value)
    };
    let mut message = Message::new(role_of(role, &parts), parts);
    message.name = first_text(value, &["name", "_name"])
        .filter(|_| message.role != TOOL)
        .map(str::to_owned);
    message.finish_reason = finish_reason(value);
    message
}

/// Anthropic and others let the user bring a tool's result.
fn role_of<'a>(role: &'a str, parts: &[Part]) -> &'a str {
    let is_response = |part: &Part| matches!(part, Part::ToolCallResponse { .. });
    if !parts.is_empty() && parts.iter().all(is_response) {
        TOOL
    } else {
        role
    }
}

fn parts(value: &Value) -> Vec<Part> {
    let thoughts = first_text(value, &REASONING).map(|text| Part::Reasoning(text.to_owned()));
    let content = first_member(value, &CONTENT).map_or_else(Vec::new, content_parts);
    let mut parts: Vec<_> = thoughts.into_iter().chain(content).collect();
    if let Some(audio @ Value::Map(_)) = member(value, "audio") {
        parts.extend(text(audio, "transcript").map(|text| Part::Text(text.to_owned())));
        parts.extend(media::read(Modality::Audio, audio));
    }
    if let Some(refusal) = first_text(value, &["refusal"]) {
        parts.push(Part::Other {
            kind: "refusal".to_owned(),
            value: refusal.into(),
        });
    }
    for call in calls(value) {
        if !parts.iter().any(|known| is_same_call(known, &call)) {
            parts.push(call);
        }
    }
    parts
}

pub(super) fn content_parts(content: &Value) -> Vec<Part> {
    match content {
        Value::Array(items) => items.iter().flat_map(part::read_or_keep).collect(),
        // Gemini: `{"parts": […]}`.
        Value::Map(_) if member(content, "parts").is_some() => {
            member(content, "parts").map_or_else(Vec::new, content_parts)
        }
        // Strands writes a list of parts as JSON text.
        Value::String(text) => match crate::json_text::decode(text) {
            Some(Value::Array(items)) if items.iter().all(part::is_part) && !items.is_empty() => {
                items.iter().flat_map(part::read_or_keep).collect()
            }
            _ => part::read_or_keep(content),
        },
        other => part::read_or_keep(other),
    }
}

/// Calls beside the content. LangChain and LlamaIndex repeat them as their provider wrote them.
fn calls(value: &Value) -> Vec<Part> {
    let lists = [
        member(value, "tool_calls"),
        member(value, "toolCalls"),
        at(value, &["additional_kwargs", "tool_calls"]),
    ];
    let listed: Vec<_> = lists
        .into_iter()
        .flatten()
        .map(|list| {
            items(list)
                .iter()
                .filter_map(tool::call)
                .collect::<Vec<_>>()
        })
        .find(|calls| !calls.is_empty())
        .unwrap_or_default();
    let single = member(value, "function_call").and_then(tool::call);
    listed.into_iter().chain(single).collect()
}

fn is_same_call(known: &Part, call: &Part) -> bool {
    match (known, call) {
        (
            Part::ToolCall {
                id: Some(known), ..
            },
            Part::ToolCall { id: Some(id), .. },
        ) => known == id,
        (known, call) => known == call,
    }
}

/// What a tool answered: parts that say so, else all of the content.
fn tool_parts(value: &Value) -> Vec<Part> {
    let content = first_member(value, &CONTENT);
    let parts = content.map_or_else(Vec::new, content_parts);
    if parts
        .iter()
        .any(|part| matches!(part, Part::ToolCallResponse { .. }))
    {
        return parts;
    }
    // AutoGen: `[{"content": "18 C", "call_id": …}]`
    let results = content.map_or(&[] as &[Value], items);
    if !results.is_empty()
        && results
            .iter()
            .all(|result| member(result, "call_id").is_some())
    {
        return results.iter().filter_map(tool::response).collect();
    }
    vec![Part::ToolCallResponse {
        id: tool::call_id(value).or_else(|| tool::call_id(member(value, "additional_kwargs")?)),
        name: first_text(value, &["name", "tool_name"]).map(str::to_owned),
        response: content.map_or(Value::Null, tool::plain),
        is_error: tool::is_error(value),
    }]
}

pub(super) fn finish_reason(value: &Value) -> Option<String> {
    let details = DETAILS.iter().filter_map(|name| member(value, name));
    std::iter::once(value)
        .chain(details)
        .find_map(|place| first_text(place, &FINISH_REASON))
        .map(str::to_owned)
}

/// An item of OpenAI's Responses that is no message with a role.
pub(super) fn is_response_item(value: &Value) -> bool {
    if member(value, "role").is_some() {
        return false;
    }
    let Some(kind) = text(value, "type") else {
        // LiveKit lists calls without it.
        return ["call_id", "name", "arguments"]
            .iter()
            .all(|name| member(value, name).is_some());
    };
    match kind {
        "function_call_output" | "custom_tool_call_output" => true,
        "function_call" | "custom_tool_call" => member(value, "call_id").is_some(),
        "reasoning" => member(value, "summary").is_some() || member(value, "id").is_some(),
        other => other.ends_with("_call") && member(value, "id").is_some(),
    }
}

fn response_item(value: &Value) -> Message {
    let kind = text(value, "type").unwrap_or_default();
    let role = if kind.ends_with("_output") {
        TOOL
    } else {
        ASSISTANT
    };
    Message::new(role, part::read_or_keep(value))
}

/// Pydantic AI: `{"kind": "request", "parts": [{"part_kind": "user-prompt", …}]}`.
fn is_pydantic(value: &Value) -> bool {
    member(value, "parts").is_some_and(|parts| {
        !items(parts).is_empty()
            && items(parts)
                .iter()
                .all(|part| member(part, "part_kind").is_some())
    })
}

fn pydantic(value: &Value) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    if let Some(instructions) = first_text(value, &["instructions"]) {
        messages.push(Message::new(
            "system",
            vec![Part::Text(instructions.to_owned())],
        ));
    }
    for part in member(value, "parts").map_or(&[] as &[Value], items) {
        let role = match text(part, "part_kind").unwrap_or_default() {
            "system-prompt" => "system",
            "user-prompt" | "retry-prompt" => "user",
            "tool-return" => TOOL,
            _ => ASSISTANT,
        };
        let parts = match (text(part, "part_kind"), member(part, "content")) {
            (Some("user-prompt"), Some(content @ Value::Array(_))) => content_parts(content),
            _ => part::read_or_keep(part),
        };
        match messages.last_mut() {
            Some(last) if last.role == role => last.parts.extend(parts),
            _ => messages.push(Message::new(role, parts)),
        }
    }
    if let Some(last) = messages.last_mut() {
        last.finish_reason = finish_reason(value);
    }
    messages
}
