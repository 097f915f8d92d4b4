use fanlight_model::{SpanKind, Value};
use prost::Message as _;
use serde_json::json;

use super::*;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

fn decode(json: &serde_json::Value) -> Result<DecodedTraces, DecodeError> {
    decode_traces(
        json.to_string().as_bytes(),
        Encoding::Json,
        &Limits::default(),
    )
}

fn request(spans: &[serde_json::Value]) -> serde_json::Value {
    json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
}

/// One span that must be accepted, given by the fields it has beside its ids.
fn decoded(extra: serde_json::Value) -> Span {
    let mut span = json!({"traceId": TRACE, "spanId": SPAN});
    let (Some(fields), serde_json::Value::Object(extra)) = (span.as_object_mut(), extra) else {
        panic!("not an object")
    };
    fields.extend(extra);
    let mut decoded = decode(&request(&[span])).unwrap();
    assert_eq!(decoded.rejected, []);
    decoded.groups.remove(0).spans.remove(0)
}

fn protobuf(span: wire::Span) -> Result<DecodedTraces, DecodeError> {
    protobuf_with(span, &Limits::default())
}

fn protobuf_with(span: wire::Span, limits: &Limits) -> Result<DecodedTraces, DecodeError> {
    let scope_spans = vec![wire::ScopeSpans {
        spans: vec![span],
        ..Default::default()
    }];
    let resource_spans = vec![wire::ResourceSpans {
        scope_spans,
        ..Default::default()
    }];
    let body = wire::ExportTraceServiceRequest { resource_spans }.encode_to_vec();
    decode_traces(&body, Encoding::Protobuf, limits)
}

fn valid() -> wire::Span {
    wire::Span {
        trace_id: vec![7; 16],
        span_id: vec![9; 8],
        ..Default::default()
    }
}

fn reason(span: wire::Span) -> String {
    let decoded = protobuf(span).unwrap();
    assert_eq!(decoded.groups, []);
    decoded.rejected[0].to_string()
}

#[test]
fn a_request_without_resources_holds_no_spans() {
    let limits = Limits::default();
    assert_eq!(
        decode_traces(b"", Encoding::Protobuf, &limits),
        Err(DecodeError::NoSpans)
    );
    for body in [
        "",
        "{}",
        r#"{"resourceSpans": []}"#,
        r#"{"resourceSpans": null}"#,
    ] {
        assert_eq!(
            decode_traces(body.as_bytes(), Encoding::Json, &limits),
            Err(DecodeError::NoSpans),
            "{body}"
        );
    }
    for body in [
        r#"{"resourceSpans": [{}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}"#,
    ] {
        assert_eq!(
            decode_traces(body.as_bytes(), Encoding::Json, &limits),
            Ok(DecodedTraces::default()),
            "{body}"
        );
    }
}

#[test]
fn one_bad_span_does_not_sink_its_request() {
    let good = json!({"traceId": TRACE, "spanId": SPAN, "name": "kept"});
    let bad = json!({"traceId": TRACE, "spanId": "0000000000000000"});
    let mut body = request(&[good.clone(), bad]);
    body["resourceSpans"]
        .as_array_mut()
        .unwrap()
        .push(request(&[json!({}), good])["resourceSpans"][0].take());

    let decoded = decode(&body).unwrap();

    assert_eq!(
        decoded
            .groups
            .iter()
            .map(|group| group.spans.len())
            .collect::<Vec<_>>(),
        [1, 1]
    );
    let reasons: Vec<String> = decoded.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        ["span 1: span id is all zero", "span 2: trace id is empty"]
    );
}

