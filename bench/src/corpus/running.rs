//! Traces that run at the same time and grow in small batches, each to as many spans as wanted: more than fit into memory
//! together. The root comes last, as from exporters that send a span when it ends.

use fanlight_model::{Span, SpanId};

use super::{Corpus, Source, Template};
use crate::patch::{self, Body, Turn};

/// Bodies that are prepared; a trace repeats them with other tickets.
const BODIES: u64 = 40;
/// Agents of ten spans in one body.
const STEPS: u64 = 5;
const SPANS_PER_BODY: u64 = 50;

impl Corpus {
    /// Traces of `spans` spans, rounded up to whole bodies. The last body prepared is the one with a root.
    pub(crate) fn build_running(spans: u64) -> Self {
        let source = Source::new();
        let body = |number| {
            let spans = running_spans(number, &source);
            Body::new(fanlight_ingest::encode_traces(&spans), 1)
        };
        let bodies_per_trace = spans.div_ceil(SPANS_PER_BODY).max(1);
        Self {
            bodies: (0..=BODIES).map(body).collect(),
            bodies_per_trace,
            in_turns: true,
            spans_per_trace: bodies_per_trace * SPANS_PER_BODY,
        }
    }

    pub(super) fn in_turns_at(&self, number: u64, traces: u64) -> Option<(&Body, Turn)> {
        let (first, part) = (number % traces.max(1), number / traces.max(1));
        let prepared = if part + 1 == self.bodies_per_trace {
            BODIES
        } else {
            part % BODIES
        };
        let body = &self.bodies[usize::try_from(prepared).unwrap_or(0)];
        (part < self.bodies_per_trace).then_some((body, Turn { first, part }))
    }
}

/// What some agents did, as children of one root.
fn running_spans(number: u64, source: &Source) -> Vec<Span> {
    let root = SpanId::from_bytes(patch::ROOT_ID.to_be_bytes()).expect("it is not zero");
    let steps = (0..STEPS).flat_map(|step| {
        let template = Template::new(number * STEPS + step);
        template.spans(0, source)
    });
    let mut spans: Vec<Span> = steps.collect();
    for (place, span) in (0_u32..).zip(&mut spans) {
        let mut id = [0; 8];
        id[..4].copy_from_slice(&patch::SPAN_ID);
        id[4..].copy_from_slice(&place.to_be_bytes());
        span.span_id = SpanId::from_bytes(id).expect("the pattern is not zero");
        span.parent_id = Some(root);
    }
    if number == BODIES {
        spans[0].span_id = root;
        spans[0].parent_id = None;
    }
    spans
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use fanlight_ingest::{Encoding, Limits, decode_traces};

    use super::*;

    #[test]
    fn traces_grow_in_turns_to_their_size_and_end_with_their_root() {
        let corpus = Corpus::build_running(170);
        assert_eq!(corpus.spans_per_trace, 200);
        let mut spans: HashMap<_, Vec<Span>> = HashMap::new();
        let mut turns = Vec::new();
        let mut buffer = Vec::new();
        for (body, turn) in (0..).map_while(|number| corpus.at(number, 3)) {
            turns.push(turn.first);
            body.write(&mut buffer, turn, 99, 1_790_000_000_000_000_000);
            let decoded = decode_traces(&buffer, Encoding::Protobuf, &Limits::default()).unwrap();
            assert_eq!(decoded.rejected, []);
            for span in decoded.groups.into_iter().flat_map(|group| group.spans) {
                spans.entry(span.trace_id).or_default().push(span);
            }
        }
        assert_eq!(turns, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
        assert_eq!(spans.len(), 3);
        for spans in spans.values() {
            let ids: HashSet<_> = spans.iter().map(|span| span.span_id).collect();
            assert_eq!((spans.len(), ids.len()), (200, 200));
            let roots: Vec<_> = spans.iter().map(Span::is_root).collect();
            assert_eq!(roots.iter().position(|is_root| *is_root), Some(150));
            assert_eq!(roots.iter().filter(|is_root| **is_root).count(), 1);
            let root = spans[150].span_id;
            let others = spans.iter().filter(|span| !span.is_root());
            assert!(others.into_iter().all(|span| span.parent_id == Some(root)));
        }
    }
}
