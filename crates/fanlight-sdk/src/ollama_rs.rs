//! Calls that the crate `ollama-rs` makes, traced: chats and completions, streamed or not, and embeddings.
//!
//! ```
//! let ollama = fanlight::ollama_rs::Traced::new(ollama_rs::Ollama::default());
//! // `send_chat_messages`, `generate`, … as before, each with a span.
//! # drop(ollama);
//! ```
//!
//! A `Coordinator` makes its calls with a client of its own, which are not seen here.

use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use ollama_rs::Ollama;
use ollama_rs::error::{OllamaError, Result};
use ollama_rs::generation::chat::request::ChatMessageRequest;
use ollama_rs::generation::chat::{
    ChatMessage as Message, ChatMessageFinalResponseData, ChatMessageResponse,
    ChatMessageResponseStream, MessageRole,
};
use ollama_rs::generation::completion::request::GenerationRequest;
use ollama_rs::generation::completion::{
    GenerationResponse, GenerationResponseStream, GenerationResponseStreamChunk,
};
use ollama_rs::generation::embeddings::GenerateEmbeddingsResponse;
use ollama_rs::generation::embeddings::request::GenerateEmbeddingsRequest;
use ollama_rs::generation::images::Image;
use ollama_rs::history::ChatHistory;
use ollama_rs::models::ModelOptions;
use serde_json::json;

use crate::attributes as key;
use crate::context::Instrument as _;
use crate::genai::{self, ChatMessage, Part, TokenUsage};
use crate::span::Span;
use crate::sync::lock;
use crate::watched::{Gather, Piece, Watched};

const PROVIDER: &str = "ollama";

/// A client whose calls are traced. It can do what [`Ollama`] can: whatever is not traced goes to the one within.
#[derive(Clone, Debug)]
pub struct Traced(Ollama);

impl Traced {
    /// Calls go through `client`.
    pub fn new(client: Ollama) -> Self {
        Self(client)
    }

    /// As [`Ollama::send_chat_messages`], within a span.
    pub async fn send_chat_messages(
        &self,
        request: ChatMessageRequest,
    ) -> Result<ChatMessageResponse> {
        let span = chat_span(&request, &[]);
        let answer = self.0.send_chat_messages(request);
        tell_chat(&span, answer.instrument(span.clone()).await)
    }

    /// As [`Ollama::send_chat_messages_with_history`], within a span.
    pub async fn send_chat_messages_with_history<H: ChatHistory>(
        &self,
        history: &mut H,
        request: ChatMessageRequest,
    ) -> Result<ChatMessageResponse> {
        let span = chat_span(&request, &history.messages());
        let answer = self.0.send_chat_messages_with_history(history, request);
        tell_chat(&span, answer.instrument(span.clone()).await)
    }

    /// As [`Ollama::send_chat_messages_stream`], within a span that ends with the stream.
    pub async fn send_chat_messages_stream(
        &self,
        request: ChatMessageRequest,
    ) -> Result<ChatMessageResponseStream> {
        let span = chat_span(&request, &[]);
        let started = Instant::now();
        let stream = self.0.send_chat_messages_stream(request);
        let stream = begun(&span, stream.instrument(span.clone()).await)?;
        Ok(Box::pin(Watched::new(
            stream,
            ChatGathered::default(),
            span,
            started,
        )))
    }

