//! One typed form for the messages of every provider.
//!
//! Names follow OpenTelemetry's schema of GenAI messages, so the JSON of a [`Message`] is what `gen_ai.input.messages`
//! holds.

use fanlight_model::Value;
use serde_json::{Map, Value as Json, json};

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// `system`, `user`, `assistant`, `tool`, or whatever else a client says.
    pub role: String,
    /// Who speaks, where several share a role.
    pub name: Option<String>,
    pub parts: Vec<Part>,
    /// Why the model stopped, in its provider's word.
    pub finish_reason: Option<String>,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Text(String),
    /// What the model thought before it answered.
    Reasoning(String),
    ToolCall {
        id: Option<String>,
        name: String,
        /// Decoded when they came as JSON text.
        arguments: Value,
    },
    ToolCallResponse {
        id: Option<String>,
        name: Option<String>,
        /// Text where the tool answered with text, else what it answered with.
        response: Value,
        is_error: bool,
    },
    /// Data within the message, as base64 text.
    Blob {
        modality: Modality,
        mime_type: Option<String>,
        content: String,
    },
    /// Data that lies elsewhere.
    Uri {
        modality: Modality,
        mime_type: Option<String>,
        uri: String,
    },
    /// Data that was given to the provider before.
    File {
        modality: Modality,
        mime_type: Option<String>,
        file_id: String,
    },
    /// A kind of part without a type of its own here, as it came.
    Other {
        kind: String,
        value: Value,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    Image,
    Audio,
    Video,
    /// Anything else: PDF, text, tables.
    Document,
}

impl Modality {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
        }
    }

    /// The first half of a MIME type is the modality, if it is one.
    pub(super) fn of_mime_type(mime_type: &str) -> Self {
        match mime_type.split('/').next() {
            Some("image") => Self::Image,
            Some("audio") => Self::Audio,
            Some("video") => Self::Video,
            _ => Self::Document,
        }
    }
}

impl Message {
    pub(super) fn new(role: impl Into<String>, parts: Vec<Part>) -> Self {
        Self {
            role: role.into(),
            name: None,
            parts,
            finish_reason: None,
        }
    }

    pub fn to_json(&self) -> Json {
        let mut message = json!({
            "role": self.role,
            "parts": self.parts.iter().map(Part::to_json).collect::<Json>(),
        });
        if let Some(name) = &self.name {
            message["name"] = json!(name);
        }
        if let Some(reason) = &self.finish_reason {
            message["finish_reason"] = json!(reason);
        }
        message
    }

    /// All text of the message, its parts apart by a line.
    pub fn text(&self) -> Option<String> {
        let texts: Vec<_> = self
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }
}

impl Part {
    pub fn to_json(&self) -> Json {
        match self {
            Self::Text(content) => json!({"type": "text", "content": content}),
            Self::Reasoning(content) => json!({"type": "reasoning", "content": content}),
            Self::ToolCall {
                id,
                name,
                arguments,
            } => {
                json!({"type": "tool_call", "id": id, "name": name, "arguments": arguments.to_json()})
            }
            Self::ToolCallResponse {
                id,
                name,
                response,
                is_error,
            } => {
                let mut part =
                    json!({"type": "tool_call_response", "id": id, "response": response.to_json()});
                if let Some(name) = name {
                    part["name"] = json!(name);
                }
                if *is_error {
                    part["is_error"] = json!(true);
                }
                part
            }
            Self::Blob {
                modality,
                mime_type,
                content,
            } => media("blob", *modality, mime_type.as_deref(), "content", content),
            Self::Uri {
                modality,
                mime_type,
                uri,
            } => media("uri", *modality, mime_type.as_deref(), "uri", uri),
            Self::File {
                modality,
                mime_type,
                file_id,
            } => media("file", *modality, mime_type.as_deref(), "file_id", file_id),
            Self::Other { kind, value } => {
                let mut part = match value.to_json() {
                    Json::Object(members) => members,
                    other => Map::from_iter([("content".to_owned(), other)]),
                };
                part.insert("type".to_owned(), json!(kind));
                Json::Object(part)
            }
        }
    }
}

fn media(
    kind: &str,
    modality: Modality,
    mime_type: Option<&str>,
    place: &str,
    content: &str,
) -> Json {
    json!({"type": kind, "modality": modality.as_str(), "mime_type": mime_type, place: content})
}
