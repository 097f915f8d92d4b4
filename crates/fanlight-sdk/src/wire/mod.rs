//! Calls of language models as they go over HTTP: which provider's they are, and what request and answer say.
//!
//! Knows bytes and JSON, and no HTTP client. Inputs and outputs are kept in the provider's own shape, which Fanlight
//! and MLflow read as messages; models, tokens and the rest are said in OpenTelemetry's words as well.

mod anthropic;
mod bedrock;
mod events;
mod frames;
mod gemini;
mod openai;

use std::time::Instant;

use serde_json::Value as Json;

use crate::attributes as key;
use crate::genai::{self, TokenUsage};
use crate::span::{Span, SpanBuilder};
use events::Events;

/// A part of all names of hosts of Amazon Bedrock.
pub(crate) const BEDROCK: &str = "bedrock-runtime";

/// No more of an answer is kept to be read.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Whose API it is, by its shape: many providers speak OpenAI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    Chat,
    Completions,
    Responses,
    Embeddings,
    Anthropic,
    Gemini,
    /// Amazon Bedrock, the same for all of its models.
    Converse,
    /// Amazon Bedrock, in the model's own shape.
    Invoke,
}

/// A request that was recognised.
#[derive(Debug)]
pub(crate) struct Request {
    api: Api,
    provider: &'static str,
    model: String,
    body: Json,
    framing: Framing,
}

/// How a stream of events is cut into events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// Server-sent events.
    Lines,
    /// `application/vnd.amazon.eventstream`.
    Frames,
}

/// What an answer says, whatever shape it has.
#[derive(Debug, Default)]
struct Said {
    model: Option<String>,
    id: Option<String>,
    usage: TokenUsage,
    finish_reasons: Vec<String>,
}

/// Recognises a call of a model by its address and body; `None` for everything else.
pub(crate) fn recognise(host: &str, path: &str, body: &[u8]) -> Option<Request> {
    let path = path.trim_end_matches('/');
    // Only its clients sign for it: no other host has such paths.
    if host.contains(BEDROCK)
        && let Some(model) = bedrock::model(path)
    {
        let body: Json = serde_json::from_slice(body).ok()?;
        return Some(Request {
            api: bedrock::api_of(path, &body),
            provider: "aws.bedrock",
            model,
            body,
            framing: Framing::Frames,
        });
    }
    let gemini = gemini::model_and_method(path);
    let (api, ours) = if path.ends_with("/chat/completions") {
        (Api::Chat, "openai")
    } else if path.ends_with("/completions") {
        (Api::Completions, "openai")
    } else if path.ends_with("/responses") {
        (Api::Responses, "openai")
    } else if path.ends_with("/embeddings") {
        (Api::Embeddings, "openai")
    } else if path.ends_with("/v1/messages") {
        (Api::Anthropic, "anthropic")
    } else if gemini.is_some() {
        (Api::Gemini, "gcp.gemini")
    } else {
        return None;
    };
    let body: Json = serde_json::from_slice(body).ok()?;
    // Others have such paths too: what all of these have tells them apart.
    let has = |name: &str| body.get(name).is_some();
    let fits = match api {
        Api::Completions => has("prompt"),
        Api::Responses => has("model") && (has("input") || has("prompt")),
        Api::Embeddings => has("input"),
        Api::Gemini => has("contents"),
        Api::Chat | Api::Anthropic | Api::Converse | Api::Invoke => has("messages"),
    };
    if !fits {
        return None;
    }
    let of_body = body.get("model").and_then(Json::as_str);
    let model = gemini.or(of_body).unwrap_or_default().to_owned();
    Some(Request {
        api,
        provider: provider_of(host).unwrap_or(ours),
        model,
        body,
        framing: Framing::Lines,
    })
}

/// By names of OpenTelemetry where it has one. A machine of one's own speaks for the API it has.
fn provider_of(host: &str) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 14] = [
        ("api.openai.com", "openai"),
        ("openai.azure.com", "azure.ai.openai"),
        ("services.ai.azure.com", "azure.ai.inference"),
        ("api.anthropic.com", "anthropic"),
        ("generativelanguage.googleapis.com", "gcp.gemini"),
        ("aiplatform.googleapis.com", "gcp.vertex_ai"),
        ("api.groq.com", "groq"),
        ("api.mistral.ai", "mistral_ai"),
        ("api.deepseek.com", "deepseek"),
        ("api.x.ai", "x_ai"),
        ("api.perplexity.ai", "perplexity"),
        ("api.cohere.com", "cohere"),
        ("openrouter.ai", "openrouter"),
        ("api.together.xyz", "together_ai"),
    ];
    KNOWN
        .iter()
        .find(|(known, _)| host.ends_with(known))
        .map(|(_, provider)| *provider)
}

