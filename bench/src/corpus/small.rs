//! Traces of two short spans: how a store grows with the number of traces, not with their size.

use fanlight_model::Span;

use super::{Corpus, ERROR_EVERY, LEGACY_EVERY, Source, Template, llm, messages, span_attributes};
use crate::patch;

const SPANS_PER_TRACE: u64 = 2;

impl Corpus {
    /// Bodies of `batch` small traces each.
    pub(crate) fn build_small(batch: usize) -> Self {
        Self::of_templates(batch, SPANS_PER_TRACE, Template::short)
    }
}

impl Template {
    /// A question and its answer, or a tool that some of them ask.
    fn short(mut self, place: u64, source: &Source) -> Vec<Span> {
        let question = format!("{}: {}", patch::TICKET, self.text(60, &source.words));
        let answer = format!("{} {}", patch::WORD, self.text(60, &source.words));
        let total = 900_000 + self.next(5_000_000);
        let mut root = span_attributes("AGENT");
        root.insert("mlflow.spanInputs", messages(&[("user", &question)]));
        root.insert("session.id", format!("session-{}", patch::SESSION).into());
        root.insert("user.id", format!("user-{}", patch::USER).into());
        root.insert(
            "mlflow.traceTag.release",
            format!("release-{}", patch::RELEASE).into(),
        );
        self.push(place, None, "support_agent", (0, total), source, root);
        let parent = Some(self.spans[0].span_id);
        let (name, attributes) = if self.is_every(LEGACY_EVERY) {
            ("fetch_invoice_legacy", span_attributes("TOOL"))
        } else {
            ("answer", llm("gpt-4o", &[("user", &question)], &answer))
        };
        self.push(place, parent, name, (total / 10, total), source, attributes);
        if self.is_every(ERROR_EVERY) {
            self.fail(1);
        }
        self.spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_small() {
        let corpus = Corpus::build_small(250);
        assert_eq!((corpus.trace_count(), corpus.span_count()), (2_000, 4_000));
        let average = corpus.raw_bytes() / corpus.span_count();
        assert!((300..600).contains(&average), "{average}");
    }
}
