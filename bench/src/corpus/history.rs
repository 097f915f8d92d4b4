//! An agent that runs for long: at every turn it sends its whole history to the model, then calls a tool.

use fanlight_model::{Span, Value};

use super::{Corpus, Source, Template, llm, messages, span_attributes};
use crate::patch::{self, Body};

/// Distinct traces that are prepared.
const TEMPLATES: u64 = 6;
const TURNS: u64 = 200;
/// A turn adds about this much to the history.
const TURN_BYTES: usize = 500;
/// Spans in one request, as exporters send them.
const SPANS_PER_BODY: usize = 40;

impl Corpus {
    /// Traces of 400 spans, half of them with a history that grows to 100 KB.
    pub(crate) fn build_histories() -> Self {
        let source = Source::new();
        let mut bodies = Vec::new();
        for number in 0..TEMPLATES {
            let spans = Template::new(number).long_run(&source);
            bodies.extend(
                spans
                    .chunks(SPANS_PER_BODY)
                    .map(|spans| Body::new(fanlight_ingest::encode_traces(spans), 1)),
            );
        }
        Self {
            bodies_per_trace: bodies.len() as u64 / TEMPLATES,
            in_turns: false,
            bodies,
            spans_per_trace: 2 * TURNS,
        }
    }
}

impl Template {
    /// The spans in the order they end: the root is the last one.
    fn long_run(mut self, source: &Source) -> Vec<Span> {
        let mut history = vec![("user".to_owned(), self.text(TURN_BYTES, &source.words))];
        let mut root = span_attributes("AGENT");
        root.insert("mlflow.spanInputs", history[0].1.as_str().into());
        self.push(0, None, "coding_agent", (0, TURNS * 10_000), source, root);
        let parent = Some(self.spans[0].span_id);
        for turn in 0..TURNS {
            // A ticket in every message: no two traces say the same.
            let thought = format!(
                "{} {}",
                patch::TICKET,
                self.text(TURN_BYTES / 3, &source.words)
            );
            let asked: Vec<(&str, &str)> = history
                .iter()
                .map(|(role, text)| (role.as_str(), text.as_str()))
                .collect();
            let call = llm("gpt-4o", &asked, &thought);
            let at = turn * 10_000;
            self.push(0, parent, "chat", (at, at + 6_000), source, call);
            history.push(("assistant".to_owned(), thought));
            if turn + 1 == TURNS {
                break;
            }
            let result = format!(
                "{} {}",
                patch::TICKET,
                self.text(TURN_BYTES * 2 / 3, &source.words)
            );
            let mut tool = span_attributes("TOOL");
            tool.insert(
                "mlflow.spanInputs",
                Value::Map(vec![(
                    "line".to_owned(),
                    Value::Int(i64::try_from(turn).unwrap_or(0)),
                )]),
            );
            tool.insert("mlflow.spanOutputs", messages(&[("tool", &result)]));
            self.push(
                0,
                parent,
                "read_file",
                (at + 6_000, at + 9_000),
                source,
                tool,
            );
            history.push(("tool".to_owned(), result));
        }
        self.spans.rotate_left(1);
        self.spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_has_400_spans_and_a_history_of_about_100_kilobytes() {
        let corpus = Corpus::build_histories();
        assert_eq!(
            (corpus.trace_count(), corpus.bodies_per_trace),
            (TEMPLATES, 10)
        );
        let spans = Template::new(0).long_run(&Source::new());
        assert_eq!(spans.len(), 400);
        assert!(spans[399].is_root());
        let longest = spans
            .iter()
            .map(|span| fanlight_ingest::encode_traces(std::slice::from_ref(span)).len())
            .max()
            .unwrap_or(0);
        assert!((90_000..130_000).contains(&longest), "{longest}");
    }
}
