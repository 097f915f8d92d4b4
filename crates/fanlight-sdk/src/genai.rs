//! Calls of language models, in the words of OpenTelemetry's semantic conventions for generative AI.
//!
//! ```
//! use fanlight::genai::{self, ChatMessage, TokenUsage};
//!
//! let span = genai::chat("openai", "gpt-4o-mini").start();
//! span.set_input_messages(&[ChatMessage::system("Be brief."), ChatMessage::user("Hi")]);
//! // … the call …
//! span.set_output_messages(&[ChatMessage::assistant("Hello").finish_reason("stop")]);
//! span.set_token_usage(&TokenUsage { input: Some(12), output: Some(2), ..TokenUsage::default() });
//! span.end();
//! ```

use std::time::Duration;

use fanlight_model::SpanKind;
use serde_json::{Map, Value as Json, json};

use crate::attributes as key;
use crate::record::Text;
use crate::span::{Span, SpanBuilder};

/// A span about to start, of one answer of a chat model: `chat <model>`.
pub fn chat(provider: &str, model: &str) -> SpanBuilder {
    call("chat", "CHAT_MODEL", provider, model)
}

/// A span about to start, of texts becoming vectors: `embeddings <model>`.
pub fn embeddings(provider: &str, model: &str) -> SpanBuilder {
    call("embeddings", "EMBEDDING", provider, model)
}

/// A span about to start, of any other operation of a provider; `span_type` as in [`SpanBuilder::span_type`].
pub fn call(operation: &str, span_type: &str, provider: &str, model: &str) -> SpanBuilder {
    if !crate::global::is_recording() {
        return Span::builder("");
    }
    let name = if model.is_empty() {
        operation.to_owned()
    } else {
        format!("{operation} {model}")
    };
    let builder = Span::builder(name)
        .kind(SpanKind::Client)
        .span_type(span_type)
        .attribute(key::OPERATION, operation)
        .attribute(key::PROVIDER, provider);
    if model.is_empty() {
        builder
    } else {
        builder.attribute(key::REQUEST_MODEL, model)
    }
}

/// A span about to start, of a tool that runs: `execute_tool <name>`.
pub fn execute_tool(name: &str) -> SpanBuilder {
    if !crate::global::is_recording() {
        return Span::builder("");
    }
    Span::builder(format!("execute_tool {name}"))
        .span_type("TOOL")
        .attribute(key::OPERATION, "execute_tool")
        .attribute(key::TOOL_NAME, name.to_owned())
}

/// A span about to start, of an agent at work: `invoke_agent <name>`.
pub fn invoke_agent(name: &str) -> SpanBuilder {
    if !crate::global::is_recording() {
        return Span::builder("");
    }
    Span::builder(format!("invoke_agent {name}"))
        .span_type("AGENT")
        .attribute(key::OPERATION, "invoke_agent")
        .attribute(key::AGENT_NAME, name.to_owned())
}

/// One message of a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChatMessage {
    /// `system`, `developer`, `user`, `assistant`, `tool`, or what a provider calls it.
    pub role: Text,
    /// Who speaks, where several share a role.
    pub name: Option<String>,
    /// What is said, in its order.
    pub parts: Vec<Part>,
    /// Why the model stopped, in its provider's words: for messages of a model.
    pub finish_reason: Option<String>,
}

/// What a message is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// What is said.
    Text(String),
    /// What a model thinks before it says something.
    Reasoning(String),
    /// What a model asks for.
    ToolCall {
        /// By which its answer is known.
        id: Option<String>,
        /// The tool.
        name: String,
        /// What it is given.
        arguments: Json,
    },
    /// What came of it.
    ToolCallResponse {
        /// That of the call.
        id: Option<String>,
        /// What it gave back.
        response: Json,
    },
    /// An image, a sound, a film, a document by its address.
    Uri {
        /// `image`, `audio`, `video` or `document`.
        modality: Text,
        /// As `image/png`, where it is known.
        mime_type: Option<String>,
        /// Where it is.
        uri: String,
    },
    /// The same, in base64.
    Blob {
        /// `image`, `audio`, `video` or `document`.
        modality: Text,
        /// As `image/png`, where it is known.
        mime_type: Option<String>,
        /// In base64.
        content: String,
    },
    /// The same, as a file the provider has.
    File {
        /// `image`, `audio`, `video` or `document`.
        modality: Text,
        /// As the provider calls it.
        file_id: String,
    },
    /// Anything else, as an object with a `type`.
    Other(Json),
}

