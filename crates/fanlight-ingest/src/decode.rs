//! OTLP trace requests to spans.

use std::sync::Arc;

use fanlight_model::{
    Event, Link, Resource, Scope, Span, SpanId, Status, StatusCode, TraceId, UnixNanos,
};
use prost::Message as _;

use crate::error::{DecodeError, RejectReason, Rejected};
use crate::limits::{Limits, MAX_SESSION_CHARS};
use crate::value::{TooDeep, attributes};
use crate::{scan, wire};

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Protobuf,
    Json,
}

/// What a request said: the spans to keep, and those refused.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecodedTraces {
    /// In the order of the request; resources without accepted spans are kept out.
    pub groups: Vec<ResourceSpans>,
    pub rejected: Vec<Rejected>,
}

/// Accepted spans of one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceSpans {
    pub resource: Arc<Resource>,
    pub spans: Vec<Span>,
}

/// Reads an `ExportTraceServiceRequest`.
///
/// A bad span is set aside with its position and reason; the request fails as a whole when it does not parse, holds no
/// resource at all, holds more than [`Limits::max_spans_per_request`] spans or names a session in more than 250
/// characters.
pub fn decode_traces(
    body: &[u8],
    encoding: Encoding,
    limits: &Limits,
) -> Result<DecodedTraces, DecodeError> {
    if body.is_empty() {
        return Err(DecodeError::NoSpans);
    }
    let entries = match encoding {
        Encoding::Protobuf => scan::count_protobuf(body),
        Encoding::Json => scan::count_json(body),
    };
    // Groups count too: they are as cheap to send. More groups than spans is nothing an exporter sends.
    if entries > limits.max_spans_per_request.saturating_mul(3) {
        return Err(DecodeError::TooManySpans {
            limit: limits.max_spans_per_request,
        });
    }
    let request = match encoding {
        Encoding::Protobuf => wire::ExportTraceServiceRequest::decode(body)
            .map_err(|cause| DecodeError::protobuf(&cause))?,
        Encoding::Json => {
            serde_json::from_slice(body).map_err(|cause| DecodeError::json(&cause))?
        }
    };
    decode_request(request, limits)
}

/// [`decode_traces`] for a request whose bytes another layer has parsed (gRPC).
pub fn decode_request(
    request: wire::ExportTraceServiceRequest,
    limits: &Limits,
) -> Result<DecodedTraces, DecodeError> {
    if request.resource_spans.is_empty() {
        return Err(DecodeError::NoSpans);
    }
    let scopes = request
        .resource_spans
        .iter()
        .flat_map(|group| &group.scope_spans);
    if scopes.map(|scope| scope.spans.len()).sum::<usize>() > limits.max_spans_per_request {
        return Err(DecodeError::TooManySpans {
            limit: limits.max_spans_per_request,
        });
    }
    let mut decoded = DecodedTraces::default();
    let mut index = 0;
    for group in request.resource_spans {
        decode_group(group, limits, &mut index, &mut decoded)?;
    }
    Ok(decoded)
}

fn decode_group(
    group: wire::ResourceSpans,
    limits: &Limits,
    index: &mut usize,
    decoded: &mut DecodedTraces,
) -> Result<(), DecodeError> {
    let resource = Arc::new(resource(group.resource));
    let mut spans = Vec::with_capacity(
        group
            .scope_spans
            .iter()
            .map(|scope| scope.spans.len())
            .sum(),
    );
    for scope_spans in group.scope_spans {
        let scope = Arc::new(scope(scope_spans.scope));
        for span in scope_spans.spans {
            match decode_span(span, &resource, &scope, limits) {
                Ok(span) => {
                    check_session(&span, *index)?;
                    spans.push(span);
                }
                Err(reason) => decoded.rejected.push(Rejected {
                    index: *index,
                    reason,
                }),
            }
            *index += 1;
        }
    }
    if !spans.is_empty() {
        decoded.groups.push(ResourceSpans { resource, spans });
    }
    Ok(())
}

/// Resources and scopes have no depth limit of their own: the parsers' bounds do.
pub(crate) fn resource(wire: Option<wire::Resource>) -> Resource {
    let entries = wire.unwrap_or_default().attributes;
    Resource {
        attributes: attributes(entries, usize::MAX).unwrap_or_default(),
    }
}

fn scope(wire: Option<wire::InstrumentationScope>) -> Scope {
    let wire = wire.unwrap_or_default();
    let attributes = attributes(wire.attributes, usize::MAX).unwrap_or_default();
    Scope {
        name: wire.name,
        version: wire.version,
        attributes,
    }
}

