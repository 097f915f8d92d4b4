//! Content of spans that arrives as log records.
//!
//! Older `GenAI` conventions, Claude Code and Codex put prompts and answers in OTLP logs that carry the ids of a span.
//! Such a record becomes an event of that span; any other record is none of our business and is only counted.

use std::sync::Arc;

use fanlight_model::{Attributes, Event, Resource, SpanId, TraceId, UnixNanos, Value};
use prost::Message as _;

use crate::decode::{Encoding, resource, span_id, trace_id};
use crate::error::DecodeError;
use crate::limits::Limits;
use crate::{scan, value, wire};

/// What a request said about spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecodedLogs {
    pub additions: Vec<(Arc<Resource>, LogContent)>,
    /// Records that are not content of a span.
    pub ignored: usize,
}

/// An event for a span that arrives on its own way.
#[derive(Clone, Debug, PartialEq)]
pub struct LogContent {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub event: Event,
}

const PREFIXES: [&str; 3] = ["gen_ai.", "claude_code.", "codex."];

/// Reads an `ExportLogsServiceRequest`. A request without records is fine.
pub fn decode_logs(
    body: &[u8],
    encoding: Encoding,
    limits: &Limits,
) -> Result<DecodedLogs, DecodeError> {
    let entries = match encoding {
        Encoding::Protobuf => scan::count_protobuf(body),
        Encoding::Json => scan::count_json(body),
    };
    if entries > limits.max_spans_per_request.saturating_mul(3) {
        return Err(DecodeError::TooManyLogRecords {
            limit: limits.max_spans_per_request,
        });
    }
    let request = match encoding {
        Encoding::Protobuf => wire::ExportLogsServiceRequest::decode(body)
            .map_err(|cause| DecodeError::protobuf(&cause))?,
        Encoding::Json => {
            serde_json::from_slice(body).map_err(|cause| DecodeError::json(&cause))?
        }
    };
    decode_log_request(request, limits)
}

/// [`decode_logs`] for a request whose bytes another layer has parsed (gRPC).
pub fn decode_log_request(
    request: wire::ExportLogsServiceRequest,
    limits: &Limits,
) -> Result<DecodedLogs, DecodeError> {
    let scopes = request
        .resource_logs
        .iter()
        .flat_map(|group| &group.scope_logs);
    if scopes.map(|scope| scope.log_records.len()).sum::<usize>() > limits.max_spans_per_request {
        return Err(DecodeError::TooManyLogRecords {
            limit: limits.max_spans_per_request,
        });
    }
    let mut decoded = DecodedLogs::default();
    for group in request.resource_logs {
        let resource = Arc::new(resource(group.resource));
        for record in group
            .scope_logs
            .into_iter()
            .flat_map(|scope| scope.log_records)
        {
            match content(record, limits) {
                Some(content) => decoded.additions.push((Arc::clone(&resource), content)),
                None => decoded.ignored += 1,
            }
        }
    }
    Ok(decoded)
}

fn content(record: wire::LogRecord, limits: &Limits) -> Option<LogContent> {
    let trace_id = trace_id("trace id", &record.trace_id).ok()?;
    let span_id = span_id("span id", &record.span_id).ok()?;
    let body = record.body.map_or(Value::Null, value::value);
    if record.attributes.len() > limits.max_attributes {
        return None;
    }
    let attributes = value::attributes(record.attributes, limits.max_value_depth).ok()?;
    let name = event_name(record.event_name, &attributes, &body)?;
    let time = if record.time_unix_nano == 0 {
        record.observed_time_unix_nano
    } else {
        record.time_unix_nano
    };
    let attributes = with_body(attributes, body, &name);
    let dropped_attributes = record.dropped_attributes_count;
    let event = Event {
        name,
        time: UnixNanos(time),
        attributes,
        dropped_attributes,
    };
    Some(LogContent {
        trace_id,
        span_id,
        event,
    })
}

