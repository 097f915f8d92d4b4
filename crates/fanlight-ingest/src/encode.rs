//! Spans to OTLP requests: the inverse of [`decode_traces`](crate::decode_traces).

use std::sync::Arc;

use fanlight_model::{Event, Link, Resource, Scope, Span, StatusCode};
use prost::Message as _;

use crate::value::to_wire_attributes;
use crate::wire;

/// An `ExportTraceServiceRequest` in protobuf.
pub fn encode_traces(spans: &[Span]) -> Vec<u8> {
    encode_request(spans).encode_to_vec()
}

/// An `ExportTraceServiceRequest` in OTLP/JSON.
pub fn encode_traces_json(spans: &[Span]) -> Vec<u8> {
    serde_json::to_vec(&encode_request(spans))
        .expect("wire messages have text keys and infallible forms")
}

/// Spans of the same resource and scope share a group; within a group they keep their order.
pub fn encode_request<'a>(
    spans: impl IntoIterator<Item = &'a Span>,
) -> wire::ExportTraceServiceRequest {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for span in spans {
        // From the back: spans of one source mostly follow each other.
        let place = groups
            .iter()
            .rposition(|group| same(group.resource, &span.resource))
            .unwrap_or_else(|| {
                groups.push(Group {
                    resource: &span.resource,
                    scopes: Vec::new(),
                });
                groups.len() - 1
            });
        groups[place].push(span);
    }
    wire::ExportTraceServiceRequest {
        resource_spans: groups.into_iter().map(Group::into_wire).collect(),
    }
}

struct Group<'a> {
    resource: &'a Arc<Resource>,
    scopes: Vec<(&'a Arc<Scope>, Vec<wire::Span>)>,
}

impl<'a> Group<'a> {
    fn push(&mut self, span: &'a Span) {
        let place = self
            .scopes
            .iter()
            .rposition(|(scope, _)| same(scope, &span.scope))
            .unwrap_or_else(|| {
                self.scopes.push((&span.scope, Vec::new()));
                self.scopes.len() - 1
            });
        self.scopes[place].1.push(encode_span(span));
    }

    fn into_wire(self) -> wire::ResourceSpans {
        let attributes = to_wire_attributes(&self.resource.attributes);
        wire::ResourceSpans {
            resource: Some(wire::Resource {
                attributes,
                dropped_attributes_count: 0,
            }),
            scope_spans: self
                .scopes
                .into_iter()
                .map(|(scope, spans)| encode_scope(scope, spans))
                .collect(),
            schema_url: String::new(),
        }
    }
}

fn same<T: PartialEq>(a: &Arc<T>, b: &Arc<T>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

fn encode_scope(scope: &Scope, spans: Vec<wire::Span>) -> wire::ScopeSpans {
    let scope = wire::InstrumentationScope {
        name: scope.name.clone(),
        version: scope.version.clone(),
        attributes: to_wire_attributes(&scope.attributes),
        dropped_attributes_count: 0,
    };
    wire::ScopeSpans {
        scope: Some(scope),
        spans,
        schema_url: String::new(),
    }
}

fn encode_span(span: &Span) -> wire::Span {
    let [
        dropped_attributes_count,
        dropped_events_count,
        dropped_links_count,
    ] = span.dropped;
    wire::Span {
        trace_id: span.trace_id.to_bytes().to_vec(),
        span_id: span.span_id.to_bytes().to_vec(),
        trace_state: span.trace_state.clone(),
        parent_span_id: span
            .parent_id
            .map_or_else(Vec::new, |id| id.to_bytes().to_vec()),
        name: span.name.clone(),
        kind: span.kind.into(),
        start_time_unix_nano: span.start.0,
        end_time_unix_nano: span.end.map_or(0, |end| end.0),
        attributes: to_wire_attributes(&span.attributes),
        dropped_attributes_count,
        events: span.events.iter().map(encode_event).collect(),
        dropped_events_count,
        links: span.links.iter().map(encode_link).collect(),
        dropped_links_count,
        status: Some(wire::Status {
            message: span.status.message.clone(),
            code: status_number(span.status.code),
        }),
        flags: span.flags,
    }
}

fn encode_event(event: &Event) -> wire::Event {
    wire::Event {
        time_unix_nano: event.time.0,
        name: event.name.clone(),
        attributes: to_wire_attributes(&event.attributes),
        dropped_attributes_count: event.dropped_attributes,
    }
}

fn encode_link(link: &Link) -> wire::Link {
    wire::Link {
        trace_id: link.trace_id.to_bytes().to_vec(),
        span_id: link.span_id.to_bytes().to_vec(),
        trace_state: link.trace_state.clone(),
        attributes: to_wire_attributes(&link.attributes),
        dropped_attributes_count: link.dropped_attributes,
        flags: link.flags,
    }
}

const fn status_number(code: StatusCode) -> i32 {
    match code {
        StatusCode::Unset => 0,
        StatusCode::Ok => 1,
        StatusCode::Error => 2,
    }
}