#[test]
fn ids_of_the_wrong_length_are_refused() {
    assert_eq!(
        reason(wire::Span {
            trace_id: vec![1; 15],
            ..valid()
        }),
        "span 0: trace id has 15 bytes, expected 16"
    );
    assert_eq!(
        reason(wire::Span {
            span_id: vec![1; 9],
            ..valid()
        }),
        "span 0: span id has 9 bytes, expected 8"
    );
    assert_eq!(
        reason(wire::Span {
            trace_id: vec![0; 16],
            ..valid()
        }),
        "span 0: trace id is all zero"
    );
    assert_eq!(
        reason(wire::Span {
            parent_span_id: vec![1; 3],
            ..valid()
        }),
        "span 0: parent span id has 3 bytes, expected 8"
    );
    let long = json!({"traceId": format!("{TRACE}00"), "spanId": SPAN});
    assert_eq!(decode(&request(&[long])).unwrap().rejected.len(), 1);
}

#[test]
fn hex_ids_come_in_either_case_and_may_lack_leading_zeros() {
    let span = json!({"traceId": "ABC", "spanId": "F067AA0BA902B7", "parentSpanId": "1"});
    let decoded = decode(&request(&[span])).unwrap();
    let span = &decoded.groups[0].spans[0];
    assert_eq!(
        span.trace_id.to_string(),
        "00000000000000000000000000000abc"
    );
    assert_eq!(span.span_id.to_string(), SPAN);
    assert_eq!(
        span.parent_id.map(|id| id.to_string()).as_deref(),
        Some("0000000000000001")
    );
}

#[test]
fn an_id_that_is_not_hex_fails_the_body() {
    let found = decode(&request(&[json!({"traceId": "not-hex!", "spanId": SPAN})])).unwrap_err();
    assert_eq!(
        found.to_string(),
        "body is not OTLP/JSON: invalid value: string \"not-hex!\", expected an id of hex digits at line 1 column 64"
    );
}

#[test]
fn no_parent_and_a_zero_parent_both_mean_a_root() {
    for parent in [json!(""), json!(null), json!("0000000000000000")] {
        assert!(decoded(json!({"parentSpanId": parent})).is_root());
    }
    assert_eq!(
        protobuf(wire::Span {
            parent_span_id: vec![0; 8],
            ..valid()
        })
        .unwrap()
        .groups[0]
            .spans[0]
            .parent_id,
        None
    );
}

#[test]
fn a_span_that_has_not_ended_is_open_and_clocks_may_disagree() {
    let open = decoded(json!({"startTimeUnixNano": "1700000000000000001", "endTimeUnixNano": 0}));
    assert_eq!(
        (open.start, open.end),
        (UnixNanos(1_700_000_000_000_000_001), None)
    );
    let backwards = decoded(json!({"startTimeUnixNano": 20, "endTimeUnixNano": "10"}));
    assert_eq!(
        (backwards.start, backwards.end),
        (UnixNanos(20), Some(UnixNanos(10)))
    );
}

#[test]
fn enums_are_names_or_numbers() {
    for (kind, expected) in [
        (json!("SPAN_KIND_CLIENT"), SpanKind::Client),
        (json!(3), SpanKind::Client),
        (json!("3"), SpanKind::Client),
        (json!(77), SpanKind::Other(77)),
        (json!(null), SpanKind::Unspecified),
    ] {
        assert_eq!(decoded(json!({"kind": kind})).kind, expected);
    }
    for (code, expected) in [
        (json!("STATUS_CODE_ERROR"), StatusCode::Error),
        (json!("OK"), StatusCode::Ok),
        (json!(2), StatusCode::Error),
        (json!(9), StatusCode::Unset),
    ] {
        assert_eq!(
            decoded(json!({"status": {"code": code}})).status.code,
            expected
        );
    }
    let found = decode(&request(&[json!({"kind": "SPAN_KIND_ODD"})]))
        .unwrap_err()
        .to_string();
    assert!(found.contains(
        "invalid value: string \"SPAN_KIND_ODD\", expected one of SPAN_KIND_{UNSPECIFIED, INTERNAL"
    ));
}

