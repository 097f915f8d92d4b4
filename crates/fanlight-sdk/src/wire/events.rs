//! Server-sent events, put together to the answer they are pieces of. Source: the HTML standard, "Server-sent events".

use serde_json::Value as Json;

use super::{Api, anthropic, gemini, openai};

/// Gathers the events of one answer.
#[derive(Debug)]
pub(super) struct Events {
    api: Api,
    /// Bytes of a line that has not ended.
    line: Vec<u8>,
    /// Data of an event that has not ended.
    data: String,
    answer: Option<Json>,
    is_complete: bool,
    /// Lines that are no part of an event: Gemini sends a list where nobody asks for events.
    plain: String,
}

impl Events {
    pub(super) fn new(api: Api) -> Self {
        Self {
            api,
            line: Vec::new(),
            data: String::new(),
            answer: None,
            is_complete: false,
            plain: String::new(),
        }
    }

    /// Whether the answer began with these bytes.
    pub(super) fn read(&mut self, bytes: &[u8]) -> bool {
        let had_begun = self.answer.is_some();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(&line);
                self.read_line(line.trim_end_matches(['\n', '\r']));
            }
        }
        !had_begun && self.answer.is_some()
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

    /// What came so far, in the shape of an answer that is no stream.
    pub(super) fn answer(&mut self) -> Option<Json> {
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
