//! Events of a stream, put together to the answer they are pieces of. Source: the HTML standard, "Server-sent events";
//! Amazon's services have frames in their place.

use base64::Engine as _;
use serde_json::Value as Json;

use super::{Api, Framing, anthropic, bedrock, frames, gemini, openai};
use crate::genai::TokenUsage;

/// Gathers the events of one answer.
#[derive(Debug)]
pub(super) struct Events {
    api: Api,
    framing: Framing,
    /// Bytes of a line, or frame, that has not ended.
    line: Vec<u8>,
    /// Data of an event that has not ended.
    data: String,
    answer: Option<Json>,
    is_complete: bool,
    /// Lines that are no part of an event: Gemini sends a list where nobody asks for events.
    plain: String,
    /// Why there is no more of it, as the provider says.
    failure: Option<(String, String)>,
    counted: TokenUsage,
}

impl Events {
    pub(super) fn new(api: Api, framing: Framing) -> Self {
        Self {
            api,
            framing,
            line: Vec::new(),
            data: String::new(),
            answer: None,
            is_complete: false,
            plain: String::new(),
            failure: None,
            counted: TokenUsage::default(),
        }
    }

    /// Whether the answer began with these bytes.
    pub(super) fn read(&mut self, bytes: &[u8]) -> bool {
        let had_begun = self.answer.is_some();
        match self.framing {
            Framing::Lines => self.read_lines(bytes),
            Framing::Frames => self.read_frames(bytes),
        }
        !had_begun && self.answer.is_some()
    }

    fn read_lines(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(&line);
                self.read_line(line.trim_end_matches(['\n', '\r']));
            }
        }
    }

    fn read_frames(&mut self, bytes: &[u8]) {
        self.line.extend_from_slice(bytes);
        while let Some(frame) = frames::take(&mut self.line) {
            let payload = serde_json::from_slice(&frame.payload).unwrap_or(Json::Null);
            if let Some(kind) = frame.exception {
                let message = payload["message"].as_str().unwrap_or(&kind).to_owned();
                self.failure = Some((kind, message));
            } else if let Some(inner) = payload["bytes"].as_str() {
                self.take_invoked(inner);
            } else {
                let answer = self.answer.get_or_insert(Json::Null);
                self.is_complete |= bedrock::take_event(answer, &frame.event, &payload);
            }
        }
    }

    /// An event of the model itself, in base64.
    fn take_invoked(&mut self, inner: &str) {
        let decoded = base64::engine::general_purpose::STANDARD.decode(inner);
        let Some(event) = decoded
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Json>(&bytes).ok())
        else {
            return;
        };
        let counted = bedrock::metrics(&event);
        self.counted.input = counted.input.or(self.counted.input);
        self.counted.output = counted.output.or(self.counted.output);
        if self.api != Api::Converse {
            return self.take(&event);
        }
        // Named by their only member but for the metrics.
        let answer = self.answer.get_or_insert(Json::Null);
        for (name, event) in event.as_object().into_iter().flatten() {
            self.is_complete |= bedrock::take_event(answer, name, event);
        }
    }

    fn read_line(&mut self, line: &str) {
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            self.event(&data);
        } else if let Some(data) = line.strip_prefix("data:") {
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
        } else if self.api == Api::Gemini && !line.starts_with(':') {
            self.plain.push_str(line);
        }
    }

    fn event(&mut self, data: &str) {
        if data == "[DONE]" {
            self.is_complete = true;
        } else if let Ok(event) = serde_json::from_str::<Json>(data) {
            self.take(&event);
        }
    }

    fn take(&mut self, event: &Json) {
        let answer = self.answer.get_or_insert(Json::Null);
        let is_last = match self.api {
            Api::Anthropic => anthropic::take_event(answer, event),
            Api::Gemini => gemini::take_event(answer, event),
            Api::Responses => openai::take_response_event(answer, event),
            Api::Invoke | Api::Converse => bedrock::take_piece(answer, event),
            Api::Chat | Api::Completions | Api::Embeddings => openai::take_chunk(answer, event),
        };
        self.is_complete |= is_last;
        if self.answer == Some(Json::Null) {
            self.answer = None;
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The error the stream ended with, and what it says.
    pub(super) fn failure(&self) -> Option<(&str, &str)> {
        let (kind, message) = self.failure.as_ref()?;
        Some((kind, message))
    }

    pub(super) fn counted(&self) -> TokenUsage {
        self.counted
    }

    /// What came so far, in the shape of an answer that is no stream.
    pub(super) fn answer(&mut self) -> Option<Json> {
        if self.framing == Framing::Frames {
            return self.answer.take();
        }
        // The last event may lack its empty line.
        let line = std::mem::take(&mut self.line);
        self.read_line(&String::from_utf8_lossy(&line));
        self.read_line("");
        let plain = std::mem::take(&mut self.plain);
        if let Ok(Json::Array(events)) = serde_json::from_str(&plain) {
            for event in &events {
                self.take(event);
            }
        }
        self.answer.take()
    }
}
