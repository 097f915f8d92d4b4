use std::collections::HashSet;

use fanlight_ingest::{Encoding, Limits, decode_traces};

use super::*;
use crate::patch::{RARE_RELEASE, RARE_WORD, TraceFacts, Turn};

const START: u64 = 1_790_000_000_000_000_000;

fn sent(body: &Body, first: u64) -> Vec<Span> {
    let mut buffer = Vec::new();
    body.write(&mut buffer, Turn { first, part: 0 }, 99, START);
    let decoded = decode_traces(&buffer, Encoding::Protobuf, &Limits::default()).unwrap();
    assert_eq!(decoded.rejected, []);
    decoded
        .groups
        .into_iter()
        .flat_map(|group| group.spans)
        .collect()
}

#[test]
fn spans_have_the_promised_size() {
    let corpus = Corpus::build(50);
    assert_eq!((corpus.trace_count(), corpus.span_count()), (2_000, 20_000));
    let average = corpus.raw_bytes() / corpus.span_count();
    assert!((2_100..2_300).contains(&average), "{average}");
}

#[test]
fn every_send_is_new_traces_with_known_ids() {
    let body = &Corpus::build(50).bodies[3];
    let spans = sent(body, 1_000);
    assert_eq!(spans.len(), 500);
    let ids: Vec<_> = spans.chunks(10).map(|trace| trace[0].trace_id).collect();
    let expected =
        (1_000..1_050).map(|number| TraceId::from_bytes(TraceFacts::new(number, 99).id()).unwrap());
    assert_eq!(ids, expected.collect::<Vec<_>>());
    let again: HashSet<_> = sent(body, 2_000).iter().map(|span| span.trace_id).collect();
    assert!(ids.iter().all(|id| !again.contains(id)));
}

#[test]
fn nothing_is_left_unpatched() {
    for body in &Corpus::build(50).bodies {
        let mut buffer = Vec::new();
        body.write(&mut buffer, Turn { first: 0, part: 0 }, 99, START);
        for placeholder in [
            patch::SESSION,
            patch::TICKET,
            patch::USER,
            patch::RELEASE,
            patch::WORD,
        ] {
            let length = placeholder.len();
            assert!(
                !buffer
                    .windows(length)
                    .any(|part| part == placeholder.as_bytes()),
                "{placeholder}"
            );
        }
        for span in sent(body, 0) {
            let (start, end) = (span.start.0, span.end.unwrap().0);
            assert!(
                START <= start && start < end && end < START + 60_000_000_000,
                "{span:?}"
            );
            assert!(span.events.iter().all(|event| event.time.0 == end));
        }
    }
}

#[test]
fn selectivities_are_known() {
    let corpus = Corpus::build(50);
    let mut counts = [0; 6];
    let mut sessions = HashSet::new();
    for (place, body) in corpus.bodies.iter().cycle().take(200).enumerate() {
        for trace in sent(body, place as u64 * 50).chunks(10) {
            let root = &trace[0].attributes;
            sessions.insert(root.get_str("session.id").unwrap().to_owned());
            let is = |found: bool| usize::from(found);
            counts[0] += is(root.get_str("user.id") == Some("user-0042"));
            counts[1] +=
                is(root.get_str("mlflow.traceTag.release")
                    == Some(&format!("release-{RARE_RELEASE}")));
            counts[2] += is(trace[6]
                .attributes
                .get("mlflow.spanOutputs")
                .unwrap()
                .to_text()
                .contains(RARE_WORD));
            counts[3] += is(trace[0].status.code == StatusCode::Error);
            counts[4] += is(trace[5].name == "fetch_invoice_legacy");
            counts[5] += is(trace[0].duration().unwrap().as_millis() > 30_000);
        }
    }
    assert_eq!(sessions.len(), 1_000);
    assert!((60..140).contains(&counts[0]), "{counts:?}");
    assert_eq!(counts[1..], [1, 2, 200, 50, 100]);
}
