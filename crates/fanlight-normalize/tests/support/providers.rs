//! Calls of models as their providers document them: a request, and the response or the pieces of it.

use std::sync::Arc;

use fanlight_model::{
    Attributes, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos, Value,
};
use serde_json::Value as Json;

/// The span that a client of MLflow would have recorded, without what it would have worked out.
pub(crate) fn call(text: &str) -> Arc<Span> {
    let call: Json = serde_json::from_str(text).unwrap();
    let attributes = [
        ("mlflow.spanType", Value::from("CHAT_MODEL")),
        ("mlflow.spanInputs", call["request"].to_string().into()),
        ("mlflow.spanOutputs", call["response"].to_string().into()),
    ];
    let error = call["error"].as_str();
    Arc::new(Span {
        kind: SpanKind::Client,
        // Names of models mean, and cost, what they did on this day: 2026-11-28.
        start: UnixNanos(1_795_824_000_000_000_000),
        end: Some(UnixNanos(1_795_824_000_000_008_000)),
        status: Status {
            code: if error.is_some() {
                StatusCode::Error
            } else {
                StatusCode::Ok
            },
            message: error.unwrap_or_default().to_owned(),
        },
        attributes: attributes
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect::<Attributes>(),
        ..Span::new(
            TraceId::from_bytes([7; 16]).unwrap(),
            SpanId::from_bytes([7; 8]).unwrap(),
            "call",
        )
    })
}