impl Request {
    /// A span about to start, with everything the request says.
    pub(crate) fn span(&self) -> SpanBuilder {
        let (provider, model) = (self.provider, self.model.as_str());
        let builder = match self.api {
            Api::Embeddings => genai::embeddings(provider, model),
            Api::Completions => genai::call("text_completion", "LLM", provider, model),
            Api::Gemini => genai::call("generate_content", "CHAT_MODEL", provider, model),
            Api::Invoke => genai::call("text_completion", "LLM", provider, model),
            Api::Chat | Api::Responses | Api::Anthropic | Api::Converse => {
                genai::chat(provider, model)
            }
        };
        let format = match self.api {
            Api::Anthropic => "anthropic",
            Api::Gemini => "gemini",
            Api::Converse | Api::Invoke => "bedrock",
            Api::Chat | Api::Completions | Api::Responses | Api::Embeddings => "openai",
        };
        let builder = builder
            .attribute(key::INPUTS, self.body.to_string())
            .attribute(key::MESSAGE_FORMAT, format);
        self.parameters()
            .into_iter()
            .fold(builder, |builder, (name, value)| {
                builder.attribute(name, value.clone())
            })
    }

    fn parameters(&self) -> Vec<(&'static str, &Json)> {
        const NAMES: [(&str, &str); 15] = [
            ("temperature", "gen_ai.request.temperature"),
            ("top_p", "gen_ai.request.top_p"),
            ("topP", "gen_ai.request.top_p"),
            ("top_k", "gen_ai.request.top_k"),
            ("topK", "gen_ai.request.top_k"),
            ("max_tokens", "gen_ai.request.max_tokens"),
            ("max_completion_tokens", "gen_ai.request.max_tokens"),
            ("max_output_tokens", "gen_ai.request.max_tokens"),
            ("maxOutputTokens", "gen_ai.request.max_tokens"),
            ("maxTokens", "gen_ai.request.max_tokens"),
            ("frequency_penalty", "gen_ai.request.frequency_penalty"),
            ("presence_penalty", "gen_ai.request.presence_penalty"),
            ("seed", "gen_ai.request.seed"),
            ("n", "gen_ai.request.choice.count"),
            ("candidateCount", "gen_ai.request.choice.count"),
        ];
        let apart = ["generationConfig", "inferenceConfig"];
        let apart = apart.iter().find_map(|name| self.body.get(name));
        let of = apart.unwrap_or(&self.body);
        NAMES
            .iter()
            .filter_map(|(name, attribute)| {
                Some((*attribute, of.get(name).filter(|value| value.is_number())?))
            })
            .collect()
    }
}

/// Reads an answer as it goes by, and tells it to the span at the end.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Ended when this is dropped.
    span: Span,
    api: Api,
    started: Instant,
    events: Option<Events>,
    whole: Vec<u8>,
    bytes: usize,
    /// What the headers of the answer say, for bodies that say nothing.
    counted: TokenUsage,
    is_told: bool,
}