#[test]
fn json_values_are_read_in_every_form() {
    let values = [
        (json!({"stringValue": "é\u{0}"}), "é\u{0}".into()),
        (json!({"boolValue": true}), true.into()),
        (json!({"intValue": "-9223372036854775808"}), i64::MIN.into()),
        (json!({"intValue": 5}), 5.into()),
        (json!({"intValue": 5.0}), 5.into()),
        (json!({"doubleValue": 5}), 5.0.into()),
        (
            json!({"doubleValue": "-Infinity"}),
            f64::NEG_INFINITY.into(),
        ),
        (
            json!({"bytesValue": "//79/A=="}),
            Value::Bytes(vec![255, 254, 253, 252]),
        ),
        (
            json!({"bytesValue": "__79_A"}),
            Value::Bytes(vec![255, 254, 253, 252]),
        ),
        (
            json!({"arrayValue": {"values": [{"intValue": 1}, {}]}}),
            Value::Array(vec![1.into(), Value::Null]),
        ),
        (json!({"arrayValue": {}}), Value::Array(vec![])),
        (
            json!({"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": false}}, {"key": "b"}]}}),
            Value::Map(vec![("a".into(), false.into()), ("b".into(), Value::Null)]),
        ),
        (
            json!({"stringValue": null, "intValue": 1, "odd": {"deep": []}}),
            1.into(),
        ),
        (json!({}), Value::Null),
        (json!(null), Value::Null),
    ];
    for (json, expected) in values {
        let span = decoded(
            json!({"attributes": [{"key": "k", "value": json}], "unknownField": {"x": [1]}}),
        );
        assert_eq!(span.attributes.get("k"), Some(&expected), "{json}");
    }
}

#[test]
fn a_value_of_the_wrong_kind_fails_the_body() {
    for value in [
        json!({"intValue": "1.5"}),
        json!({"intValue": 1e300}),
        json!({"bytesValue": "?"}),
        json!("text"),
    ] {
        let span = json!({"attributes": [{"key": "k", "value": value}]});
        assert!(
            matches!(decode(&request(&[span])), Err(DecodeError::Json { .. })),
            "{value}"
        );
    }
}

#[test]
fn a_link_to_nowhere_is_dropped_and_counted() {
    let good = json!({"traceId": TRACE, "spanId": "1", "traceState": "a=b", "flags": 256});
    let span = decoded(
        json!({"links": [{"traceId": TRACE}, good, {"spanId": SPAN}], "droppedLinksCount": 3}),
    );
    assert_eq!(span.dropped, [0, 0, 5]);
    let [link] = span.links.as_slice() else {
        panic!("{:?}", span.links)
    };
    assert_eq!(
        (
            link.trace_id.to_string().as_str(),
            link.trace_state.as_str(),
            link.flags
        ),
        (TRACE, "a=b", 256)
    );
}

#[test]
fn of_a_repeated_attribute_the_last_value_stays() {
    let attribute = |value: &str| json!({"key": "k", "value": {"stringValue": value}});
    let span = decoded(json!({"attributes": [attribute("first"), attribute("last")]}));
    assert_eq!(
        (span.attributes.len(), span.attributes.get_str("k")),
        (1, Some("last"))
    );
}

