//! Calls that the crate `genai` makes, traced: chats, their streams, and embeddings, of every provider it knows.
//!
//! ```
//! # fn main() -> genai::Result<()> {
//! let client = fanlight::rust_genai::Traced::new(genai::Client::new()?);
//! // `exec_chat`, `exec_chat_stream`, `exec_embed`, `embed` and `embed_batch` as before, each with a span.
//! # drop(client);
//! # Ok(())
//! # }
//! ```
//!
//! The tokens of a stream are known only where it is asked for them, with `ChatOptions::with_capture_usage(true)`.

use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_core::Stream;
use genai::chat::{
    BinarySource, ChatMessage as Message, ChatOptions, ChatRequest, ChatResponse, ChatRole,
    ChatStreamEvent, ContentPart, MessageContent, StopReason, ToolCall, Usage,
};
use genai::embed::{EmbedInput, EmbedOptions, EmbedRequest, EmbedResponse};
use genai::{Client, ModelIden, ModelSpec};
use serde_json::{Value as Json, json};

use crate::attributes as key;
use crate::context::Instrument as _;
use crate::genai::{self as words, ChatMessage, Part, TokenUsage};
use crate::span::Span;
use crate::watched::{Gather, Piece, Watched};

/// A client whose calls are traced. It can do what a [`Client`] can: whatever is not traced goes to the one within.
#[derive(Clone, Debug)]
pub struct Traced(Client);

impl Traced {
    /// Calls go through `client`.
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    /// As [`Client::exec_chat`], within a span.
    pub async fn exec_chat(
        &self,
        model: impl Into<ModelSpec>,
        request: ChatRequest,
        options: Option<&ChatOptions>,
    ) -> genai::Result<ChatResponse> {
        let model = model.into();
        let span = self.chat_span(&model, &request, options);
        let call = self.0.exec_chat(model, request, options);
        let answer = call.instrument(span.clone()).await;
        match &answer {
            Ok(answer) => tell_answer(&span, answer),
            Err(error) => tell_error(&span, error),
        }
        span.end();
        answer
    }

    /// As [`Client::exec_chat_stream`], within a span that ends with the stream.
    pub async fn exec_chat_stream(
        &self,
        model: impl Into<ModelSpec>,
        request: ChatRequest,
        options: Option<&ChatOptions>,
    ) -> genai::Result<ChatStreamResponse> {
        let model = model.into();
        let span = self.chat_span(&model, &request, options);
        let started = Instant::now();
        let call = self.0.exec_chat_stream(model, request, options);
        match call.instrument(span.clone()).await {
            Ok(answer) => {
                tell_model(&span, &answer.model_iden);
                let watched = Watched::new(answer.stream, Gathered::default(), span, started);
                Ok(ChatStreamResponse {
                    stream: ChatStream(watched),
                    model_iden: answer.model_iden,
                })
            }
            Err(error) => {
                tell_error(&span, &error);
                span.end();
                Err(error)
            }
        }
    }

    /// As [`Client::exec_embed`], within a span. Vectors are not kept.
    pub async fn exec_embed(
        &self,
        model: impl Into<ModelSpec>,
        request: EmbedRequest,
        options: Option<&EmbedOptions>,
    ) -> genai::Result<EmbedResponse> {
        let model = model.into();
        let span = match self.model_of(&model) {
            Some((provider, name)) => {
                let span = words::embeddings(provider, &name);
                match &request.input {
                    EmbedInput::Single(text) => span.inputs(text).start(),
                    EmbedInput::Batch(texts) => span.inputs(texts).start(),
                }
            }
            None => Span::none(),
        };
        let call = self.0.exec_embed(model, request, options);
        let answer = call.instrument(span.clone()).await;
        match &answer {
            Ok(answer) => tell_vectors(&span, answer),
            Err(error) => tell_error(&span, error),
        }
        span.end();
        answer
    }

    /// As [`Client::embed`], within a span.
    pub async fn embed(
        &self,
        model: impl Into<ModelSpec>,
        input: impl Into<String>,
        options: Option<&EmbedOptions>,
    ) -> genai::Result<EmbedResponse> {
        self.exec_embed(model, EmbedRequest::new(input), options)
            .await
    }

