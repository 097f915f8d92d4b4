//! Spans to OTLP: one `ExportTraceServiceRequest` of a batch.

mod protobuf;

use std::sync::Arc;

use fanlight_model::{StatusCode, Value};
use protobuf::Writer;

use crate::record::{EventRecord, LinkRecord, SpanRecord, Text};
use crate::settings::Experiment;

/// Who sends: the same in every request.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Attributes of the resource, without the experiment.
    pub(crate) resource: Vec<(Text, Value)>,
}

impl Source {
    /// The request in protobuf, in a place of `bytes`. Spans of one experiment share a resource.
    pub(crate) fn encode(&self, spans: &[SpanRecord], bytes: usize) -> Vec<u8> {
        let mut experiments: Vec<Option<&Arc<Experiment>>> = Vec::new();
        for span in spans {
            let experiment = span.experiment.as_ref();
            if !experiments.contains(&experiment) {
                experiments.push(experiment);
            }
        }
        let mut request = Writer(Vec::with_capacity(bytes));
        for experiment in experiments {
            let of_it = spans
                .iter()
                .filter(|span| span.experiment.as_ref() == experiment);
            request.message(1, |group| self.write_group(group, experiment, of_it));
        }
        request.0
    }

    fn write_group<'a>(
        &self,
        group: &mut Writer,
        experiment: Option<&Arc<Experiment>>,
        spans: impl Iterator<Item = &'a SpanRecord>,
    ) {
        group.message(1, |resource| {
            write_attributes(resource, 1, &self.resource);
            if let Some(experiment) = experiment {
                let (key, value) = experiment.attribute();
                write_attribute(resource, 1, key, &value);
            }
        });
        group.message(2, |scoped| {
            scoped.message(1, |scope| {
                scope.text(1, "fanlight");
                scope.text(2, env!("CARGO_PKG_VERSION"));
            });
            for span in spans {
                scoped.message(2, |message| write_span(message, span));
            }
        });
    }
}

fn write_span(message: &mut Writer, span: &SpanRecord) {
    message.bytes(1, &span.trace_id.to_bytes());
    message.bytes(2, &span.span_id.to_bytes());
    if let Some(state) = &span.trace_state {
        message.text(3, state.as_str());
    }
    if let Some(parent) = span.parent_id {
        message.bytes(4, &parent.to_bytes());
    }
    message.text(5, &span.name);
    message.signed(6, i64::from(i32::from(span.kind)));
    message.fixed64(7, span.start.0);
    message.fixed64(8, span.end.map_or(0, |end| end.0));
    write_attributes(message, 9, &span.attributes);
    for event in &span.events {
        message.message(11, |inner| write_event(inner, event));
    }
    for link in &span.links {
        message.message(13, |inner| write_link(inner, link));
    }
    if span.status != StatusCode::Unset {
        message.message(15, |status| {
            status.text(2, &span.status_message);
            status.unsigned(3, if span.status == StatusCode::Ok { 1 } else { 2 });
        });
    }
    // Sampled: what is sent is kept.
    message.fixed32(16, 1);
}

fn write_event(message: &mut Writer, event: &EventRecord) {
    message.fixed64(1, event.time.0);
    message.text(2, &event.name);
    write_attributes(message, 3, &event.attributes);
}

fn write_link(message: &mut Writer, link: &LinkRecord) {
    message.bytes(1, &link.trace_id.to_bytes());
    message.bytes(2, &link.span_id.to_bytes());
    write_attributes(message, 4, &link.attributes);
}

fn write_attributes(message: &mut Writer, field: u32, attributes: &[(Text, Value)]) {
    for (key, value) in attributes {
        write_attribute(message, field, key, value);
    }
}

fn write_attribute(message: &mut Writer, field: u32, key: &str, value: &Value) {
    message.message(field, |pair| {
        pair.text(1, key);
        pair.message(2, |any| write_value(any, value));
    });
}

/// An `AnyValue`. Members of a `oneof` are written even when they are zero or empty: absent would be null.
fn write_value(any: &mut Writer, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(text) => any.bytes(1, text.as_bytes()),
        Value::Bool(flag) => any.unsigned(2, u64::from(*flag)),
        Value::Int(number) => any.signed(3, *number),
        Value::Double(number) => any.double(4, *number),
        Value::Array(items) => any.message(5, |list| {
            for item in items {
                list.message(1, |inner| write_value(inner, item));
            }
        }),
        Value::Map(entries) => any.message(6, |list| {
            for (key, item) in entries {
                write_attribute(list, 1, key, item);
            }
        }),
        Value::Bytes(bytes) => any.bytes(7, bytes),
    }
}