#[test]
fn too_much_of_anything_refuses_the_span() {
    let limits = Limits {
        max_attributes: 1,
        max_events: 1,
        max_links: 1,
        max_value_depth: 1,
        ..Limits::default()
    };
    let int = |number| {
        Some(wire::AnyValue {
            kind: Some(wire::AnyValueKind::Int(number)),
        })
    };
    let pair = |key: &str| wire::KeyValue {
        key: key.into(),
        value: int(1),
    };
    let nested = |value| {
        Some(wire::AnyValue {
            kind: Some(wire::AnyValueKind::Array(wire::ArrayValue {
                values: vec![value],
            })),
        })
    };
    let two_deep = wire::KeyValue {
        key: "deep".into(),
        value: nested(nested(wire::AnyValue::default()).unwrap()),
    };
    for (span, expected) in [
        (
            wire::Span {
                attributes: vec![pair("a"), pair("b")],
                ..valid()
            },
            "span 0: 2 attributes, at most 1 are accepted",
        ),
        (
            wire::Span {
                events: vec![wire::Event::default(); 2],
                ..valid()
            },
            "span 0: 2 events, at most 1 are accepted",
        ),
        (
            wire::Span {
                links: vec![wire::Link::default(); 3],
                ..valid()
            },
            "span 0: 3 links, at most 1 are accepted",
        ),
        (
            wire::Span {
                events: vec![wire::Event {
                    attributes: vec![pair("a"), pair("b")],
                    ..Default::default()
                }],
                ..valid()
            },
            "span 0: 2 attributes of an event, at most 1 are accepted",
        ),
        (
            wire::Span {
                attributes: vec![two_deep],
                ..valid()
            },
            "span 0: attribute `deep` is nested deeper than 1 levels",
        ),
    ] {
        assert_eq!(
            protobuf_with(span, &limits).unwrap().rejected[0].to_string(),
            expected
        );
    }
    let limits = Limits {
        max_spans_per_request: 0,
        ..limits
    };
    assert_eq!(
        protobuf_with(valid(), &limits),
        Err(DecodeError::TooManySpans { limit: 0 })
    );
    let json = request(&[json!({})]).to_string();
    assert_eq!(
        decode_traces(json.as_bytes(), Encoding::Json, &limits),
        Err(DecodeError::TooManySpans { limit: 0 })
    );
}

#[test]
fn a_session_id_beyond_250_characters_fails_the_request() {
    let with = |key: &str, session: String| {
        let attribute = json!({"key": key, "value": {"stringValue": session}});
        decode(&request(&[
            json!({"traceId": TRACE, "spanId": SPAN, "attributes": [attribute]}),
        ]))
    };
    assert!(with("session.id", "é".repeat(250)).is_ok());
    assert_eq!(
        with("session.id", "é".repeat(251)).unwrap_err().to_string(),
        "attribute `session.id` of span 0 has 251 characters; a session id may have 250"
    );
    assert!(with("gen_ai.conversation.id", "x".repeat(251)).is_err());
    assert!(with("other", "x".repeat(251)).is_ok());
}

#[test]
fn text_that_is_not_utf_8_fails_the_body() {
    let mut body = Vec::new();
    let name = wire::Span {
        name: "~~".into(),
        ..valid()
    };
    let scope_spans = vec![wire::ScopeSpans {
        spans: vec![name],
        ..Default::default()
    }];
    let resource_spans = vec![wire::ResourceSpans {
        scope_spans,
        ..Default::default()
    }];
    wire::ExportTraceServiceRequest { resource_spans }
        .encode(&mut body)
        .unwrap();
    let place = body.windows(2).position(|pair| pair == b"~~").unwrap();
    body[place] = 0xff;
    let found = decode_traces(&body, Encoding::Protobuf, &Limits::default()).unwrap_err();
    assert_eq!(
        found.to_string(),
        "body is not OTLP protobuf: failed to decode Protobuf message: Span.name: ScopeSpans.spans: \
         ResourceSpans.scope_spans: ExportTraceServiceRequest.resource_spans: invalid string value: data is not \
         UTF-8 encoded"
    );
}

#[test]
fn responses_have_the_protocols_json_form() {
    let partial_success = Some(wire::ExportTracePartialSuccess {
        rejected_spans: 1,
        error_message: "span 1: span id is all zero".into(),
    });
    let refused = wire::ExportTraceServiceResponse { partial_success };
    assert_eq!(
        serde_json::to_string(&refused).unwrap(),
        r#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"span 1: span id is all zero"}}"#
    );
    assert_eq!(
        serde_json::to_string(&wire::ExportTraceServiceResponse::default()).unwrap(),
        "{}"
    );
}
