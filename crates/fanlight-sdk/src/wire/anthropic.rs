//! Anthropic's Messages API.

use serde_json::{Value as Json, json};

use super::{Said, append, count, sum, text};
use crate::genai::TokenUsage;

pub(super) fn said(answer: &Json) -> Said {
    let cache_read = count(answer, "/usage/cache_read_input_tokens");
    let cache_write = count(answer, "/usage/cache_creation_input_tokens");
    // Here the input is what no cache had part in; everywhere else it is all of it.
    let fresh = count(answer, "/usage/input_tokens");
    Said {
        model: text(answer, "/model"),
        id: text(answer, "/id"),
        usage: TokenUsage {
            input: fresh.and_then(|fresh| sum([Some(fresh), cache_read, cache_write])),
            output: count(answer, "/usage/output_tokens"),
            cache_read,
            cache_write,
            reasoning: None,
        },
        finish_reasons: text(answer, "/stop_reason").into_iter().collect(),
    }
}

/// `true` for the last event.
pub(super) fn take_event(answer: &mut Json, event: &Json) -> bool {
    let index = || usize::try_from(event["index"].as_u64()?).ok();
    match event["type"].as_str().unwrap_or_default() {
        "message_start" => *answer = event["message"].clone(),
        "content_block_start" => {
            if let Some(blocks) = answer["content"].as_array_mut() {
                blocks.push(event["content_block"].clone());
            }
        }
        "content_block_delta" => {
            let block = index().and_then(|index| answer["content"].get_mut(index));
            if let Some(block) = block {
                take_delta(block, &event["delta"]);
            }
        }
        "content_block_stop" => {
            let block = index().and_then(|index| answer["content"].get_mut(index));
            if let Some(block) = block {
                close(block);
            }
        }
        "message_delta" => {
            for (part, to) in [("delta", None), ("usage", Some("usage"))] {
                for (name, value) in event[part].as_object().into_iter().flatten() {
                    match to {
                        Some(to) => answer[to][name] = value.clone(),
                        None => answer[name] = value.clone(),
                    }
                }
            }
        }
        "message_stop" => return true,
        _ => {}
    }
    false
}

/// Arguments of a tool come as pieces of JSON text, and are kept as text until the block ends.
const PARTIAL: &str = "partial_json";

fn take_delta(block: &mut Json, delta: &Json) {
    for (name, of_block) in [
        ("text", "text"),
        ("thinking", "thinking"),
        ("signature", "signature"),
        (PARTIAL, PARTIAL),
    ] {
        if let Some(piece) = delta[name].as_str() {
            append(&mut block[of_block], piece);
        }
    }
}

fn close(block: &mut Json) {
    let Some(partial) = block
        .as_object_mut()
        .and_then(|members| members.remove(PARTIAL))
    else {
        return;
    };
    let written = partial.as_str().unwrap_or_default();
    block["input"] = match written {
        "" => json!({}),
        written => serde_json::from_str(written).unwrap_or(partial),
    };
}