/// The full name of the event, when it is one we keep. Claude Code leaves its prefix out of `event.name` and writes the
/// full name as the body.
fn event_name(field: String, attributes: &Attributes, body: &Value) -> Option<String> {
    let known = |name: &&str| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    if known(&field.as_str()) {
        return Some(field);
    }
    let attribute = attributes.get_str("event.name");
    let full = body
        .as_str()
        .filter(|text| attribute.is_some_and(|name| text.ends_with(name)));
    [attribute, full]
        .into_iter()
        .flatten()
        .find(known)
        .map(str::to_owned)
}

/// The record's attributes, then the entries of its body. Any other body is the `content`.
fn with_body(attributes: Attributes, body: Value, name: &str) -> Attributes {
    let entries = match body {
        Value::Null => return attributes,
        Value::Map(entries) => entries,
        Value::String(text) if text == name => return attributes,
        other => vec![("content".to_owned(), other)],
    };
    let mut all = attributes.into_entries();
    all.extend(entries);
    Attributes::from_entries(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decode(record: &serde_json::Value) -> DecodedLogs {
        let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).to_string();
        decode_logs(body.as_bytes(), Encoding::Json, &Limits::default()).unwrap()
    }

    fn with_ids(extra: serde_json::Value) -> DecodedLogs {
        let mut record = json!({"traceId": "1", "spanId": "2", "observedTimeUnixNano": "7"});
        let (Some(fields), serde_json::Value::Object(extra)) = (record.as_object_mut(), extra)
        else {
            panic!("not an object")
        };
        fields.extend(extra);
        decode(&record)
    }

    fn event(extra: serde_json::Value) -> Event {
        let mut decoded = with_ids(extra);
        assert_eq!(decoded.ignored, 0);
        decoded.additions.remove(0).1.event
    }

    fn text(key: &str, text: &str) -> serde_json::Value {
        json!({"key": key, "value": {"stringValue": text}})
    }

    #[test]
    fn a_map_body_becomes_attributes_of_the_event() {
        let event = event(json!({
            "eventName": "gen_ai.user.message", "timeUnixNano": "5", "attributes": [text("gen_ai.system", "openai")],
            "body": {"kvlistValue": {"values": [text("content", "hi"), {"key": "n", "value": {"arrayValue": {}}}]}}
        }));
        assert_eq!(
            (event.name.as_str(), event.time),
            ("gen_ai.user.message", UnixNanos(5))
        );
        let expected = [
            ("gen_ai.system", "openai".into()),
            ("content", "hi".into()),
            ("n", Value::Array(vec![])),
        ];
        assert_eq!(
            event.attributes.into_entries(),
            expected.map(|(key, value)| (key.to_owned(), value))
        );
    }

    #[test]
    fn a_text_body_is_the_content() {
        let event = event(
            json!({"attributes": [text("event.name", "gen_ai.choice")], "body": {"stringValue": "yo"}}),
        );
        assert_eq!(
            (event.name.as_str(), event.time),
            ("gen_ai.choice", UnixNanos(7))
        );
        assert_eq!(event.attributes.get_str("content"), Some("yo"));
    }

    #[test]
    fn the_full_name_may_be_the_body() {
        let attributes = json!([text("event.name", "user_prompt"), text("prompt", "hello")]);
        let event = event(
            json!({"attributes": attributes, "body": {"stringValue": "claude_code.user_prompt"}}),
        );
        assert_eq!(event.name, "claude_code.user_prompt");
        assert_eq!(event.attributes.get_str("content"), None);
    }

    #[test]
    fn records_without_ids_or_of_other_names_are_ignored() {
        let named = json!({"eventName": "gen_ai.choice"});
        assert_eq!(
            decode(&named),
            DecodedLogs {
                additions: vec![],
                ignored: 1
            }
        );
        for record in [
            json!({}),
            json!({"eventName": "http.request"}),
            json!({"body": {"stringValue": "gen_ai.x"}}),
        ] {
            assert_eq!(
                with_ids(record),
                DecodedLogs {
                    additions: vec![],
                    ignored: 1
                }
            );
        }
    }

    #[test]
    fn a_request_without_records_is_fine() {
        assert_eq!(
            decode_logs(b"{}", Encoding::Json, &Limits::default()),
            Ok(DecodedLogs::default())
        );
        assert_eq!(
            decode_logs(b"", Encoding::Protobuf, &Limits::default()),
            Ok(DecodedLogs::default())
        );
    }
}
