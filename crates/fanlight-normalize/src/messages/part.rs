//! One piece of a message's content, in the shape of any provider.

use fanlight_model::Value;

use super::media;
use super::message::{Modality, Part};
use super::tool;
use crate::document::{entries, first_member, first_text, items, member, text};

type Read = fn(&Value) -> Option<Part>;

/// Parts that say what they are (`type`; `block_type` of LlamaIndex, `part_kind` of Pydantic AI).
const BY_TYPE: &[(&str, Read)] = &[
    ("text", plain_text),
    ("input_text", plain_text),
    ("output_text", plain_text),
    ("user-prompt", plain_text),
    ("system-prompt", plain_text),
    ("instructions", plain_text),
    ("retry-prompt", plain_text),
    ("summary_text", reasoning),
    ("reasoning_text", reasoning),
    ("reasoning", reasoning),
    ("thinking", reasoning),
    ("tool_use", tool::call),
    ("server_tool_use", tool::call),
    ("mcp_tool_use", tool::call),
    ("tool_call", tool::call),
    ("server_tool_call", tool::call),
    ("tool-call", tool::call),
    ("builtin-tool-call", tool::call),
    ("function", tool::call),
    ("function_call", tool::call),
    ("custom_tool_call", tool::call),
    ("tool_result", tool::response),
    ("mcp_tool_result", tool::response),
    ("tool_call_response", tool::response),
    ("server_tool_call_response", tool::response),
    ("tool-result", tool::response),
    ("tool-return", tool::response),
    ("builtin-tool-return", tool::response),
    ("tool_return", tool::response),
    ("function_call_output", tool::response),
    ("custom_tool_call_output", tool::response),
    ("web_search_tool_result", tool::response),
    ("image_url", |part| {
        media_in(part, Modality::Image, &["image_url"])
    }),
    ("input_image", |part| media_in(part, Modality::Image, &[])),
    ("image", |part| {
        media_in(part, Modality::Image, &["source", "image"])
    }),
    ("image-url", |part| media_in(part, Modality::Image, &[])),
    ("input_audio", |part| {
        media_in(part, Modality::Audio, &["input_audio"])
    }),
    ("audio", |part| {
        media_in(part, Modality::Audio, &["source", "audio"])
    }),
    ("audio_url", |part| {
        media_in(part, Modality::Audio, &["audio_url"])
    }),
    ("audio-url", |part| media_in(part, Modality::Audio, &[])),
    ("video", |part| {
        media_in(part, Modality::Video, &["source", "video"])
    }),
    ("video_url", |part| {
        media_in(part, Modality::Video, &["video_url"])
    }),
    ("video-url", |part| media_in(part, Modality::Video, &[])),
    ("document", |part| {
        media_in(part, Modality::Document, &["source", "document"])
    }),
    ("document_url", |part| {
        media_in(part, Modality::Document, &[])
    }),
    ("document-url", |part| {
        media_in(part, Modality::Document, &[])
    }),
    ("input_file", |part| media_in(part, Modality::Document, &[])),
    ("file", file),
    ("media", media::read_any),
    ("binary", media::read_any),
    ("blob", stated_modality),
    ("uri", stated_modality),
];

/// Parts that are what their only member is called: Gemini, Bedrock, Haystack, OpenInference.
const BY_MEMBER: &[(&str, Read)] = &[
    ("functionCall", tool::call),
    ("function_call", tool::call),
    ("functionResponse", tool::response),
    ("function_response", tool::response),
    ("toolUse", tool::call),
    ("toolResult", tool::response),
    ("tool_call", tool::call),
    ("tool_call_result", haystack_result),
    ("inlineData", media::read_any),
    ("inline_data", media::read_any),
    ("fileData", media::read_any),
    ("file_data", media::read_any),
    ("image", |image| media::read(Modality::Image, image)),
    ("audio", |audio| media::read(Modality::Audio, audio)),
    ("video", |video| media::read(Modality::Video, video)),
    ("document", |document| {
        media::read(Modality::Document, document)
    }),
    ("reasoningContent", |content| {
        reasoning(member(content, "reasoningText")?)
    }),
    ("reasoning", reasoning),
];

const KIND: [&str; 3] = ["type", "block_type", "part_kind"];
/// Marks in a prompt that say nothing.
const SILENT: [&str; 3] = ["cachePoint", "cache_point", "cache_breakpoint"];

/// The parts that `value` stands for: none for a mark without content, several for a reasoning with several summaries.
/// `None` when it is no part at all.
pub(super) fn read(value: &Value) -> Option<Vec<Part>> {
    match value {
        Value::String(text) => Some(non_empty_text(text)),
        Value::Map(members) => {
            // OpenInference's content, and beside it the call that some of it stands for.
            if let Some(inner) = member(value, "message_content") {
                let call = member(value, "tool_call").and_then(|_| tool::call(value));
                return call.map_or_else(|| read(inner), |call| Some(vec![call]));
            }
            let mut said = members.iter().map(|(name, _)| name.as_str());
            if said.any(|name| SILENT.contains(&name))
                || first_text(value, &KIND).is_some_and(|kind| SILENT.contains(&kind))
            {
                return Some(Vec::new());
            }
            typed(value).or_else(|| untyped(value))
        }
        _ => None,
    }
}

