//! OpenAI's APIs, which many providers speak.

use serde_json::{Value as Json, json};

use super::{Said, append, count, text};
use crate::genai::TokenUsage;

/// Of chat completions, completions and embeddings.
pub(super) fn said(answer: &Json) -> Said {
    let choices = answer["choices"].as_array().into_iter().flatten();
    Said {
        model: text(answer, "/model"),
        id: text(answer, "/id"),
        usage: TokenUsage {
            input: count(answer, "/usage/prompt_tokens"),
            output: count(answer, "/usage/completion_tokens"),
            cache_read: count(answer, "/usage/prompt_tokens_details/cached_tokens"),
            cache_write: None,
            reasoning: count(answer, "/usage/completion_tokens_details/reasoning_tokens"),
        },
        finish_reasons: choices
            .filter_map(|choice| text(choice, "/finish_reason"))
            .collect(),
    }
}

pub(super) fn said_in_response(answer: &Json) -> Said {
    let reason = text(answer, "/incomplete_details/reason").or_else(|| text(answer, "/status"));
    Said {
        model: text(answer, "/model"),
        id: text(answer, "/id"),
        usage: TokenUsage {
            input: count(answer, "/usage/input_tokens"),
            output: count(answer, "/usage/output_tokens"),
            cache_read: count(answer, "/usage/input_tokens_details/cached_tokens"),
            cache_write: None,
            reasoning: count(answer, "/usage/output_tokens_details/reasoning_tokens"),
        },
        finish_reasons: reason.into_iter().collect(),
    }
}

/// A chunk of a chat completion or a completion. `true` when the model has stopped.
pub(super) fn take_chunk(answer: &mut Json, chunk: &Json) -> bool {
    if answer.is_null() {
        *answer = json!({"object": "chat.completion", "choices": []});
    }
    for name in ["id", "model", "created", "usage", "system_fingerprint"] {
        if let Some(value) = chunk.get(name).filter(|value| !value.is_null()) {
            answer[name] = value.clone();
        }
    }
    // `[DONE]` follows, but not from everyone.
    let mut has_stopped = false;
    for piece in chunk["choices"].as_array().into_iter().flatten() {
        let index = piece["index"].as_u64().unwrap_or(0);
        let choice = indexed(&mut answer["choices"], index);
        if let Some(reason) = piece
            .get("finish_reason")
            .filter(|reason| !reason.is_null())
        {
            choice["finish_reason"] = reason.clone();
            has_stopped = true;
        }
        if let Some(piece) = piece["text"].as_str() {
            append(&mut choice["text"], piece);
        }
        if let Some(delta) = piece.get("delta") {
            take_delta(&mut choice["message"], delta);
        }
    }
    has_stopped
}

fn take_delta(message: &mut Json, delta: &Json) {
    for (name, piece) in delta.as_object().into_iter().flatten() {
        match (name.as_str(), piece) {
            ("tool_calls", Json::Array(calls)) => {
                for call in calls {
                    let index = call["index"].as_u64().unwrap_or(0);
                    take_call(indexed(&mut message["tool_calls"], index), call);
                }
            }
            ("role", role) => message["role"] = role.clone(),
            (name, Json::String(piece)) => append(&mut message[name], piece),
            _ => {}
        }
    }
}

fn take_call(call: &mut Json, piece: &Json) {
    for name in ["id", "type"] {
        if let Some(value) = piece[name].as_str() {
            call[name] = value.into();
        }
    }
    for name in ["name", "arguments"] {
        if let Some(piece) = piece["function"][name].as_str() {
            append(&mut call["function"][name], piece);
        }
    }
}

/// The member of a list that has this `index`, made if it is missing.
fn indexed(list: &mut Json, index: u64) -> &mut Json {
    if !list.is_array() {
        *list = json!([]);
    }
    let Json::Array(items) = list else {
        unreachable!("made a list above")
    };
    let place = items.iter().position(|item| item["index"] == index);
    let place = place.unwrap_or_else(|| {
        items.push(json!({"index": index}));
        items.len() - 1
    });
    &mut items[place]
}

/// An event of the Responses API. The last one has the whole answer; until then its text is gathered.
pub(super) fn take_response_event(answer: &mut Json, event: &Json) -> bool {
    let kind = event["type"].as_str().unwrap_or_default();
    match kind {
        "response.completed" | "response.incomplete" | "response.failed" => {
            *answer = event["response"].clone();
            true
        }
        "response.output_text.delta" => {
            if answer.is_null() {
                *answer = json!({});
            }
            let item = &mut answer["output"];
            if item.is_null() {
                *item = json!([{"type": "message", "role": "assistant",
                    "content": [{"type": "output_text", "text": ""}]}]);
            }
            if let Some(piece) = event["delta"].as_str() {
                append(&mut item[0]["content"][0]["text"], piece);
            }
            false
        }
        // What was created has no output yet: the answer begins with its first piece.
        _ => false,
    }
}

/// An answer with lengths in place of vectors.
pub(super) fn without_vectors(mut answer: Json) -> Json {
    for item in answer["data"].as_array_mut().into_iter().flatten() {
        let dimensions = item["embedding"].as_array().map(Vec::len);
        if let (Some(dimensions), Some(members)) = (dimensions, item.as_object_mut()) {
            members.remove("embedding");
            members.insert("dimensions".into(), dimensions.into());
        }
    }
    answer
}