    /// As [`Client::embed_batch`], within a span.
    pub async fn embed_batch(
        &self,
        model: impl Into<ModelSpec>,
        inputs: Vec<String>,
        options: Option<&EmbedOptions>,
    ) -> genai::Result<EmbedResponse> {
        self.exec_embed(model, EmbedRequest::new_batch(inputs), options)
            .await
    }

    fn chat_span(
        &self,
        model: &ModelSpec,
        request: &ChatRequest,
        options: Option<&ChatOptions>,
    ) -> Span {
        let Some((provider, name)) = self.model_of(model) else {
            return Span::none();
        };
        let span = words::chat(provider, &name).start();
        let system = request.system.iter().map(ChatMessage::system);
        let messages: Vec<_> = system.chain(request.messages.iter().map(message)).collect();
        span.set_input_messages(&messages);
        if let Some(tools) = &request.tools {
            let tools: Json = tools.iter().map(definition).collect();
            span.set_attribute(key::TOOL_DEFINITIONS, tools.to_string());
        }
        if let Some(options) = options {
            tell_options(&span, options);
        }
        span
    }

    /// The provider and the model that are asked for, as far as it shows before the client maps them. `None` while
    /// nothing is recorded.
    fn model_of(&self, model: &ModelSpec) -> Option<(&'static str, String)> {
        if !crate::global::is_recording() {
            return None;
        }
        let (kind, name) = match model {
            ModelSpec::Name(name) => {
                let bound = self.0.adapter_kind();
                let inferred = || self.0.default_model(name).ok();
                let kind = bound.or_else(|| Some(inferred()?.adapter_kind));
                (kind, name)
            }
            ModelSpec::Iden(model) => (Some(model.adapter_kind), &model.model_name),
            ModelSpec::Target(target) => {
                (Some(target.model.adapter_kind), &target.model.model_name)
            }
        };
        let provider = kind.map_or("unknown", |kind| provider_of(kind.as_lower_str()));
        // `provider::model` chooses the provider, which has a place of its own.
        let name = name.rsplit_once("::").map_or(&**name, |(_, name)| name);
        Some((provider, name.to_owned()))
    }
}

impl Deref for Traced {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

/// By names of OpenTelemetry where it has one.
fn provider_of(adapter: &'static str) -> &'static str {
    match adapter {
        "openai_resp" => "openai",
        "gemini" | "gemini_ix" => "gcp.gemini",
        "vertex" => "gcp.vertex_ai",
        "bedrock_api" | "bedrock_sigv4" => "aws.bedrock",
        "mistral" => "mistral_ai",
        "moonshot" => "moonshot_ai",
        "xai" => "x_ai",
        other => other,
    }
}

/// What `exec_chat_stream` answers, as in the crate itself.
#[derive(Debug)]
pub struct ChatStreamResponse {
    /// What comes of it.
    pub stream: ChatStream,
    /// The model that answers.
    pub model_iden: ModelIden,
}

/// The events of an answer.
#[must_use = "streams do nothing unless they are polled"]
pub struct ChatStream(Watched<genai::chat::ChatStream, Gathered>);

impl fmt::Debug for ChatStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChatStream")
    }
}

impl Stream for ChatStream {
    type Item = genai::Result<ChatStreamEvent>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}

/// What came of a stream so far.
#[derive(Debug, Default)]
struct Gathered {
    text: String,
    reasoning: String,
    calls: Vec<ToolCall>,
    /// The whole, where the application asked the client to gather it as well.
    whole: Option<MessageContent>,
    finish_reason: Option<String>,
    usage: Option<Usage>,
}

impl Gather for Gathered {
    type Item = genai::Result<ChatStreamEvent>;

    fn take(&mut self, item: &Self::Item, span: &Span) -> Piece {
        match item {
            Ok(ChatStreamEvent::Chunk(piece)) => self.text.push_str(&piece.content),
            Ok(ChatStreamEvent::ReasoningChunk(piece)) => self.reasoning.push_str(&piece.content),
            Ok(ChatStreamEvent::ToolCallChunk(piece)) => {
                take_call(&mut self.calls, &piece.tool_call)
            }
            Ok(ChatStreamEvent::End(end)) => {
                self.whole.clone_from(&end.captured_content);
                self.usage.clone_from(&end.captured_usage);
                let reason = end.captured_stop_reason.as_ref().map(StopReason::raw);
                self.finish_reason = reason.map(str::to_owned);
                if let Some(id) = &end.captured_response_id {
                    span.set_response_id(id);
                }
                return Piece::Last;
            }
            Ok(
                ChatStreamEvent::Start
                | ChatStreamEvent::ThoughtSignatureChunk(_)
                | ChatStreamEvent::Heartbeat,
            ) => return Piece::Aside,
            Err(error) => {
                tell_error(span, error);
                return Piece::Failed;
            }
        }
        Piece::Content
    }

