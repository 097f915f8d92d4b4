//! Answers that were recorded as the pieces they arrived in.

use fanlight_model::Value;

use crate::document::{at, first_text, items, member, object, text};

/// The whole that a list of pieces adds up to, as the provider would have sent it at once.
pub(super) fn gathered(list: &[Value]) -> Option<Value> {
    // Mistral's client puts an event around each piece.
    if !list.is_empty()
        && list
            .iter()
            .all(|event| matches!(member(event, "data"), Some(Value::Map(_))))
    {
        let data: Vec<_> = list
            .iter()
            .filter_map(|event| member(event, "data").cloned())
            .collect();
        return gathered_pieces(&data);
    }
    gathered_pieces(list)
}

fn gathered_pieces(list: &[Value]) -> Option<Value> {
    let read = [openai, responses, anthropic, bedrock, gemini];
    read.iter().find_map(|read| read(list))
}

/// OpenAI's Responses end with an event that has all of it.
fn responses(events: &[Value]) -> Option<Value> {
    let is_end = |event: &&Value| {
        text(event, "type").is_some_and(|kind| {
            matches!(
                kind,
                "response.completed" | "response.incomplete" | "response.failed"
            )
        })
    };
    let end = events.iter().rev().find(is_end)?;
    member(end, "response").cloned()
}

/// Events of Bedrock's `ConverseStream`.
fn bedrock(events: &[Value]) -> Option<Value> {
    if !events
        .iter()
        .any(|event| member(event, "contentBlockDelta").is_some())
    {
        return None;
    }
    let mut answer = Answer::default();
    for event in events {
        let block = ["contentBlockStart", "contentBlockDelta"]
            .iter()
            .find_map(|name| member(event, name));
        if let Some(block) = block {
            let index = member(block, "contentBlockIndex")
                .and_then(Value::as_integer)
                .unwrap_or(0);
            if let Some(call) = at(block, &["start", "toolUse"]) {
                answer.call(index, text(call, "toolUseId"), text(call, "name"), "");
            }
            if let Some(delta) = member(block, "delta") {
                answer
                    .text
                    .push_str(text(delta, "text").unwrap_or_default());
                let thought = at(delta, &["reasoningContent", "text"]).and_then(Value::as_str);
                answer.reasoning.push_str(thought.unwrap_or_default());
                if let Some(json) = at(delta, &["toolUse", "input"]).and_then(Value::as_str) {
                    answer.call(index, None, None, json);
                }
            }
        }
        let reason = at(event, &["messageStop", "stopReason"]).and_then(Value::as_str);
        answer.finish_reason = reason.map(str::to_owned).or(answer.finish_reason);
    }
    Some(answer.into_message())
}

/// `chat.completion.chunk`s: text and arguments of calls arrive letter by letter.
fn openai(chunks: &[Value]) -> Option<Value> {
    let is_chunk = |chunk: &Value| {
        member(chunk, "choices").is_some_and(|choices| {
            items(choices)
                .iter()
                .any(|choice| member(choice, "delta").is_some())
        })
    };
    if !chunks.iter().any(is_chunk) {
        return None;
    }
    let mut answer = Answer::default();
    for chunk in chunks {
        let Some(choice) = member(chunk, "choices").and_then(|choices| items(choices).first())
        else {
            continue;
        };
        answer.finish_reason = first_text(choice, &["finish_reason"])
            .map(str::to_owned)
            .or(answer.finish_reason);
        let Some(delta) = member(choice, "delta") else {
            continue;
        };
        answer
            .text
            .push_str(text(delta, "content").unwrap_or_default());
        let thoughts = first_text(delta, &["reasoning_content", "reasoning"]);
        answer.reasoning.push_str(thoughts.unwrap_or_default());
        for call in member(delta, "tool_calls").map_or(&[] as &[Value], items) {
            let index = member(call, "index").and_then(Value::as_integer);
            let arguments = at(call, &["function", "arguments"]).and_then(Value::as_str);
            answer.call(
                index.unwrap_or(0),
                text(call, "id"),
                at(call, &["function", "name"]).and_then(Value::as_str),
                arguments.unwrap_or_default(),
            );
        }
    }
    Some(answer.into_message())
}

