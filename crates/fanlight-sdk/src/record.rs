//! A span as data: what is collected while it runs, and what is sent.

use std::borrow::Cow;
use std::sync::Arc;

use fanlight_model::{SpanId, SpanKind, StatusCode, TraceId, UnixNanos, Value};

use crate::propagation::TraceState;
use crate::settings::Experiment;
use crate::value::IntoValue;

/// A name or key: mostly a constant of the program.
pub type Text = Cow<'static, str>;

/// A finished span.
#[derive(Clone, Debug)]
pub struct SpanRecord {
    /// The trace it is in.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// `None` for a root.
    pub parent_id: Option<SpanId>,
    /// What systems of other makers said of the trace before it came to this process.
    pub trace_state: Option<TraceState>,
    /// What the step is called.
    pub name: Text,
    /// Which side of a call it is.
    pub kind: SpanKind,
    /// Nanoseconds since 1970.
    pub start: UnixNanos,
    /// `None` for one that is sent while it runs.
    pub end: Option<UnixNanos>,
    /// Whether it failed.
    pub status: StatusCode,
    /// Empty when there is nothing to say.
    pub status_message: String,
    /// Each key once, in the order they were first set.
    pub attributes: Vec<(Text, Value)>,
    /// What happened within, in the order it was said.
    pub events: Vec<EventRecord>,
    /// Spans of other traces that have to do with it.
    pub links: Vec<LinkRecord>,
    pub(crate) experiment: Option<Arc<Experiment>>,
}

/// Something that happened within a span.
#[derive(Clone, Debug)]
pub struct EventRecord {
    /// What it is called: `exception`, …
    pub name: Text,
    /// Nanoseconds since 1970.
    pub time: UnixNanos,
    /// What there is to say about it.
    pub attributes: Vec<(Text, Value)>,
}

/// A span of another trace.
#[derive(Clone, Debug)]
pub struct LinkRecord {
    /// The trace that one is in.
    pub trace_id: TraceId,
    /// That span.
    pub span_id: SpanId,
    /// What there is to say about it.
    pub attributes: Vec<(Text, Value)>,
}

impl SpanRecord {
    /// Sets `key`, replacing an earlier value.
    pub fn set(&mut self, key: impl Into<Text>, value: impl IntoValue) {
        set(&mut self.attributes, key.into(), value.into_value());
    }

    /// The value of `key`; `None` where it is not set.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.attributes
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value)
    }

    /// Bytes this span holds in memory, with the room its texts and lists have to grow: what bounds of memory count.
    pub fn size_bytes(&self) -> usize {
        let events: usize = self
            .events
            .iter()
            .map(|event| text_bytes(&event.name) + attribute_bytes(&event.attributes))
            .sum();
        let links: usize = self
            .links
            .iter()
            .map(|link| attribute_bytes(&link.attributes))
            .sum();
        size_of::<Self>()
            + text_bytes(&self.name)
            + self.status_message.capacity()
            + attribute_bytes(&self.attributes)
            + self.events.capacity() * size_of::<EventRecord>()
            + self.links.capacity() * size_of::<LinkRecord>()
            + events
            + links
    }
}

fn attribute_bytes(attributes: &Vec<(Text, Value)>) -> usize {
    let texts: usize = attributes
        .iter()
        .map(|(key, value)| text_bytes(key) + value_bytes(value))
        .sum();
    attributes.capacity() * size_of::<(Text, Value)>() + texts
}

fn text_bytes(text: &Text) -> usize {
    match text {
        Text::Borrowed(_) => 0,
        Text::Owned(text) => text.capacity(),
    }
}

/// What a value holds beside itself.
fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Double(_) => 0,
        Value::String(text) => text.capacity(),
        Value::Bytes(bytes) => bytes.capacity(),
        Value::Array(items) => {
            let within: usize = items.iter().map(value_bytes).sum();
            items.capacity() * size_of::<Value>() + within
        }
        Value::Map(entries) => {
            let within = entries.iter();
            let within: usize = within
                .map(|(key, item)| key.capacity() + value_bytes(item))
                .sum();
            entries.capacity() * size_of::<(String, Value)>() + within
        }
    }
}

pub(crate) fn set(attributes: &mut Vec<(Text, Value)>, key: Text, value: Value) {
    match attributes.iter_mut().find(|(known, _)| *known == key) {
        Some(slot) => slot.1 = value,
        None => attributes.push((key, value)),
    }
}
