//! Some spans of a trace with their payloads, whose long texts may be cut.

use std::collections::BTreeSet;

use fanlight_model::SpanId;
use fanlight_query::FullTrace;
use serde_json::{Map, Value as Json};

use super::schema::{Maybe, shape};
use super::spans::{SpanView, render_span};
use super::{Members, Refusal};

const MAX_SPANS: usize = 100;
/// More than any request can bring.
const MAX_TEXT: usize = 1 << 30;

shape! {
    /// Spans that were asked for.
    SpansReply {
        /// Those of the request that exist, in the order of the trace.
        spans: Vec<SpanView>,
    }
}

shape! {
    /// What was left out of a span.
    Cut {
        /// Texts that end early.
        texts: usize,
        /// Characters that are missing.
        chars: usize,
    }
}

/// `POST /api/v1/traces/{trace_id}/spans`.
#[derive(Debug)]
pub struct SpansRequest {
    ids: BTreeSet<String>,
    max_text: Option<usize>,
}

impl SpansRequest {
    pub fn parse(mut body: Members) -> Result<Self, Refusal> {
        let ids = body.texts("spans", MAX_SPANS)?;
        let ids = ids.ok_or_else(|| body.missing("spans"))?;
        let max_text = body.number("max_text", 1..=MAX_TEXT)?;
        body.finish()?;
        Ok(Self {
            ids: ids.into_iter().collect(),
            max_text,
        })
    }

    pub fn answer(&self, trace: &FullTrace) -> SpansReply {
        let wants = |id: SpanId| self.ids.contains(id.to_string().as_str());
        let wanted = trace.spans.iter().filter(|span| wants(span.span_id));
        let spans = wanted.map(|span| {
            let mut view = render_span(span);
            if let Some(most) = self.max_text {
                cut_texts(&mut view, most);
            }
            view
        });
        SpansReply {
            spans: spans.collect(),
        }
    }
}

fn cut_texts(span: &mut SpanView, most: usize) {
    let mut scissors = Scissors {
        most,
        cut: Cut { texts: 0, chars: 0 },
    };
    scissors.text(&mut span.status.message);
    let content = [&mut span.inputs, &mut span.outputs];
    content
        .into_iter()
        .flatten()
        .for_each(|json| scissors.json(json));
    let messages = span
        .messages
        .input
        .iter_mut()
        .chain(&mut span.messages.output);
    for part in messages.flat_map(|message| &mut message.parts) {
        // A picture with its end missing is none.
        if part["type"] != "blob" {
            scissors.json(part);
        }
    }
    for document in &mut span.documents {
        document
            .content
            .iter_mut()
            .for_each(|text| scissors.text(text));
        document
            .metadata
            .iter_mut()
            .for_each(|json| scissors.json(json));
    }
    scissors.members(&mut span.attributes);
    for event in &mut span.events {
        scissors.members(&mut event.attributes);
    }
    if scissors.cut.texts > 0 {
        span.cut = Maybe::Here(scissors.cut);
    }
}

struct Scissors {
    most: usize,
    cut: Cut,
}

impl Scissors {
    fn text(&mut self, text: &mut String) {
        if text.len() <= self.most {
            return;
        }
        if let Some((at, _)) = text.char_indices().nth(self.most) {
            self.cut.texts += 1;
            self.cut.chars += text[at..].chars().count();
            text.truncate(at);
        }
    }

    fn json(&mut self, json: &mut Json) {
        match json {
            Json::String(text) => self.text(text),
            Json::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Json::Object(members) => self.members(members),
            _ => {}
        }
    }

    fn members(&mut self, members: &mut Map<String, Json>) {
        members.values_mut().for_each(|member| self.json(member));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_what_is_missing_is_counted() {
        let mut scissors = Scissors {
            most: 3,
            cut: Cut { texts: 0, chars: 0 },
        };
        let mut json = json!({"a": ["ÄÖÜß", "abc", 12345], "b": {"c": "abcdef"}});
        scissors.json(&mut json);
        assert_eq!(json, json!({"a": ["ÄÖÜ", "abc", 12345], "b": {"c": "abc"}}));
        assert_eq!((scissors.cut.texts, scissors.cut.chars), (2, 4));
    }
}
