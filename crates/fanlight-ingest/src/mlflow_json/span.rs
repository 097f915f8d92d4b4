//! One span of a `traces.json` document.

use std::sync::Arc;

use fanlight_model::{
    Event, Link, Resource, Scope, Span, SpanKind, Status, StatusCode, TraceId, UnixNanos, Value,
};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::JsonTexts;
use super::attributes::{depth_within, span_attributes};
use super::ids;
use crate::error::{RejectReason, cut};
use crate::limits::Limits;

/// All names the three writers use; an absent one is `null`.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct WireSpan {
    name: Option<String>,
    span_id: Option<String>,
    context: Option<Context>,
    #[serde(alias = "parent_id")]
    parent_span_id: Option<String>,
    #[serde(alias = "start_time")]
    start_time_unix_nano: Json,
    #[serde(alias = "end_time")]
    end_time_unix_nano: Json,
    status: Json,
    status_code: Json,
    status_message: Option<String>,
    attributes: Option<Map<String, Json>>,
    events: Option<Vec<WireEvent>>,
    links: Option<Vec<WireLink>>,
}

#[derive(Deserialize)]
struct Context {
    span_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireEvent {
    name: Option<String>,
    time_unix_nano: Json,
    timestamp: Json,
    attributes: Option<Map<String, Json>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireLink {
    trace_id: Option<String>,
    span_id: Option<String>,
    attributes: Option<Map<String, Json>>,
}

pub(super) fn decode(
    wire: WireSpan,
    trace_id: TraceId,
    limits: &Limits,
    texts: JsonTexts,
    (scope, resource): (&Arc<Scope>, &Arc<Resource>),
) -> Result<Span, String> {
    let attributes = wire.attributes.unwrap_or_default();
    let events = wire.events.unwrap_or_default();
    let links = wire.links.unwrap_or_default();
    at_most("attributes", attributes.len(), limits.max_attributes)?;
    at_most("events", events.len(), limits.max_events)?;
    at_most("links", links.len(), limits.max_links)?;
    let id = wire
        .span_id
        .or_else(|| wire.context?.span_id)
        .unwrap_or_default();
    let link_count = links.len();
    let links: Vec<Link> = links.into_iter().filter_map(decode_link).collect();
    let bad_links = u32::try_from(link_count - links.len()).unwrap_or(u32::MAX);
    Ok(Span {
        trace_id,
        span_id: ids::span_id(&id)?.ok_or_else(|| "span id is all zero".to_owned())?,
        parent_id: wire
            .parent_span_id
            .filter(|id| !id.is_empty())
            .map_or(Ok(None), |id| ids::span_id(&id))?,
        name: wire.name.unwrap_or_default(),
        kind: SpanKind::Unspecified,
        start: time(&wire.start_time_unix_nano)?.unwrap_or_default(),
        end: time(&wire.end_time_unix_nano)?,
        status: status(wire.status, &wire.status_code, wire.status_message),
        attributes: span_attributes(attributes, limits.max_value_depth, texts),
        events: events
            .into_iter()
            .map(|event| decode_event(event, limits))
            .collect::<Result<_, _>>()?,
        links,
        trace_state: String::new(),
        flags: 0,
        price: fanlight_model::Priced::Unasked,
        dropped: [0, 0, bad_links],
        scope: Arc::clone(scope),
        resource: Arc::clone(resource),
    })
}

fn at_most(what: &'static str, found: usize, limit: usize) -> Result<(), String> {
    if found > limit {
        Err(RejectReason::TooMany { what, found, limit }.to_string())
    } else {
        Ok(())
    }
}

/// Nanoseconds as a number or as decimal text; nothing and zero are `None`.
fn time(json: &Json) -> Result<Option<UnixNanos>, String> {
    let nanos = match json {
        Json::Null => Some(0),
        Json::String(text) => text.trim().parse().ok(),
        Json::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        _ => None,
    };
    let nanos = nanos
        .ok_or_else(|| format!("`{}` is not a time in nanoseconds", cut(&json.to_string())))?;
    Ok((nanos != 0).then_some(UnixNanos(nanos)))
}

fn whole(number: f64) -> Option<u64> {
    const TOO_LARGE: f64 = 18_446_744_073_709_551_616.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the range of u64, checked"
    )]
    (0.0..TOO_LARGE).contains(&number).then_some(number as u64)
}

/// `{"code": …, "message": …}`, the code alone, or `status_code` beside `status_message`.
fn status(status: Json, code: &Json, message: Option<String>) -> Status {
    match status {
        Json::Object(mut fields) => {
            let message = fields
                .get("message")
                .and_then(Json::as_str)
                .unwrap_or_default()
                .to_owned();
            Status {
                code: status_code(&fields.remove("code").unwrap_or_default()),
                message,
            }
        }
        Json::Null => Status {
            code: status_code(code),
            message: message.unwrap_or_default(),
        },
        other => Status {
            code: status_code(&other),
            message: message.unwrap_or_default(),
        },
    }
}

fn status_code(json: &Json) -> StatusCode {
    match json {
        Json::String(name) => match name.strip_prefix("STATUS_CODE_").unwrap_or(name) {
            "OK" => StatusCode::Ok,
            "ERROR" => StatusCode::Error,
            _ => StatusCode::Unset,
        },
        Json::Number(number) => crate::decode::status_code(
            number
                .as_i64()
                .and_then(|number| i32::try_from(number).ok())
                .unwrap_or(0),
        ),
        _ => StatusCode::Unset,
    }
}

/// Values of event and link attributes are plain JSON in every form.
fn decode_event(wire: WireEvent, limits: &Limits) -> Result<Event, String> {
    let attributes = wire.attributes.unwrap_or_default();
    at_most(
        "attributes of an event",
        attributes.len(),
        limits.max_attributes,
    )?;
    let time = match time(&wire.time_unix_nano)? {
        Some(time) => time,
        None => guess_unit(time(&wire.timestamp)?.unwrap_or_default()),
    };
    let keep = |value: Json| {
        if depth_within(&value, limits.max_value_depth) {
            Value::from_json(value)
        } else {
            Value::String(value.to_string())
        }
    };
    let attributes = attributes
        .into_iter()
        .map(|(key, value)| (key, keep(value)))
        .collect();
    Ok(Event {
        name: wire.name.unwrap_or_default(),
        time,
        attributes,
        dropped_attributes: 0,
    })
}

/// Python 2.x writes microseconds unless the user passed a time of their own. Between 1973 and 5138, milli-, micro- and
/// nanoseconds do not overlap.
fn guess_unit(time: UnixNanos) -> UnixNanos {
    match time.0 {
        100_000_000_000..100_000_000_000_000 => UnixNanos(time.0 * 1_000_000),
        100_000_000_000_000..100_000_000_000_000_000 => UnixNanos(time.0 * 1_000),
        _ => time,
    }
}

fn decode_link(wire: WireLink) -> Option<Link> {
    let attributes = wire.attributes.unwrap_or_default();
    Some(Link {
        trace_id: ids::trace_id(&wire.trace_id?)?,
        span_id: ids::span_id(&wire.span_id?).ok()??,
        trace_state: String::new(),
        attributes: attributes
            .into_iter()
            .map(|(key, value)| (key, Value::from_json(value)))
            .collect(),
        dropped_attributes: 0,
        flags: 0,
    })
}
