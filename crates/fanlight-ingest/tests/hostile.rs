//! Bodies made to hurt.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fanlight_ingest::{DecodeError, Encoding, Limits, decode_spans_json, decode_traces};
use fanlight_model::TraceId;

fn decode(body: &[u8], encoding: Encoding) -> Result<fanlight_ingest::DecodedTraces, DecodeError> {
    decode_traces(body, encoding, &Limits::default())
}

/// A message of one length-delimited field.
fn message(field: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![field << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap());
    bytes.extend(content);
    bytes
}

#[test]
fn deep_nesting_in_protobuf_is_refused() {
    let mut value = Vec::new();
    for _ in 0..10_000 {
        value = message(5, &message(1, &value));
    }
    let body = message(
        1,
        &message(2, &message(2, &message(9, &message(2, &value)))),
    );
    assert!(matches!(
        decode(&body, Encoding::Protobuf),
        Err(DecodeError::Protobuf { .. })
    ));
}

#[test]
fn deep_nesting_in_json_is_refused() {
    let value = format!(
        "{}{}",
        r#"{"arrayValue":{"values":["#.repeat(5_000),
        "]}}".repeat(5_000)
    );
    let body = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"k","value":{value}}}]}}}}]}}"#
    );
    assert!(matches!(
        decode(body.as_bytes(), Encoding::Json),
        Err(DecodeError::Json { .. })
    ));

    let unknown = format!(
        r#"{{"spans":[{{"status":{}{}}}]}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let id = TraceId::from_bytes([1; 16]).unwrap();
    let found = decode_spans_json(unknown.as_bytes(), id, &Limits::default());
    assert!(
        matches!(found, Err(DecodeError::TracesDocumentSpan { index: 0, .. })),
        "{found:?}"
    );
}

#[test]
fn two_bytes_per_span_do_not_fill_the_memory() {
    let refused = Err(DecodeError::TooManySpans { limit: 100_000 });
    let spans = message(1, &message(2, &[0x12, 0].repeat(5_000_000)));
    assert_eq!(decode(&spans, Encoding::Protobuf), refused);
    assert_eq!(
        decode(&[0x0a, 0].repeat(5_000_000), Encoding::Protobuf),
        refused
    );

    let list = format!("[{}{{}}]", "{},".repeat(2_000_000));
    for body in [
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":{list}}}]}}]}}"#),
        format!(r#"{{"resourceSpans":{list}}}"#),
    ] {
        assert_eq!(decode(body.as_bytes(), Encoding::Json), refused);
    }
}

#[test]
fn a_thousand_copies_of_a_key_are_one_attribute() {
    let pair = r#"{"key":"k","value":{"intValue":"1"}},"#.repeat(5_000);
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"1","spanId":"1","attributes":[{}]}}]}}]}}]}}"#,
        pair.trim_end_matches(',')
    );
    let decoded = decode(body.as_bytes(), Encoding::Json).unwrap();
    assert_eq!(decoded.groups[0].spans[0].attributes.len(), 1);
}