impl Answer {
    pub(crate) fn new(request: &Request, span: Span, started: Instant, is_stream: bool) -> Self {
        Self {
            span,
            api: request.api,
            started,
            events: is_stream.then(|| Events::new(request.api, request.framing)),
            whole: Vec::new(),
            bytes: 0,
            counted: TokenUsage::default(),
            is_told: false,
        }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// It came at once, whatever was asked for, with tokens as headers count them.
    #[cfg(feature = "aws-bedrock")]
    pub(crate) fn came_whole(&mut self, input: Option<u64>, output: Option<u64>) {
        self.events = None;
        self.counted.input = input;
        self.counted.output = output;
    }

    pub(crate) fn read(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        if self.bytes > MAX_ANSWER_BYTES {
            return;
        }
        match &mut self.events {
            Some(events) => {
                if events.read(bytes) {
                    self.span.set_time_to_first_chunk(self.started.elapsed());
                }
            }
            None => self.whole.extend_from_slice(bytes),
        }
    }

    /// The body ended.
    pub(crate) fn finish(&mut self) {
        let is_new = !self.is_told;
        self.tell();
        let is_cut = |events: &Events| !events.is_complete() && events.failure().is_none();
        if is_new && self.events.as_ref().is_some_and(is_cut) {
            self.span
                .set_error("the stream ended before the answer did");
        }
        self.span.end();
    }

    /// The body ended with an error.
    pub(crate) fn fail(&mut self, error: &(dyn std::error::Error + 'static)) {
        self.tell();
        self.span.record_error(error);
    }

    /// The status was no success: the body says why.
    pub(crate) fn refused(&mut self, status: u16) {
        self.is_told = true;
        let body = String::from_utf8_lossy(&self.whole);
        let json = serde_json::from_str::<Json>(&body).ok();
        let said = json.as_ref().and_then(|json| {
            // Gemini may send a list of one.
            let json = json.get(0).unwrap_or(json);
            json.pointer("/error/message")
                .or_else(|| json.get("message"))?
                .as_str()
        });
        let message = said.map_or_else(|| format!("the provider answered {status}"), str::to_owned);
        self.span.set_attribute(key::ERROR_TYPE, status.to_string());
        self.span.set_attribute(key::HTTP_STATUS, status);
        if let Some(json) = &json {
            self.span.set_outputs(json);
        }
        self.span
            .record_exception(&status.to_string(), &message, "");
        self.span.set_error(message);
        self.span.end();
    }

    fn tell(&mut self) {
        if std::mem::replace(&mut self.is_told, true) {
            return;
        }
        if let Some((kind, message)) = self.events.as_ref().and_then(Events::failure) {
            self.span.set_attribute(key::ERROR_TYPE, kind);
            self.span.record_exception(kind, message, "");
            self.span.set_error(message);
        }
        let answer = match &mut self.events {
            Some(events) => events.answer(),
            None => serde_json::from_slice(&self.whole).ok(),
        };
        let Some(answer) = answer else { return };
        let mut said = match self.api {
            Api::Anthropic => anthropic::said(&answer),
            Api::Gemini => gemini::said(&answer),
            Api::Converse => bedrock::said_in_converse(&answer),
            Api::Invoke => bedrock::said_by_model(&answer),
            Api::Responses => openai::said_in_response(&answer),
            Api::Chat | Api::Completions | Api::Embeddings => openai::said(&answer),
        };
        let counted = self.events.as_ref().map_or(self.counted, Events::counted);
        said.usage.input = said.usage.input.or(counted.input);
        said.usage.output = said.usage.output.or(counted.output);
        let span = &self.span;
        if let Some(model) = &said.model {
            span.set_response_model(model);
        }
        if let Some(id) = &said.id {
            span.set_response_id(id);
        }
        span.set_finish_reasons(said.finish_reasons.iter().map(String::as_str));
        span.set_token_usage(&said.usage);
        // Vectors are many numbers that nobody reads.
        match self.api {
            Api::Embeddings => span.set_outputs(&openai::without_vectors(answer)),
            Api::Invoke => span.set_outputs(&bedrock::without_vector(answer)),
            _ => span.set_outputs(&answer),
        }
        if self.events.is_some() {
            let is_complete = self.events.as_ref().is_some_and(Events::is_complete);
            span.set_attribute(key::STREAM_COMPLETE, is_complete);
        }
    }
}

/// Whoever reads has a right to stop: what came is kept.
impl Drop for Answer {
    fn drop(&mut self) {
        self.tell();
        self.span.end();
    }
}

fn text(json: &Json, pointer: &str) -> Option<String> {
    json.pointer(pointer)?.as_str().map(str::to_owned)
}

fn count(json: &Json, pointer: &str) -> Option<u64> {
    json.pointer(pointer)?.as_u64()
}

/// The sum of what is known; `None` when nothing is.
fn sum(counts: impl IntoIterator<Item = Option<u64>>) -> Option<u64> {
    counts.into_iter().flatten().reduce(u64::saturating_add)
}

/// Adds `piece` to a text that may not be there yet.
fn append(to: &mut Json, piece: &str) {
    match to {
        Json::String(text) => text.push_str(piece),
        other => *other = piece.into(),
    }
}

#[cfg(test)]
mod tests;