    fn tell(&mut self, span: &Span) {
        let mut parts = Vec::new();
        if !self.reasoning.is_empty() {
            parts.push(Part::Reasoning(std::mem::take(&mut self.reasoning)));
        }
        let calls = std::mem::take(&mut self.calls);
        if let Some(whole) = &self.whole {
            parts.extend(whole.parts().iter().filter_map(part));
        } else {
            if !self.text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut self.text)));
            }
            parts.extend(calls.iter().map(call_part));
        }
        tell_message(span, parts, self.finish_reason.as_deref());
        if let Some(usage) = &self.usage {
            span.set_token_usage(&tokens(usage));
        }
    }
}

/// A piece is the next letters of the arguments, or all letters so far: that depends on the provider and on what is
/// asked for.
fn take_call(calls: &mut Vec<ToolCall>, piece: &ToolCall) {
    let known = if piece.fn_name.is_empty() {
        calls.last_mut()
    } else {
        calls.iter_mut().find(|call| call.call_id == piece.call_id)
    };
    let Some(call) = known else {
        calls.push(piece.clone());
        return;
    };
    let (Json::String(so_far), Json::String(next)) = (&mut call.fn_arguments, &piece.fn_arguments)
    else {
        call.fn_arguments = piece.fn_arguments.clone();
        return;
    };
    if next.starts_with(so_far.as_str()) {
        so_far.clone_from(next);
    } else {
        so_far.push_str(next);
    }
}

fn tell_options(span: &Span, options: &ChatOptions) {
    if let Some(temperature) = options.temperature {
        span.set_attribute("gen_ai.request.temperature", temperature);
    }
    if let Some(top_p) = options.top_p {
        span.set_attribute("gen_ai.request.top_p", top_p);
    }
    if let Some(max_tokens) = options.max_tokens {
        span.set_attribute("gen_ai.request.max_tokens", max_tokens);
    }
    if let Some(seed) = options.seed {
        span.set_attribute("gen_ai.request.seed", seed);
    }
    if !options.stop_sequences.is_empty() {
        span.set_attribute(
            "gen_ai.request.stop_sequences",
            options.stop_sequences.clone(),
        );
    }
}

fn tell_answer(span: &Span, answer: &ChatResponse) {
    if span.is_none() {
        return;
    }
    tell_model(span, &answer.provider_model_iden);
    if let Some(id) = &answer.response_id {
        span.set_response_id(id);
    }
    span.set_token_usage(&tokens(&answer.usage));
    let reasoning = answer.reasoning_content.clone().map(Part::Reasoning);
    let parts = answer.content.parts().iter().filter_map(part);
    let reason = answer.stop_reason.as_ref().map(StopReason::raw);
    tell_message(span, reasoning.into_iter().chain(parts).collect(), reason);
}

fn tell_message(span: &Span, parts: Vec<Part>, finish_reason: Option<&str>) {
    if parts.is_empty() {
        span.set_finish_reasons(finish_reason);
        return;
    }
    let mut answer = ChatMessage::new("assistant", parts);
    answer.finish_reason = finish_reason.map(str::to_owned);
    span.set_output_messages(&[answer]);
}

fn tell_vectors(span: &Span, answer: &EmbedResponse) {
    if span.is_none() {
        return;
    }
    tell_model(span, &answer.provider_model_iden);
    span.set_token_usage(&tokens(&answer.usage));
    let lengths = answer.embeddings.iter();
    let lengths: Vec<_> = lengths
        .map(|embedding| json!({"dimensions": embedding.vector.len()}))
        .collect();
    span.set_outputs(&lengths);
}

fn tell_model(span: &Span, model: &ModelIden) {
    if span.is_none() {
        return;
    }
    span.set_response_model(&model.model_name);
    // A client may map names to other providers.
    let provider = provider_of(model.adapter_kind.as_lower_str());
    span.set_attribute(key::PROVIDER, provider);
}