/// As [`read`], but what has no known shape is kept as it came.
pub(super) fn read_or_keep(value: &Value) -> Vec<Part> {
    read(value).unwrap_or_else(|| {
        let kind = match (first_text(value, &KIND), entries(value)) {
            (Some(kind), _) => kind,
            (None, [(only, _)]) => only,
            _ => "unknown",
        };
        match value {
            Value::Null => Vec::new(),
            value => vec![Part::Other {
                kind: kind.to_owned(),
                value: value.clone(),
            }],
        }
    })
}

fn typed(value: &Value) -> Option<Vec<Part>> {
    let kind = first_text(value, &KIND)?;
    if matches!(kind, "reasoning" | "thinking") && member(value, "summary").is_some() {
        return Some(summaries(value));
    }
    let (_, read) = BY_TYPE.iter().find(|(name, _)| *name == kind)?;
    match read(value) {
        Some(Part::Text(text)) if text.is_empty() => Some(Vec::new()),
        part => part.map(|part| vec![part]),
    }
}

fn untyped(value: &Value) -> Option<Vec<Part>> {
    let by_member = BY_MEMBER
        .iter()
        .find_map(|(name, read)| read(member(value, name)?));
    if let Some(part) = by_member {
        return Some(vec![part]);
    }
    if first_text(value, &KIND).is_some() {
        return None;
    }
    // AutoGen: `{"id": …, "name": …, "arguments": …}`
    if member(value, "name").is_some() && member(value, "arguments").is_some() {
        return tool::call(value).map(|call| vec![call]);
    }
    let text = text(value, "text")?;
    if member(value, "thought") == Some(&Value::Bool(true)) {
        return Some(vec![Part::Reasoning(text.to_owned())]);
    }
    Some(non_empty_text(text))
}

fn non_empty_text(text: &str) -> Vec<Part> {
    if text.is_empty() {
        return Vec::new();
    }
    vec![Part::Text(text.to_owned())]
}

fn plain_text(value: &Value) -> Option<Part> {
    let content = first_member(value, &["text", "content"])?;
    match content {
        Value::String(text) => Some(Part::Text(text.clone())),
        // `{"type": "text", "text": {"value": …}}` of OpenAI's threads.
        Value::Map(_) => Some(Part::Text(text(content, "value")?.to_owned())),
        _ => None,
    }
}

fn reasoning(value: &Value) -> Option<Part> {
    let names = ["thinking", "reasoning", "text", "content", "reasoning_text"];
    if let Some(text) = first_text(value, &names) {
        return Some(Part::Reasoning(text.to_owned()));
    }
    // Mistral thinks in parts.
    let parts = items(member(value, "thinking")?);
    let texts: Vec<_> = parts.iter().filter_map(|part| text(part, "text")).collect();
    (!texts.is_empty()).then(|| Part::Reasoning(texts.concat()))
}

/// OpenAI's reasoning item: summaries, and with some models the text itself.
fn summaries(value: &Value) -> Vec<Part> {
    ["summary", "content"]
        .iter()
        .filter_map(|name| member(value, name))
        .flat_map(items)
        .filter_map(reasoning)
        .collect()
}

/// Media in one of the members called `places`, or in the part itself.
fn media_in(part: &Value, modality: Modality, places: &[&str]) -> Option<Part> {
    let held = places.iter().find_map(|place| {
        let held = member(part, place)?;
        media::read(modality, held)
    });
    held.or_else(|| media::read(modality, part))
}

fn file(part: &Value) -> Option<Part> {
    if text(part, "modality").is_some() {
        return stated_modality(part);
    }
    match member(part, "file") {
        Some(file) => media::read_any(file),
        None => media::read_any(part),
    }
}

fn stated_modality(part: &Value) -> Option<Part> {
    let modality = match text(part, "modality") {
        Some("image") => Modality::Image,
        Some("audio") => Modality::Audio,
        Some("video") => Modality::Video,
        _ => return media::read_any(part),
    };
    media::read(modality, part)
}

fn haystack_result(result: &Value) -> Option<Part> {
    let origin = member(result, "origin");
    Some(Part::ToolCallResponse {
        id: origin.and_then(tool::call_id),
        name: origin.and_then(|origin| Some(text(origin, "tool_name")?.to_owned())),
        response: tool::plain(member(result, "result")?),
        is_error: tool::is_error(result),
    })
}

/// Whether `value` looks like a part and like nothing else: what a list of content, without a message around it, holds.
pub(super) fn is_part(value: &Value) -> bool {
    let is_typed = text(value, "type")
        .is_some_and(|kind| BY_TYPE.iter().any(|(name, _)| *name == kind) && kind != "function");
    let is_named = matches!(entries(value), [(name, _)] if name == "text"
        || BY_MEMBER.iter().any(|(known, _)| known == name));
    is_typed || is_named
}
