//! OTLP requests: spans of the model for what is right, bytes and JSON by hand for what is not.

use fanlight_model::{
    Attributes, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos, Value,
};

use super::Server;
use super::http::{Reply, send};

/// 2026-01-01, in nanoseconds.
pub(crate) const BASE: u64 = 1_767_225_600_000_000_000;
pub(crate) const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// A finished root of one second that started `trace` milliseconds after [`BASE`].
pub(crate) fn root(trace: u128, name: &str) -> Span {
    let start = BASE + u64::try_from(trace % 1_000_000_000).unwrap() * 1_000_000;
    Span {
        kind: SpanKind::Internal,
        start: UnixNanos(start),
        end: Some(UnixNanos(start + 1_000_000_000)),
        status: Status {
            code: StatusCode::Ok,
            message: String::new(),
        },
        attributes: Attributes::new(),
        ..Span::new(
            TraceId::from_bytes(trace.to_be_bytes()).unwrap(),
            span_id(1),
            name,
        )
    }
}

/// A child of the root, `number` milliseconds after it (at most a second).
pub(crate) fn child(trace: u128, number: u64, name: &str) -> Span {
    let parent = root(trace, name);
    let start = UnixNanos(parent.start.0 + number % 1000 * 1_000_000);
    Span {
        span_id: span_id(number),
        parent_id: Some(parent.span_id),
        start,
        end: Some(UnixNanos(start.0 + 1000)),
        ..parent
    }
}

pub(crate) fn span_id(number: u64) -> SpanId {
    SpanId::from_bytes(number.to_be_bytes()).unwrap()
}

pub(crate) fn with_attribute(mut span: Span, key: &str, value: impl Into<Value>) -> Span {
    span.attributes.insert(key, value.into());
    span
}

/// As MLflow writes it.
pub(crate) fn trace_id(trace: u128) -> String {
    format!("tr-{trace:032x}")
}

impl Server {
    pub(crate) fn export(&self, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.call("POST", "/v1/traces", headers, body)
    }

    /// Stores spans; the answer has to be full success.
    pub(crate) fn ingest(&self, spans: &[Span]) {
        let reply = self.export(&[PROTOBUF], &fanlight_ingest::encode_traces(spans));
        assert_eq!(
            (reply.status, reply.body.as_slice()),
            (200, &b""[..]),
            "{}",
            reply.text()
        );
    }
}

/// Whether a server, which may be killed meanwhile, acknowledged the spans.
pub(crate) fn try_ingest(port: u16, spans: &[Span]) -> bool {
    let reply = send(
        port,
        "POST",
        "/v1/traces",
        &[PROTOBUF],
        &fanlight_ingest::encode_traces(spans),
    );
    reply.is_ok_and(|reply| reply.status == 200)
}

/// One length-delimited field of a protobuf message.
pub(crate) fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [
        &[number << 3 | 2][..],
        &varint(content.len() as u64),
        content,
    ]
    .concat()
}

/// One integer field of a protobuf message.
pub(crate) fn number(number: u8, value: u64) -> Vec<u8> {
    [&[number << 3][..], &varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}

/// `google.rpc.Status`, as failures are told to protobuf clients.
pub(crate) fn rpc_status(code: u64, message: &str) -> Vec<u8> {
    [number(1, code), field(2, message.as_bytes())].concat()
}
