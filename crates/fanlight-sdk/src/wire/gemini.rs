//! Google's Gemini API, also as Vertex AI has it.

use serde_json::{Value as Json, json};

use super::{Said, append, count, sum, text};
use crate::genai::TokenUsage;

/// The model of `…/models/<model>:generateContent` and its streaming form.
pub(super) fn model_and_method(path: &str) -> Option<&str> {
    let (_, call) = path.rsplit_once("/models/")?;
    let (model, method) = call.split_once(':')?;
    matches!(method, "generateContent" | "streamGenerateContent").then_some(model)
}

pub(super) fn said(answer: &Json) -> Said {
    let reasoning = count(answer, "/usageMetadata/thoughtsTokenCount");
    let candidates = count(answer, "/usageMetadata/candidatesTokenCount");
    let choices = answer["candidates"].as_array().into_iter().flatten();
    Said {
        model: text(answer, "/modelVersion"),
        id: text(answer, "/responseId"),
        usage: TokenUsage {
            input: count(answer, "/usageMetadata/promptTokenCount"),
            // Here thoughts are counted beside the answer; everywhere else they are a part of it.
            output: sum([candidates, reasoning]),
            cache_read: count(answer, "/usageMetadata/cachedContentTokenCount"),
            cache_write: None,
            reasoning,
        },
        finish_reasons: choices
            .filter_map(|choice| text(choice, "/finishReason"))
            .collect(),
    }
}

/// `true` when the model has stopped. Each event is an answer with the next parts.
pub(super) fn take_event(answer: &mut Json, event: &Json) -> bool {
    if answer.is_null() {
        *answer = json!({"candidates": []});
    }
    for name in [
        "usageMetadata",
        "modelVersion",
        "responseId",
        "promptFeedback",
    ] {
        if let Some(value) = event.get(name) {
            answer[name] = value.clone();
        }
    }
    let mut has_stopped = event.get("promptFeedback").is_some();
    for (at, piece) in event["candidates"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let Json::Array(candidates) = &mut answer["candidates"] else {
            return has_stopped;
        };
        if candidates.len() <= at {
            candidates.push(json!({"index": at, "content": {"role": "model", "parts": []}}));
        }
        let Some(candidate) = candidates.get_mut(at) else {
            continue;
        };
        if let Some(reason) = piece.get("finishReason") {
            candidate["finishReason"] = reason.clone();
            has_stopped = true;
        }
        for part in piece["content"]["parts"].as_array().into_iter().flatten() {
            if let Json::Array(parts) = &mut candidate["content"]["parts"] {
                take_part(parts, part);
            }
        }
    }
    has_stopped
}

/// Text goes on with the text before it, thought with thought.
fn take_part(parts: &mut Vec<Json>, part: &Json) {
    if let (Some(piece), Some(last)) = (part["text"].as_str(), parts.last_mut())
        && last["text"].is_string()
        && last.get("thought") == part.get("thought")
    {
        append(&mut last["text"], piece);
        return;
    }
    parts.push(part.clone());
}