fn decode_span(
    wire: wire::Span,
    resource: &Arc<Resource>,
    scope: &Arc<Scope>,
    limits: &Limits,
) -> Result<Span, RejectReason> {
    let trace_id = trace_id("trace id", &wire.trace_id)?;
    let span_id = span_id("span id", &wire.span_id)?;
    let parent_id = parent_id(&wire.parent_span_id)?;
    at_most("attributes", wire.attributes.len(), limits.max_attributes)?;
    at_most("events", wire.events.len(), limits.max_events)?;
    at_most("links", wire.links.len(), limits.max_links)?;
    let (links, bad_links) = decode_links(wire.links, limits)?;
    let status = wire.status.unwrap_or_default();
    Ok(Span {
        trace_id,
        span_id,
        parent_id,
        name: wire.name,
        kind: wire.kind.into(),
        start: UnixNanos(wire.start_time_unix_nano),
        end: (wire.end_time_unix_nano != 0).then_some(UnixNanos(wire.end_time_unix_nano)),
        status: Status {
            code: status_code(status.code),
            message: status.message,
        },
        attributes: decode_attributes(wire.attributes, limits)?,
        events: wire
            .events
            .into_iter()
            .map(|event| decode_event(event, limits))
            .collect::<Result<_, _>>()?,
        links,
        trace_state: wire.trace_state,
        flags: wire.flags,
        price: fanlight_model::Priced::Unasked,
        dropped: [
            wire.dropped_attributes_count,
            wire.dropped_events_count,
            wire.dropped_links_count.saturating_add(bad_links),
        ],
        scope: Arc::clone(scope),
        resource: Arc::clone(resource),
    })
}

fn decode_attributes(
    entries: Vec<wire::KeyValue>,
    limits: &Limits,
) -> Result<fanlight_model::Attributes, RejectReason> {
    attributes(entries, limits.max_value_depth).map_err(|TooDeep { key }| RejectReason::TooDeep {
        key,
        limit: limits.max_value_depth,
    })
}

fn decode_event(wire: wire::Event, limits: &Limits) -> Result<Event, RejectReason> {
    at_most(
        "attributes of an event",
        wire.attributes.len(),
        limits.max_attributes,
    )?;
    Ok(Event {
        name: wire.name,
        time: UnixNanos(wire.time_unix_nano),
        attributes: decode_attributes(wire.attributes, limits)?,
        dropped_attributes: wire.dropped_attributes_count,
    })
}

/// The links, and how many were left out because they point nowhere: a link is not worth losing its span.
fn decode_links(wire: Vec<wire::Link>, limits: &Limits) -> Result<(Vec<Link>, u32), RejectReason> {
    let mut links = Vec::with_capacity(wire.len());
    let mut bad = 0;
    for link in wire {
        let ids = (
            trace_id("link", &link.trace_id),
            span_id("link", &link.span_id),
        );
        let (Ok(trace_id), Ok(span_id)) = ids else {
            bad += 1;
            continue;
        };
        at_most(
            "attributes of a link",
            link.attributes.len(),
            limits.max_attributes,
        )?;
        links.push(Link {
            trace_id,
            span_id,
            trace_state: link.trace_state,
            attributes: decode_attributes(link.attributes, limits)?,
            dropped_attributes: link.dropped_attributes_count,
            flags: link.flags,
        });
    }
    Ok((links, bad))
}

fn at_most(what: &'static str, found: usize, limit: usize) -> Result<(), RejectReason> {
    if found > limit {
        Err(RejectReason::TooMany { what, found, limit })
    } else {
        Ok(())
    }
}

pub(crate) fn trace_id(field: &'static str, bytes: &[u8]) -> Result<TraceId, RejectReason> {
    TraceId::from_bytes(id_bytes(field, bytes)?).ok_or(RejectReason::ZeroId { field })
}

pub(crate) fn span_id(field: &'static str, bytes: &[u8]) -> Result<SpanId, RejectReason> {
    SpanId::from_bytes(id_bytes(field, bytes)?).ok_or(RejectReason::ZeroId { field })
}

/// Nothing and eight zero bytes both mean a root; several SDKs write the latter.
fn parent_id(bytes: &[u8]) -> Result<Option<SpanId>, RejectReason> {
    if bytes.is_empty() {
        return Ok(None);
    }
    Ok(SpanId::from_bytes(id_bytes("parent span id", bytes)?))
}

fn id_bytes<const N: usize>(field: &'static str, bytes: &[u8]) -> Result<[u8; N], RejectReason> {
    if bytes.is_empty() {
        return Err(RejectReason::EmptyId { field });
    }
    bytes.try_into().map_err(|_| RejectReason::IdLength {
        field,
        expected: N,
        found: bytes.len(),
    })
}

pub(crate) const fn status_code(number: i32) -> StatusCode {
    match number {
        1 => StatusCode::Ok,
        2 => StatusCode::Error,
        _ => StatusCode::Unset,
    }
}

/// The attributes that name a session, in order of precedence.
const SESSION_KEYS: [&str; 2] = ["session.id", "gen_ai.conversation.id"];

fn check_session(span: &Span, index: usize) -> Result<(), DecodeError> {
    let session = SESSION_KEYS
        .into_iter()
        .find_map(|key| Some((key, span.attributes.get_str(key)?)));
    let Some((key, session)) = session else {
        return Ok(());
    };
    // Bytes first: counting characters is only needed for the rare long one.
    if session.len() <= MAX_SESSION_CHARS {
        return Ok(());
    }
    let chars = session.chars().count();
    if chars <= MAX_SESSION_CHARS {
        return Ok(());
    }
    Err(DecodeError::SessionTooLong {
        index,
        key,
        chars,
        limit: MAX_SESSION_CHARS,
    })
}

#[cfg(test)]
mod tests;
