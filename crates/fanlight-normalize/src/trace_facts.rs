//! What spans say of their trace as a whole, as the SDKs of Fanlight send it: attributes below `fanlight.trace.`.

use std::borrow::Cow;

use fanlight_model::{Attributes, Span, TraceFacts, TraceState, Value};

use crate::keys::FANLIGHT_TRACE;
use crate::preview;
use crate::tags::{is_legal_key, within_limit};

/// What the client said, over what `spans` say: of two that disagree the later one wins, and the client wins over all.
/// `spans` in order of time.
pub(crate) fn joined<'a>(
    client: Option<&'a TraceFacts>,
    empty: impl FnOnce() -> TraceFacts,
    spans: &[&Span],
) -> Option<Cow<'a, TraceFacts>> {
    let mut saying = spans
        .iter()
        .filter(|span| says_something(&span.attributes))
        .peekable();
    if saying.peek().is_none() {
        return client.map(Cow::Borrowed);
    }
    let mut facts = empty();
    for span in saying {
        read(&span.attributes, &mut facts);
    }
    if let Some(client) = client {
        facts.merge(client.clone());
    }
    Some(Cow::Owned(facts))
}

fn says_something(attributes: &Attributes) -> bool {
    attributes
        .iter()
        .any(|(key, _)| key.starts_with(FANLIGHT_TRACE))
}

fn read(attributes: &Attributes, facts: &mut TraceFacts) {
    for (key, value) in attributes.iter() {
        let Some(part) = key.strip_prefix(FANLIGHT_TRACE) else {
            continue;
        };
        if let Some(tag) = part.strip_prefix("tag.") {
            if is_legal_key(tag) {
                facts.tags.insert(tag.to_owned(), text_of(value));
            }
        } else if let Some(name) = part.strip_prefix("metadata.") {
            if is_legal_key(name) {
                facts.metadata.insert(name.to_owned(), text_of(value));
            }
        } else {
            let Some(text) = value.as_str() else {
                continue;
            };
            match part {
                "request_preview" => facts.request_preview = Some(preview::cut(text)),
                "response_preview" => facts.response_preview = Some(preview::cut(text)),
                "state" => facts.state = TraceState::from_name(text).or(facts.state),
                "client_request_id" => facts.client_request_id = Some(preview::cut(text)),
                _ => {}
            }
        }
    }
}

/// A text as it is: whoever uses these attributes knows that they are text.
fn text_of(value: &Value) -> String {
    within_limit(&value.to_text()).to_owned()
}

#[cfg(test)]
mod tests {
    use fanlight_model::ExperimentId;

    use super::*;
    use crate::testing::{span, trace_id};

    fn empty() -> TraceFacts {
        TraceFacts::new(trace_id(), ExperimentId::DEFAULT)
    }

    #[test]
    fn everything_about_the_trace_is_read() {
        let span = span([
            ("fanlight.trace.tag.team", "search".into()),
            ("fanlight.trace.metadata.mlflow.trace.session", "s-1".into()),
            ("fanlight.trace.request_preview", "q".into()),
            ("fanlight.trace.response_preview", "a".into()),
            ("fanlight.trace.state", "ERROR".into()),
            ("fanlight.trace.client_request_id", "c-1".into()),
            ("fanlight.trace.unknown", "x".into()),
        ]);
        let facts = joined(None, empty, &[&span]).unwrap().into_owned();
        let mut expected = empty();
        expected.tags.insert("team".into(), "search".into());
        expected
            .metadata
            .insert("mlflow.trace.session".into(), "s-1".into());
        expected.request_preview = Some("q".into());
        expected.response_preview = Some("a".into());
        expected.state = Some(TraceState::Error);
        expected.client_request_id = Some("c-1".into());
        assert_eq!(facts, expected);
    }

    #[test]
    fn the_later_span_wins_and_the_client_wins_over_both() {
        let first = span([
            ("fanlight.trace.tag.a", "1".into()),
            ("fanlight.trace.tag.b", "1".into()),
            ("fanlight.trace.tag.c", "1".into()),
        ]);
        let second = span([
            ("fanlight.trace.tag.b", "2".into()),
            ("fanlight.trace.tag.c", "2".into()),
        ]);
        let mut client = empty();
        client.tags.insert("c".into(), "3".into());
        let facts = joined(Some(&client), empty, &[&first, &second]).unwrap();
        let tags: Vec<_> = facts.tags.values().map(String::as_str).collect();
        assert_eq!(tags, ["1", "2", "3"]);
    }

    #[test]
    fn spans_that_say_nothing_leave_the_client_alone() {
        assert_eq!(joined(None, empty, &[&span([])]), None);
        let client = empty();
        let facts = joined(Some(&client), || panic!("not needed"), &[&span([])]);
        assert!(matches!(facts, Some(Cow::Borrowed(_))));
    }

    #[test]
    fn what_cannot_be_is_passed_over() {
        let span = span([
            ("fanlight.trace.tag.", "no key".into()),
            ("fanlight.trace.tag.../x", "no key".into()),
            ("fanlight.trace.state", "FINE".into()),
            ("fanlight.trace.request_preview", 7.into()),
        ]);
        assert_eq!(joined(None, empty, &[&span]).unwrap().into_owned(), empty());
    }
}
