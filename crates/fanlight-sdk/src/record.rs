//! A span as data: what is collected while it runs, and what is sent.

use std::borrow::Cow;
use std::sync::Arc;

use fanlight_model::{SpanId, SpanKind, StatusCode, TraceId, UnixNanos, Value};

use crate::settings::Experiment;
use crate::value::IntoValue;

/// A name or key: mostly a constant of the program.
pub type Text = Cow<'static, str>;

/// A finished span.
#[derive(Clone, Debug)]
pub struct SpanRecord {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    /// `None` for a root.
    pub parent_id: Option<SpanId>,
    pub name: Text,
    pub kind: SpanKind,
    pub start: UnixNanos,
    /// `None` for one that is sent while it runs.
    pub end: Option<UnixNanos>,
    pub status: StatusCode,
    /// Empty when there is nothing to say.
    pub status_message: String,
    /// Each key once, in the order they were first set.
    pub attributes: Vec<(Text, Value)>,
    pub events: Vec<EventRecord>,
    pub links: Vec<LinkRecord>,
    pub(crate) experiment: Option<Arc<Experiment>>,
}

#[derive(Clone, Debug)]
pub struct EventRecord {
    pub name: Text,
    pub time: UnixNanos,
    pub attributes: Vec<(Text, Value)>,
}

#[derive(Clone, Debug)]
pub struct LinkRecord {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub attributes: Vec<(Text, Value)>,
}

impl SpanRecord {
    /// Sets `key`, replacing an earlier value.
    pub fn set(&mut self, key: impl Into<Text>, value: impl IntoValue) {
        set(&mut self.attributes, key.into(), value.into_value());
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.attributes
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value)
    }

    /// Bytes this span holds in memory, roughly: what bounds of memory count.
    pub fn size_bytes(&self) -> usize {
        let of = |attributes: &[(Text, Value)]| -> usize {
            attributes
                .iter()
                .map(|(key, value)| key.len() + value.size_bytes() + 56)
                .sum()
        };
        let events: usize = self
            .events
            .iter()
            .map(|event| event.name.len() + of(&event.attributes) + 64)
            .sum();
        let links: usize = self
            .links
            .iter()
            .map(|link| of(&link.attributes) + 64)
            .sum();
        size_of::<Self>()
            + self.name.len()
            + self.status_message.len()
            + of(&self.attributes)
            + events
            + links
    }
}

pub(crate) fn set(attributes: &mut Vec<(Text, Value)>, key: Text, value: Value) {
    match attributes.iter_mut().find(|(known, _)| *known == key) {
        Some(slot) => slot.1 = value,
        None => attributes.push((key, value)),
    }
}