impl ChatMessage {
    /// Of any role and parts.
    pub fn new(role: impl Into<Text>, parts: Vec<Part>) -> Self {
        Self {
            role: role.into(),
            parts,
            ..Self::default()
        }
    }

    /// Instructions, as one text.
    pub fn system(text: impl Into<String>) -> Self {
        Self::new("system", vec![Part::Text(text.into())])
    }

    /// What a user says, as one text.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new("user", vec![Part::Text(text.into())])
    }

    /// What a model says, as one text.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new("assistant", vec![Part::Text(text.into())])
    }

    /// What a tool answered to the call of that id.
    pub fn tool(id: impl Into<String>, response: impl Into<Json>) -> Self {
        let part = Part::ToolCallResponse {
            id: Some(id.into()),
            response: response.into(),
        };
        Self::new("tool", vec![part])
    }

    /// With one more part.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// With a call of a tool.
    #[must_use]
    pub fn tool_call(
        self,
        id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<Json>,
    ) -> Self {
        self.part(Part::ToolCall {
            id: Some(id.into()),
            name: name.into(),
            arguments: arguments.into(),
        })
    }

    /// With the reason why the model stopped, in its provider's words.
    #[must_use]
    pub fn finish_reason(mut self, reason: impl Into<String>) -> Self {
        self.finish_reason = Some(reason.into());
        self
    }

    /// As the conventions write it.
    pub fn to_json(&self) -> Json {
        let mut message = Map::new();
        message.insert("role".into(), self.role.as_ref().into());
        if let Some(name) = &self.name {
            message.insert("name".into(), name.as_str().into());
        }
        let parts = self.parts.iter().map(Part::to_json).collect();
        message.insert("parts".into(), Json::Array(parts));
        if let Some(reason) = &self.finish_reason {
            message.insert("finish_reason".into(), reason.as_str().into());
        }
        Json::Object(message)
    }
}

impl Part {
    fn to_json(&self) -> Json {
        let json = match self {
            Self::Text(content) => json!({"type": "text", "content": content}),
            Self::Reasoning(content) => json!({"type": "reasoning", "content": content}),
            Self::ToolCall {
                id,
                name,
                arguments,
            } => json!({"type": "tool_call", "id": id, "name": name, "arguments": arguments}),
            Self::ToolCallResponse { id, response } => {
                json!({"type": "tool_call_response", "id": id, "response": response})
            }
            Self::Uri {
                modality,
                mime_type,
                uri,
            } => json!({"type": "uri", "modality": modality, "mime_type": mime_type, "uri": uri}),
            Self::Blob {
                modality,
                mime_type,
                content,
            } => {
                json!({"type": "blob", "modality": modality, "mime_type": mime_type, "content": content})
            }
            Self::File { modality, file_id } => {
                json!({"type": "file", "modality": modality, "file_id": file_id})
            }
            Self::Other(other) => other.clone(),
        };
        match json {
            Json::Object(mut members) => {
                members.retain(|_, value| !value.is_null());
                Json::Object(members)
            }
            other => other,
        }
    }
}

/// Tokens of one call; what is unknown is `None`, not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenUsage {
    /// All that went in, with what was read from and written to a cache.
    pub input: Option<u64>,
    /// All that came out, with reasoning.
    pub output: Option<u64>,
    /// Of `input`: read from a cache.
    pub cache_read: Option<u64>,
    /// Of `input`: written to a cache.
    pub cache_write: Option<u64>,
    /// Of `output`: reasoning.
    pub reasoning: Option<u64>,
}

