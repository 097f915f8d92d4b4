//! Builders for the unit tests of this crate.

use fanlight_model::{Attributes, Event, Span, SpanId, SpanKind, TraceId, UnixNanos, Value};

pub(crate) fn trace_id() -> TraceId {
    TraceId::from_bytes([7; 16]).unwrap()
}

pub(crate) fn span_id(number: u64) -> SpanId {
    SpanId::from_bytes(number.to_be_bytes()).unwrap()
}

pub(crate) fn json(text: &str) -> Value {
    Value::from_json(serde_json::from_str(text).unwrap())
}

pub(crate) fn attributes<const N: usize>(entries: [(&str, Value); N]) -> Attributes {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// A finished root span.
pub(crate) fn span<const N: usize>(entries: [(&str, Value); N]) -> Span {
    Span {
        kind: SpanKind::Internal,
        start: UnixNanos(100),
        end: Some(UnixNanos(200)),
        attributes: attributes(entries),
        ..Span::new(trace_id(), span_id(1), "span")
    }
}

pub(crate) fn event<const N: usize>(name: &str, entries: [(&str, Value); N]) -> Event {
    Event {
        name: name.to_owned(),
        attributes: attributes(entries),
        ..Event::default()
    }
}

/// Span `number` below span `parent` (0: a root), which starts at `number`.
pub(crate) fn child<const N: usize>(number: u64, parent: u64, entries: [(&str, Value); N]) -> Span {
    Span {
        span_id: span_id(number),
        parent_id: (parent != 0).then(|| span_id(parent)),
        start: UnixNanos(number),
        end: Some(UnixNanos(number + 100)),
        ..span(entries)
    }
}
