//! Just enough of OTLP/JSON to read the fixtures.

use std::sync::Arc;

use fanlight_model::{
    Attributes, Event, Resource, Scope, Span, SpanKind, Status, StatusCode, UnixNanos, Value,
};
use serde_json::Value as Json;

pub(crate) fn spans(text: &str) -> Vec<Arc<Span>> {
    let export: Json = serde_json::from_str(text).unwrap();
    let mut spans = Vec::new();
    for group in list(&export["resourceSpans"]) {
        let resource = Arc::new(Resource {
            attributes: attributes(&group["resource"]["attributes"]),
        });
        for scoped in list(&group["scopeSpans"]) {
            let raw = list(&scoped["spans"]);
            spans.extend(raw.iter().map(|raw| Arc::new(span(raw, &resource))));
        }
    }
    spans
}

fn span(raw: &Json, resource: &Arc<Resource>) -> Span {
    Span {
        trace_id: text(&raw["traceId"]).parse().unwrap(),
        span_id: text(&raw["spanId"]).parse().unwrap(),
        parent_id: text(&raw["parentSpanId"]).parse().ok(),
        name: text(&raw["name"]).to_owned(),
        kind: SpanKind::Unspecified,
        start: time(&raw["startTimeUnixNano"]),
        end: Some(time(&raw["endTimeUnixNano"])),
        status: Status {
            code: status(&raw["status"]["code"]),
            message: String::new(),
        },
        attributes: attributes(&raw["attributes"]),
        events: list(&raw["events"]).iter().map(event).collect(),
        links: Vec::new(),
        trace_state: String::new(),
        flags: 0,
        price: fanlight_model::Priced::Unasked,
        dropped: [0; 3],
        scope: Arc::new(Scope::default()),
        resource: Arc::clone(resource),
    }
}

fn event(raw: &Json) -> Event {
    Event {
        name: text(&raw["name"]).to_owned(),
        time: time(&raw["timeUnixNano"]),
        attributes: attributes(&raw["attributes"]),
        dropped_attributes: 0,
    }
}

fn attributes(raw: &Json) -> Attributes {
    list(raw)
        .iter()
        .map(|pair| (text(&pair["key"]).to_owned(), any_value(&pair["value"])))
        .collect()
}

fn any_value(raw: &Json) -> Value {
    let Some((kind, value)) = raw.as_object().and_then(|entries| entries.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "stringValue" => text(value).into(),
        "boolValue" => value.as_bool().unwrap().into(),
        "intValue" => value
            .as_i64()
            .or_else(|| text(value).parse().ok())
            .unwrap()
            .into(),
        "doubleValue" => value.as_f64().unwrap().into(),
        "arrayValue" => Value::Array(list(&value["values"]).iter().map(any_value).collect()),
        "kvlistValue" => Value::Map(attributes(&value["values"]).into_entries()),
        other => panic!("unexpected kind of value: {other}"),
    }
}

fn status(code: &Json) -> StatusCode {
    match (code.as_u64(), code.as_str()) {
        (Some(1), _) | (_, Some("STATUS_CODE_OK")) => StatusCode::Ok,
        (Some(2), _) | (_, Some("STATUS_CODE_ERROR")) => StatusCode::Error,
        _ => StatusCode::Unset,
    }
}

fn time(raw: &Json) -> UnixNanos {
    UnixNanos(raw.as_u64().or_else(|| text(raw).parse().ok()).unwrap_or(0))
}

fn text(raw: &Json) -> &str {
    raw.as_str().unwrap_or_default()
}

fn list(raw: &Json) -> &[Json] {
    raw.as_array().map(Vec::as_slice).unwrap_or_default()
}