/// What is said of a call of a model. Source: OpenTelemetry semantic conventions, "GenAI".
impl Span {
    /// Everything the model was given.
    pub fn set_input_messages(&self, messages: &[ChatMessage]) {
        self.set_messages(key::INPUT_MESSAGES, messages);
    }

    /// What the model answered, one message for each choice, and why it stopped.
    pub fn set_output_messages(&self, messages: &[ChatMessage]) {
        self.set_messages(key::OUTPUT_MESSAGES, messages);
        let reasons = messages
            .iter()
            .filter_map(|message| message.finish_reason.as_deref());
        self.set_finish_reasons(reasons);
    }

    fn set_messages(&self, name: &'static str, messages: &[ChatMessage]) {
        if self.trace_id().is_some() {
            let list: Json = messages.iter().map(ChatMessage::to_json).collect();
            self.set_attribute(name, list.to_string());
        }
    }

    /// Why the model stopped, in its provider's words, one for each choice.
    pub fn set_finish_reasons<'a>(&self, reasons: impl IntoIterator<Item = &'a str>) {
        let reasons: Vec<_> = reasons.into_iter().collect();
        if !reasons.is_empty() {
            self.set_attribute(key::FINISH_REASONS, reasons);
        }
    }

    /// Counts that are unknown are left as they were.
    pub fn set_token_usage(&self, usage: &TokenUsage) {
        let counts = [
            (key::INPUT_TOKENS, usage.input),
            (key::OUTPUT_TOKENS, usage.output),
            (key::CACHE_READ_TOKENS, usage.cache_read),
            (key::CACHE_WRITE_TOKENS, usage.cache_write),
            (key::REASONING_TOKENS, usage.reasoning),
        ];
        for (name, count) in counts {
            if let Some(count) = count {
                self.set_attribute(name, count);
            }
        }
    }

    /// The model that answered, where that is a more exact name than what was asked for.
    pub fn set_response_model(&self, model: &str) {
        self.set_attribute(key::RESPONSE_MODEL, model);
    }

    /// The id of the answer.
    pub fn set_response_id(&self, id: &str) {
        self.set_attribute(key::RESPONSE_ID, id);
    }

    /// From the start of the call to the first piece of the answer.
    pub fn set_time_to_first_chunk(&self, time: Duration) {
        self.set_attribute(key::TIME_TO_FIRST_CHUNK, time.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Collector;
    use fanlight_model::Value;

    #[test]
    fn a_call_of_a_model_speaks_the_conventions() {
        let collector = Collector::install();
        let span = chat("openai", "gpt-4o-mini").start();
        span.set_input_messages(&[
            ChatMessage::user("Weather?"),
            ChatMessage::tool("c1", "sunny"),
        ]);
        let answer = ChatMessage::new("assistant", Vec::new())
            .tool_call("c2", "weather", json!({"city": "Paris"}))
            .finish_reason("tool_calls");
        span.set_output_messages(&[answer]);
        span.set_token_usage(&TokenUsage {
            input: Some(7),
            cache_read: Some(3),
            ..TokenUsage::default()
        });
        span.end();
        let span = collector.span("chat gpt-4o-mini");
        let text = |name: &str| span.get(name).and_then(Value::as_str).unwrap();
        assert_eq!(
            text(key::INPUT_MESSAGES),
            r#"[{"role":"user","parts":[{"type":"text","content":"Weather?"}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"sunny"}]}]"#
        );
        assert_eq!(
            text(key::OUTPUT_MESSAGES),
            r#"[{"role":"assistant","parts":[{"type":"tool_call","id":"c2","name":"weather","arguments":{"city":"Paris"}}],"finish_reason":"tool_calls"}]"#
        );
        assert_eq!(span.kind, SpanKind::Client);
        assert_eq!(text(key::SPAN_TYPE), r#""CHAT_MODEL""#);
        assert_eq!(span.get(key::INPUT_TOKENS), Some(&Value::Int(7)));
        assert_eq!(span.get(key::OUTPUT_TOKENS), None);
        let reasons = Value::Array(vec!["tool_calls".into()]);
        assert_eq!(span.get(key::FINISH_REASONS), Some(&reasons));
    }
}