    /// As [`Ollama::send_chat_messages_with_history_stream`], within a span that ends with the stream.
    pub async fn send_chat_messages_with_history_stream<H: ChatHistory + Send + 'static>(
        &self,
        history: Arc<Mutex<H>>,
        request: ChatMessageRequest,
    ) -> Result<ChatMessageResponseStream> {
        let span = chat_span(&request, &lock(&history).messages());
        let started = Instant::now();
        let stream = self
            .0
            .send_chat_messages_with_history_stream(history, request);
        let stream = begun(&span, stream.instrument(span.clone()).await)?;
        // The last piece of this stream has the whole text, for the history.
        let gathered = ChatGathered {
            last_is_whole: true,
            ..ChatGathered::default()
        };
        Ok(Box::pin(Watched::new(stream, gathered, span, started)))
    }

    /// As [`Ollama::generate`], within a span.
    pub async fn generate(&self, request: GenerationRequest<'_>) -> Result<GenerationResponse> {
        let span = completion_span(&request);
        let answer = self.0.generate(request).instrument(span.clone()).await;
        match &answer {
            Ok(answer) => {
                let mut gathered = Generated::default();
                gathered.add(answer, &span);
                gathered.tell(&span);
            }
            Err(error) => span.record_error_of_type("OllamaError", error),
        }
        span.end();
        answer
    }

    /// As [`Ollama::generate_stream`], within a span that ends with the stream.
    pub async fn generate_stream(
        &self,
        request: GenerationRequest<'_>,
    ) -> Result<GenerationResponseStream> {
        let span = completion_span(&request);
        let started = Instant::now();
        let stream = self.0.generate_stream(request);
        let stream = begun(&span, stream.instrument(span.clone()).await)?;
        Ok(Box::pin(Watched::new(
            stream,
            Generated::default(),
            span,
            started,
        )))
    }

    /// As [`Ollama::generate_embeddings`], within a span. Vectors are not kept.
    pub async fn generate_embeddings(
        &self,
        request: GenerateEmbeddingsRequest,
    ) -> Result<GenerateEmbeddingsResponse> {
        let span = if crate::global::is_recording() {
            genai::embeddings(PROVIDER, &request.model_name)
                .inputs(&request.input)
                .start()
        } else {
            Span::none()
        };
        let answer = self.0.generate_embeddings(request);
        let answer = answer.instrument(span.clone()).await;
        match &answer {
            Ok(answer) => {
                let vectors = answer.embeddings.iter();
                let lengths = vectors.map(|vector| json!({"dimensions": vector.len()}));
                span.set_outputs(&lengths.collect::<Vec<_>>());
            }
            Err(error) => span.record_error_of_type("OllamaError", error),
        }
        span.end();
        answer
    }
}

impl Deref for Traced {
    type Target = Ollama;

    fn deref(&self) -> &Ollama {
        &self.0
    }
}

/// A stream, or the end of the span.
fn begun<S>(span: &Span, stream: Result<S>) -> Result<S> {
    if let Err(error) = &stream {
        span.record_error_of_type("OllamaError", error);
        span.end();
    }
    stream
}

fn chat_span(request: &ChatMessageRequest, before: &[Message]) -> Span {
    if !crate::global::is_recording() {
        return Span::none();
    }
    let span = genai::chat(PROVIDER, &request.model_name).start();
    let messages: Vec<_> = before
        .iter()
        .chain(&request.messages)
        .map(message)
        .collect();
    span.set_input_messages(&messages);
    if !request.tools.is_empty()
        && let Ok(tools) = serde_json::to_string(&request.tools)
    {
        span.set_attribute(key::TOOL_DEFINITIONS, tools);
    }
    tell_options(&span, request.options.as_ref());
    span
}

fn completion_span(request: &GenerationRequest<'_>) -> Span {
    if !crate::global::is_recording() {
        return Span::none();
    }
    let span = genai::call("text_completion", "LLM", PROVIDER, &request.model_name).start();
    let system = request
        .system
        .iter()
        .map(|text| ChatMessage::system(&**text));
    let mut prompt = ChatMessage::user(&*request.prompt);
    prompt.parts.extend(request.images.iter().map(image));
    let messages: Vec<_> = system.chain([prompt]).collect();
    span.set_input_messages(&messages);
    tell_options(&span, request.options.as_ref());
    span
}

/// The client keeps its options to itself: they are read as they are sent.
fn tell_options(span: &Span, options: Option<&ModelOptions>) {
    const NAMES: [(&str, &str); 6] = [
        ("temperature", "gen_ai.request.temperature"),
        ("top_p", "gen_ai.request.top_p"),
        ("top_k", "gen_ai.request.top_k"),
        ("num_predict", "gen_ai.request.max_tokens"),
        ("seed", "gen_ai.request.seed"),
        ("stop", "gen_ai.request.stop_sequences"),
    ];
    let Some(Ok(options)) = options.map(serde_json::to_value) else {
        return;
    };
    for (name, attribute) in NAMES {
        if let Some(value) = options.get(name).filter(|value| !value.is_null()) {
            span.set_attribute(attribute, value.clone());
        }
    }
}

fn tell_chat(span: &Span, answer: Result<ChatMessageResponse>) -> Result<ChatMessageResponse> {
    match &answer {
        Ok(answer) => {
            let mut gathered = ChatGathered::default();
            gathered.add(answer, span);
            gathered.tell(span);
        }
        Err(error) => span.record_error_of_type("OllamaError", error),
    }
    span.end();
    answer
}

