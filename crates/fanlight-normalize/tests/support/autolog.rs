//! Traces as MLflow's autologging leaves them, written down span by span.

use std::sync::Arc;

use fanlight_model::{
    Attributes, Event, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos, Value,
};
use serde_json::Value as Json;

/// The spans of every trace in the file. What MLflow's clients send as JSON text is JSON text here too.
pub(crate) fn traces(text: &str) -> Vec<Vec<Arc<Span>>> {
    let file: Json = serde_json::from_str(text).unwrap();
    let traces = file["traces"].as_array().unwrap();
    let numbered = traces.iter().zip(1..);
    numbered
        .map(|(trace, number)| {
            let spans = trace["spans"].as_array().unwrap();
            spans
                .iter()
                .map(|raw| Arc::new(span(raw, number)))
                .collect()
        })
        .collect()
}

fn span(raw: &Json, trace: u64) -> Span {
    let index = raw["index"].as_u64().unwrap();
    let mut attributes: Attributes = raw["attributes"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (key.clone(), attribute(value)))
        .collect();
    for (key, member) in [
        ("mlflow.spanInputs", "inputs"),
        ("mlflow.spanOutputs", "outputs"),
    ] {
        let was_sent = raw["attribute_keys"]
            .as_array()
            .unwrap()
            .contains(&Json::from(key));
        if was_sent {
            attributes.insert(key, raw[member].to_string().into());
        }
    }
    if let Some(span_type) = raw["type"].as_str() {
        attributes.insert("mlflow.spanType", span_type.into());
    }
    Span {
        parent_id: raw["parent"].as_u64().map(id),
        kind: SpanKind::Internal,
        start: UnixNanos(1_000 + index),
        end: Some(UnixNanos(9_000 - index)),
        status: Status {
            code: match raw["status"]["code"].as_str() {
                Some("OK") => StatusCode::Ok,
                Some("ERROR") => StatusCode::Error,
                _ => StatusCode::Unset,
            },
            message: String::new(),
        },
        attributes,
        events: raw["events"]
            .as_array()
            .map_or_else(Vec::new, |events| events.iter().map(event).collect()),
        ..Span::new(
            TraceId::from_bytes(u128::from(trace).to_be_bytes()).unwrap(),
            id(index),
            raw["name"].as_str().unwrap().to_owned(),
        )
    }
}

fn event(raw: &Json) -> Event {
    Event {
        name: raw["name"].as_str().unwrap().to_owned(),
        attributes: raw["attributes"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (key.clone(), attribute(value)))
            .collect(),
        ..Event::default()
    }
}

/// Objects and lists travel as JSON text.
fn attribute(value: &Json) -> Value {
    match value {
        Json::Array(_) | Json::Object(_) => value.to_string().into(),
        plain => Value::from_json(plain.clone()),
    }
}

fn id(index: u64) -> SpanId {
    SpanId::from_bytes((index + 1).to_be_bytes()).unwrap()
}