/// Server-sent events of Anthropic's API.
fn anthropic(events: &[Value]) -> Option<Value> {
    let is_event = |event: &Value| {
        text(event, "type").is_some_and(|kind| {
            kind.starts_with("content_block_") || matches!(kind, "message_start" | "message_delta")
        })
    };
    if !events.iter().any(is_event) {
        return None;
    }
    let mut answer = Answer::default();
    for event in events {
        let index = member(event, "index")
            .and_then(Value::as_integer)
            .unwrap_or(0);
        if let Some(block) = member(event, "content_block") {
            if text(block, "type").is_some_and(|kind| kind.ends_with("tool_use")) {
                answer.call(index, text(block, "id"), text(block, "name"), "");
            }
            answer
                .text
                .push_str(text(block, "text").unwrap_or_default());
        }
        let Some(delta) = member(event, "delta") else {
            continue;
        };
        answer
            .text
            .push_str(text(delta, "text").unwrap_or_default());
        answer
            .reasoning
            .push_str(text(delta, "thinking").unwrap_or_default());
        if let Some(json) = text(delta, "partial_json") {
            answer.call(index, None, None, json);
        }
        answer.finish_reason = first_text(delta, &["stop_reason"])
            .map(str::to_owned)
            .or(answer.finish_reason);
    }
    Some(answer.into_message())
}

/// Gemini sends whole responses with a part each.
fn gemini(chunks: &[Value]) -> Option<Value> {
    if chunks.is_empty()
        || !chunks
            .iter()
            .all(|chunk| member(chunk, "candidates").is_some())
    {
        return None;
    }
    let first = |chunk| member(chunk, "candidates").and_then(|list| items(list).first());
    let mut texts = String::new();
    let mut others = Vec::new();
    let mut reason = None;
    for candidate in chunks.iter().filter_map(first) {
        reason = first_text(candidate, &["finishReason", "finish_reason"]).or(reason);
        let parts = at(candidate, &["content", "parts"]).map_or(&[] as &[Value], items);
        for part in parts {
            match text(part, "text") {
                Some(text) if member(part, "thought") != Some(&Value::Bool(true)) => {
                    texts.push_str(text);
                }
                _ => others.push(part.clone()),
            }
        }
    }
    if !texts.is_empty() {
        others.push(object([("text", Value::String(texts))]));
    }
    let content = object([("role", "model".into()), ("parts", Value::Array(others))]);
    let mut candidate = vec![("content".to_owned(), content)];
    candidate.extend(reason.map(|reason| ("finishReason".to_owned(), Value::from(reason))));
    Some(object([(
        "candidates",
        Value::Array(vec![Value::Map(candidate)]),
    )]))
}

#[derive(Default)]
struct Answer {
    text: String,
    reasoning: String,
    calls: Vec<Call>,
    finish_reason: Option<String>,
}

struct Call {
    index: i64,
    id: Option<String>,
    name: String,
    arguments: String,
}

impl Answer {
    fn call(&mut self, index: i64, id: Option<&str>, name: Option<&str>, arguments: &str) {
        let known = self.calls.iter_mut().find(|call| call.index == index);
        match known {
            Some(call) => {
                call.name.push_str(name.unwrap_or_default());
                call.arguments.push_str(arguments);
            }
            None => self.calls.push(Call {
                index,
                id: id.map(str::to_owned),
                name: name.unwrap_or_default().to_owned(),
                arguments: arguments.to_owned(),
            }),
        }
    }

    fn into_message(self) -> Value {
        let calls = self.calls.into_iter().map(|call| {
            object([
                ("id", call.id.map_or(Value::Null, Value::from)),
                ("name", call.name.into()),
                ("arguments", call.arguments.into()),
            ])
        });
        object([
            ("role", "assistant".into()),
            ("reasoning_content", self.reasoning.into()),
            ("content", self.text.into()),
            ("tool_calls", Value::Array(calls.collect())),
            (
                "finish_reason",
                self.finish_reason.map_or(Value::Null, Value::from),
            ),
        ])
    }
}
