//! Amazon Bedrock: `Converse`, which is the same for all of its models, and `InvokeModel`, where each has its own shape.

use serde_json::{Map, Value as Json, json};

use super::{Api, Said, append, count, sum, text};
use crate::genai::TokenUsage;

/// What an answer was counted as, where a stream of `InvokeModel` says it.
const METRICS: &str = "amazon-bedrock-invocationMetrics";

/// The model of `/model/<model>/<method>`.
pub(super) fn model(path: &str) -> Option<String> {
    const METHODS: [&str; 4] = [
        "converse",
        "converse-stream",
        "invoke",
        "invoke-with-response-stream",
    ];
    let (_, call) = path.rsplit_once("/model/")?;
    let (model, method) = call.rsplit_once('/')?;
    METHODS
        .contains(&method)
        .then(|| crate::percent::decoded(model))
}

/// Models of Anthropic are invoked in the shape of their maker, those of Amazon in that of `Converse`.
pub(super) fn api_of(path: &str, body: &Json) -> Api {
    let is_converse = path.ends_with("/converse") || path.ends_with("/converse-stream");
    if body.get("anthropic_version").is_some() {
        Api::Anthropic
    } else if is_converse || body.get("messages").is_some_and(is_converse_messages) {
        Api::Converse
    } else {
        Api::Invoke
    }
}

/// Parts are named by their only member there, and have no `type`.
fn is_converse_messages(messages: &Json) -> bool {
    let content = messages.pointer("/0/content/0");
    content.is_some_and(|part| part.is_object() && part.get("type").is_none())
}

pub(super) fn said_in_converse(answer: &Json) -> Said {
    let cache_read = count(answer, "/usage/cacheReadInputTokens");
    let cache_write = count(answer, "/usage/cacheWriteInputTokens");
    // What a cache had part in is counted apart here; everywhere else it is a part of the input.
    let fresh = count(answer, "/usage/inputTokens");
    Said {
        usage: TokenUsage {
            input: fresh.and_then(|fresh| sum([Some(fresh), cache_read, cache_write])),
            output: count(answer, "/usage/outputTokens"),
            cache_read,
            cache_write,
            reasoning: None,
        },
        finish_reasons: text(answer, "/stopReason").into_iter().collect(),
        ..Said::default()
    }
}

/// Of Titan, Llama and others that count for themselves.
pub(super) fn said_by_model(answer: &Json) -> Said {
    let input = ["/inputTextTokenCount", "/prompt_token_count"];
    let output = [
        "/results/0/tokenCount",
        "/totalOutputTextTokenCount",
        "/generation_token_count",
    ];
    let reasons = [
        "/results/0/completionReason",
        "/completionReason",
        "/stop_reason",
        "/outputs/0/stop_reason",
    ];
    let first = |pointers: &[&str]| pointers.iter().find_map(|pointer| count(answer, pointer));
    let reason = reasons.iter().find_map(|pointer| text(answer, pointer));
    Said {
        usage: TokenUsage {
            input: first(&input),
            output: first(&output),
            ..TokenUsage::default()
        },
        finish_reasons: reason.into_iter().collect(),
        ..Said::default()
    }
}

/// What the events of `InvokeModel` say of every model alike.
pub(super) fn metrics(event: &Json) -> TokenUsage {
    TokenUsage {
        input: count(&event[METRICS], "/inputTokenCount"),
        output: count(&event[METRICS], "/outputTokenCount"),
        ..TokenUsage::default()
    }
}

/// An event of `ConverseStream`, by its name. `true` when the model has stopped; its tokens still follow.
pub(super) fn take_event(answer: &mut Json, name: &str, event: &Json) -> bool {
    if answer.is_null() {
        *answer = json!({"output": {"message": {"role": "assistant", "content": []}}});
    }
    let index = event["contentBlockIndex"]
        .as_u64()
        .and_then(|index| usize::try_from(index).ok());
    match name {
        "contentBlockStart" => {
            if let Some(block) = index.and_then(|index| block(answer, index)) {
                *block = event["start"].clone();
            }
        }
        "contentBlockDelta" => {
            if let Some(block) = index.and_then(|index| block(answer, index)) {
                take_delta(block, &event["delta"]);
            }
        }
        "contentBlockStop" => {
            if let Some(block) = index.and_then(|index| block(answer, index)) {
                close(block);
            }
        }
        "messageStop" => {
            answer["stopReason"] = event["stopReason"].clone();
            return true;
        }
        "metadata" => {
            answer["usage"] = event["usage"].clone();
            answer["metrics"] = event["metrics"].clone();
        }
        _ => {}
    }
    false
}

/// More blocks than that has no answer.
const MAX_BLOCKS: usize = 1_000;

fn block(answer: &mut Json, index: usize) -> Option<&mut Json> {
    let Json::Array(blocks) = &mut answer["output"]["message"]["content"] else {
        return None;
    };
    if blocks.len() <= index && index < MAX_BLOCKS {
        blocks.resize(index + 1, Json::Null);
    }
    blocks.get_mut(index)
}

fn take_delta(block: &mut Json, delta: &Json) {
    if let Some(piece) = delta["text"].as_str() {
        append(&mut block["text"], piece);
    }
    if let Some(piece) = delta["toolUse"]["input"].as_str() {
        append(&mut block["toolUse"]["input"], piece);
    }
    let thought = &delta["reasoningContent"];
    for name in ["text", "signature"] {
        if let Some(piece) = thought[name].as_str() {
            append(&mut block["reasoningContent"]["reasoningText"][name], piece);
        }
    }
}

/// Arguments of a tool come as pieces of JSON text.
fn close(block: &mut Json) {
    if let Some(input) = block.pointer_mut("/toolUse/input")
        && let Some(written) = input.as_str()
        && let Ok(arguments) = serde_json::from_str(written)
    {
        *input = arguments;
    }
}

/// A piece of an answer in a shape of its own: texts go on, everything else is what was said last.
pub(super) fn take_piece(answer: &mut Json, piece: &Json) -> bool {
    if answer.is_null() {
        *answer = Json::Object(Map::new());
    }
    let mut has_stopped = false;
    for (name, value) in piece.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("outputText" | "generation" | "completion" | "text", Json::String(piece)) => {
                append(&mut answer[name], piece);
            }
            (_, Json::Null) => {}
            _ => answer[name] = value.clone(),
        }
        let ends = matches!(name.as_str(), "completionReason" | "stop_reason" | METRICS);
        has_stopped |= ends && !value.is_null();
    }
    has_stopped
}

/// An answer with its length in place of a vector.
pub(super) fn without_vector(mut answer: Json) -> Json {
    let dimensions = answer["embedding"].as_array().map(Vec::len);
    if let (Some(dimensions), Some(members)) = (dimensions, answer.as_object_mut()) {
        members.remove("embedding");
        members.remove("embeddingsByType");
        members.insert("dimensions".into(), dimensions.into());
    }
    answer
}
