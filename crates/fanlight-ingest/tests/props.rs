//! Properties that hold for every input.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use fanlight_ingest::{
    Encoding, Limits, decode_logs, decode_spans_json, decode_traces, decompress, encode_traces,
    encode_traces_json,
};
use fanlight_model::{
    Attributes, Event, Link, Resource, Scope, Span, SpanId, Status, StatusCode, TraceId, UnixNanos,
    Value,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn trace_id() -> impl Strategy<Value = TraceId> {
    any::<[u8; 16]>().prop_filter_map("zero", TraceId::from_bytes)
}

fn span_id() -> impl Strategy<Value = SpanId> {
    any::<[u8; 8]>().prop_filter_map("zero", SpanId::from_bytes)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>()
            .prop_filter("NaN is not equal to itself", |number| !number.is_nan())
            .prop_map(Value::Double),
        ".{0,20}".prop_map(Value::String),
        vec(any::<u8>(), 0..9).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((".{0,5}", inner), 0..4).prop_map(Value::Map),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    vec((".{0,8}", value()), 0..5).prop_map(Attributes::from_entries)
}

fn event() -> impl Strategy<Value = Event> {
    (".{0,8}", any::<u64>(), attributes(), any::<u32>()).prop_map(
        |(name, time, attributes, dropped_attributes)| Event {
            name,
            time: UnixNanos(time),
            attributes,
            dropped_attributes,
        },
    )
}

fn link() -> impl Strategy<Value = Link> {
    (
        trace_id(),
        span_id(),
        ".{0,8}",
        attributes(),
        any::<(u32, u32)>(),
    )
        .prop_map(
            |(trace_id, span_id, trace_state, attributes, (dropped_attributes, flags))| Link {
                trace_id,
                span_id,
                trace_state,
                attributes,
                dropped_attributes,
                flags,
            },
        )
}

fn status() -> impl Strategy<Value = Status> {
    let code = prop_oneof![
        Just(StatusCode::Unset),
        Just(StatusCode::Ok),
        Just(StatusCode::Error)
    ];
    (code, ".{0,8}").prop_map(|(code, message)| Status { code, message })
}

fn source() -> impl Strategy<Value = (Arc<Scope>, Arc<Resource>)> {
    // Few different ones, so that groups are shared.
    (0..3_i64, 0..2_i64).prop_map(|(scope, resource)| {
        let scope = Scope {
            name: format!("scope {scope}"),
            version: "1".into(),
            ..Default::default()
        };
        let attributes = [("service.name".to_owned(), Value::Int(resource))]
            .into_iter()
            .collect();
        (Arc::new(scope), Arc::new(Resource { attributes }))
    })
}

prop_compose! {
    fn span()(
        ids in (trace_id(), span_id(), proptest::option::of(span_id())),
        texts in (".{0,8}", ".{0,8}"),
        kind in any::<i32>(),
        times in (any::<u64>(), proptest::option::of(1..u64::MAX)),
        status in status(),
        attributes in attributes(),
        events in vec(event(), 0..3),
        links in vec(link(), 0..3),
        numbers in any::<(u32, [u32; 3])>(),
        source in source(),
    ) -> Span {
        Span {
            trace_id: ids.0,
            span_id: ids.1,
            parent_id: ids.2,
            name: texts.0,
            kind: kind.into(),
            start: UnixNanos(times.0),
            end: times.1.map(UnixNanos),
            status,
            attributes,
            events,
            links,
            trace_state: texts.1,
            flags: numbers.0,
            price: fanlight_model::Priced::Unasked,
            dropped: numbers.1,
            scope: source.0,
            resource: source.1,
        }
    }
}

/// Encoding groups spans by source, so the order is that of the groups.
fn by_id(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.trace_id, span.span_id));
    spans
}

fn read(body: &[u8], encoding: Encoding) -> Vec<Span> {
    let decoded = decode_traces(body, encoding, &Limits::default()).unwrap();
    assert_eq!(decoded.rejected, []);
    by_id(
        decoded
            .groups
            .into_iter()
            .flat_map(|group| group.spans)
            .collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spans_survive_protobuf_and_json(spans in vec(span(), 1..6)) {
        let expected = by_id(spans.clone());
        prop_assert_eq!(read(&encode_traces(&spans), Encoding::Protobuf), expected.clone());
        prop_assert_eq!(read(&encode_traces_json(&spans), Encoding::Json), expected);
    }

    #[test]
    fn a_damaged_body_never_panics(spans in vec(span(), 1..4), places in vec((any::<usize>(), any::<u8>()), 1..4), keep in any::<usize>()) {
        for mut body in [encode_traces(&spans), encode_traces_json(&spans)] {
            for (place, byte) in &places {
                let place = place % body.len();
                body[place] = *byte;
            }
            body.truncate(1 + keep % body.len());
            for encoding in [Encoding::Protobuf, Encoding::Json] {
                let _ = decode_traces(&body, encoding, &Limits::default());
                let _ = decode_logs(&body, encoding, &Limits::default());
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(body in vec(any::<u8>(), 0..300)) {
        let limits = Limits::default();
        let id = TraceId::from_bytes([1; 16]).unwrap();
        let _ = decode_traces(&body, Encoding::Protobuf, &limits);
        let _ = decode_traces(&body, Encoding::Json, &limits);
        let _ = decode_logs(&body, Encoding::Protobuf, &limits);
        let _ = decode_spans_json(&body, id, &limits);
        for encoding in ["gzip", "deflate", "zstd"] {
            let _ = decompress(encoding, &body, 10_000);
        }
    }

    #[test]
    fn odd_documents_never_panic(text in r#"\{"spans":\[\{("(name|span_id|start_time|status|attributes|events|links|parent_id)":(1|-1|1e999|""|"0x1"|\[\]|\{\}|null|\{"a":"\["\}),?){0,6}\}\]\}"#) {
        let _ = decode_spans_json(text.as_bytes(), TraceId::from_bytes([1; 16]).unwrap(), &Limits::default());
    }
}