fn message(message: &Message) -> ChatMessage {
    let role = match message.role {
        MessageRole::User => "user",
        MessageRole::Assistant => "assistant",
        MessageRole::System => "system",
        MessageRole::Tool => "tool",
    };
    let mut parts = Vec::new();
    if let Some(thinking) = message.thinking.as_ref().filter(|text| !text.is_empty()) {
        parts.push(Part::Reasoning(thinking.clone()));
    }
    if message.role == MessageRole::Tool {
        parts.push(Part::ToolCallResponse {
            id: None,
            response: message.content.as_str().into(),
        });
    } else if !message.content.is_empty() {
        parts.push(Part::Text(message.content.clone()));
    }
    parts.extend(message.images.iter().flatten().map(image));
    let calls = message.tool_calls.iter();
    parts.extend(calls.map(|call| Part::ToolCall {
        id: None,
        name: call.function.name.clone(),
        arguments: call.function.arguments.clone(),
    }));
    ChatMessage::new(role, parts)
}

fn image(image: &Image) -> Part {
    Part::Blob {
        modality: "image".into(),
        mime_type: None,
        content: image.to_base64().to_owned(),
    }
}

/// What came of a chat so far.
#[derive(Debug, Default)]
struct ChatGathered {
    text: String,
    thinking: String,
    calls: Vec<Part>,
    usage: TokenUsage,
    last_is_whole: bool,
}

impl ChatGathered {
    fn add(&mut self, piece: &ChatMessageResponse, span: &Span) -> Piece {
        if span.is_none() {
            return Piece::Aside;
        }
        if self.last_is_whole && piece.done {
            self.text.clone_from(&piece.message.content);
        } else {
            self.text.push_str(&piece.message.content);
        }
        self.thinking
            .push_str(piece.message.thinking.as_deref().unwrap_or_default());
        let calls = message(&piece.message).parts.into_iter();
        self.calls
            .extend(calls.filter(|part| matches!(part, Part::ToolCall { .. })));
        if !piece.done {
            return Piece::Content;
        }
        span.set_response_model(&piece.model);
        if let Some(counts) = &piece.final_data {
            self.usage = tokens(counts);
        }
        Piece::Last
    }
}

fn tokens(counts: &ChatMessageFinalResponseData) -> TokenUsage {
    TokenUsage {
        input: Some(counts.prompt_eval_count),
        output: Some(counts.eval_count),
        ..TokenUsage::default()
    }
}

impl Gather for ChatGathered {
    type Item = std::result::Result<ChatMessageResponse, ()>;

    fn take(&mut self, item: &Self::Item, span: &Span) -> Piece {
        if let Ok(piece) = item {
            return self.add(piece, span);
        }
        // The client keeps the reason to itself.
        span.set_error("the stream could not be read");
        Piece::Failed
    }

    fn tell(&mut self, span: &Span) {
        let mut parts = spoken(&mut self.thinking, &mut self.text);
        parts.append(&mut self.calls);
        tell_message(span, parts, &self.usage);
    }
}

/// What came of a completion so far.
#[derive(Debug, Default)]
struct Generated {
    text: String,
    thinking: String,
    usage: TokenUsage,
}

impl Generated {
    fn add(&mut self, piece: &GenerationResponse, span: &Span) -> Piece {
        self.text.push_str(&piece.response);
        self.thinking
            .push_str(piece.thinking.as_deref().unwrap_or_default());
        if !piece.done {
            return Piece::Content;
        }
        span.set_response_model(&piece.model);
        self.usage.input = piece.prompt_eval_count;
        self.usage.output = piece.eval_count;
        Piece::Last
    }
}

impl Gather for Generated {
    type Item = Result<GenerationResponseStreamChunk>;

    fn take(&mut self, item: &Self::Item, span: &Span) -> Piece {
        match item {
            Ok(pieces) => {
                let added = pieces.iter().map(|piece| self.add(piece, span));
                added.last().unwrap_or(Piece::Aside)
            }
            Err(error) => {
                span.record_error_of_type("OllamaError", error as &OllamaError);
                Piece::Failed
            }
        }
    }

    fn tell(&mut self, span: &Span) {
        let parts = spoken(&mut self.thinking, &mut self.text);
        tell_message(span, parts, &self.usage);
    }
}

fn spoken(thinking: &mut String, text: &mut String) -> Vec<Part> {
    let mut parts = Vec::new();
    if !thinking.is_empty() {
        parts.push(Part::Reasoning(std::mem::take(thinking)));
    }
    if !text.is_empty() {
        parts.push(Part::Text(std::mem::take(text)));
    }
    parts
}

fn tell_message(span: &Span, parts: Vec<Part>, usage: &TokenUsage) {
    if !parts.is_empty() {
        span.set_output_messages(&[ChatMessage::new("assistant", parts)]);
    }
    span.set_token_usage(usage);
}