fn tell_error(span: &Span, error: &genai::Error) {
    span.record_error_of_type("genai::Error", error);
    let status = match error {
        genai::Error::WebModelCall { webc_error, .. }
        | genai::Error::WebAdapterCall { webc_error, .. } => webc_error.status(),
        genai::Error::HttpError { status, .. } => Some(*status),
        _ => None,
    };
    if let Some(status) = status {
        span.set_attribute(key::ERROR_TYPE, status.as_str());
        span.set_attribute(key::HTTP_STATUS, status.as_u16());
    }
}

fn tokens(usage: &Usage) -> TokenUsage {
    let count = |count: Option<i32>| count.and_then(|count| u64::try_from(count).ok());
    let of_input = usage.prompt_tokens_details.as_ref();
    let of_output = usage.completion_tokens_details.as_ref();
    TokenUsage {
        input: count(usage.prompt_tokens),
        output: count(usage.completion_tokens),
        cache_read: count(of_input.and_then(|details| details.cached_tokens)),
        cache_write: count(of_input.and_then(|details| details.cache_creation_tokens)),
        reasoning: count(of_output.and_then(|details| details.reasoning_tokens)),
    }
}

fn message(message: &Message) -> ChatMessage {
    let role = match message.role {
        ChatRole::System => "system",
        ChatRole::User => "user",
        ChatRole::Assistant => "assistant",
        ChatRole::Tool => "tool",
    };
    let parts = message.content.parts().iter().filter_map(part);
    ChatMessage::new(role, parts.collect())
}

/// `None` for what only the provider understands.
fn part(part: &ContentPart) -> Option<Part> {
    Some(match part {
        ContentPart::Text(text) => Part::Text(text.clone()),
        ContentPart::ReasoningContent(text) => Part::Reasoning(text.clone()),
        ContentPart::ToolCall(call) => call_part(call),
        ContentPart::ToolResponse(response) => Part::ToolCallResponse {
            id: Some(response.call_id.clone()),
            response: response.content.as_str().into(),
        },
        ContentPart::Binary(binary) => {
            let mime_type = Some(binary.content_type.clone());
            let modality = modality_of(&binary.content_type).into();
            match &binary.source {
                BinarySource::Url(url) => Part::Uri {
                    modality,
                    mime_type,
                    uri: url.clone(),
                },
                BinarySource::Base64(content) => Part::Blob {
                    modality,
                    mime_type,
                    content: content.to_string(),
                },
            }
        }
        ContentPart::Custom(custom) => Part::Other(json!({"type": "custom", "data": custom.data})),
        ContentPart::ThoughtSignature(_) => return None,
    })
}

fn modality_of(mime_type: &str) -> &'static str {
    match mime_type.split('/').next() {
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ => "document",
    }
}

/// Arguments that came as pieces are JSON text.
fn call_part(call: &ToolCall) -> Part {
    let arguments = match &call.fn_arguments {
        Json::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    };
    Part::ToolCall {
        id: Some(call.call_id.clone()),
        name: call.fn_name.clone(),
        arguments: arguments.unwrap_or_else(|| call.fn_arguments.clone()),
    }
}

fn definition(tool: &genai::chat::Tool) -> Json {
    json!({
        "type": "function",
        "name": tool.name.as_str(),
        "description": tool.description,
        "parameters": tool.schema,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(id: &str, name: &str, arguments: &str) -> ToolCall {
        ToolCall {
            call_id: id.into(),
            fn_name: name.into(),
            fn_arguments: arguments.into(),
            thought_signatures: None,
        }
    }

    #[test]
    fn calls_are_put_together_from_pieces_and_from_ever_longer_wholes() {
        let mut calls = Vec::new();
        for piece in [
            piece("a", "look_up", ""),
            piece("call_0", "", "{\"city\":"),
            piece("call_0", "", "\"Paris\"}"),
            piece("b", "weather", ""),
            piece("b", "weather", "{\"city\""),
            piece("b", "weather", "{\"city\":\"Rome\"}"),
        ] {
            take_call(&mut calls, &piece);
        }
        let parts: Vec<_> = calls.iter().map(call_part).collect();
        let call = |id: &str, name: &str, city: &str| Part::ToolCall {
            id: Some(id.into()),
            name: name.into(),
            arguments: json!({"city": city}),
        };
        assert_eq!(
            parts,
            [call("a", "look_up", "Paris"), call("b", "weather", "Rome")]
        );
    }
}
