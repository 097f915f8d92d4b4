//! `traces.json` documents of the three kinds of writers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fanlight_ingest::{DecodeError, Limits, decode_spans_json};
use fanlight_model::{Span, StatusCode, TraceId, UnixNanos, Value};

fn id() -> TraceId {
    "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap()
}

fn decode(text: &str) -> Result<Vec<Span>, DecodeError> {
    decode_spans_json(text.as_bytes(), id(), &Limits::default())
}

#[test]
fn python_2_documents_are_read() {
    let spans = decode(include_str!("fixtures/traces_python_2.json")).unwrap();
    let [root, child] = spans.as_slice() else {
        panic!("{spans:?}")
    };

    assert_eq!(
        (root.trace_id, root.parent_id, root.name.as_str()),
        (id(), None, "agent")
    );
    assert_eq!(root.status.code, StatusCode::Ok);
    assert_eq!(root.attributes.get("n"), Some(&Value::Int(5)));
    assert_eq!(
        root.attributes.get("l"),
        Some(&Value::Array(vec![1.into(), 2.into()]))
    );
    assert_eq!(root.attributes.get_str("mlflow.spanType"), Some("AGENT"));

    assert_eq!(child.span_id.to_string(), "f4c9e80f00d67b8b");
    assert_eq!(child.parent_id, Some(root.span_id));
    assert_eq!(child.start, UnixNanos(1_795_224_643_489_027_685));
    assert_eq!(child.end, Some(UnixNanos(1_795_224_643_489_177_958)));
    assert_eq!(
        (child.status.code, child.status.message.as_str()),
        (StatusCode::Error, "ValueError: boom")
    );
    assert_eq!(
        child.attributes.get("mlflow.spanInputs"),
        Some(&Value::Map(vec![("q".into(), "hi".into())]))
    );
    // Written in microseconds.
    assert_eq!(child.events[0].time, UnixNanos(1_795_224_643_489_100_000));
    assert_eq!(
        child.events[0].attributes.get_str("exception.type"),
        Some("ValueError")
    );
}

#[test]
fn python_3_documents_are_read() {
    let spans = decode(include_str!("fixtures/traces_python_3.json")).unwrap();
    let [root, child] = spans.as_slice() else {
        panic!("{spans:?}")
    };

    assert_eq!(
        (root.trace_id, root.parent_id, root.end),
        (id(), None, None)
    );
    assert_eq!(root.attributes.get_str("mlflow.spanOutputs"), Some("5"));
    assert_eq!(root.links.len(), 1);
    assert_eq!(
        root.links[0].trace_id.to_string(),
        "0af7651916cd43dd8448eb211c80319c"
    );
    assert_eq!(root.dropped, [0, 0, 1]);
    assert_eq!(child.parent_id, Some(root.span_id));
    assert_eq!(child.status.code, StatusCode::Ok);
    assert_eq!(child.events[0].time, UnixNanos(1_795_224_643_489_100_500));
    assert_eq!(child.events[0].attributes.get("a"), Some(&Value::Int(1)));
}

#[test]
fn npm_documents_are_read() {
    let spans = decode(include_str!("fixtures/traces_npm.json")).unwrap();
    let [root] = spans.as_slice() else {
        panic!("{spans:?}")
    };

    assert_eq!((root.trace_id, root.parent_id), (id(), None));
    assert_eq!(root.span_id.to_string(), "00f067aa0ba902b7");
    assert_eq!(root.start, UnixNanos(1_795_224_643_489_027_685));
    assert_eq!(
        root.attributes.get("mlflow.spanInputs"),
        Some(&Value::Map(vec![("n".into(), "5".into())]))
    );
    assert_eq!(root.attributes.get("answer"), Some(&"42".into()));
    assert_eq!(root.status.code, StatusCode::Error);
}

#[test]
fn a_document_without_spans_says_what_is_missing() {
    assert_eq!(decode(r#"{"spans": []}"#), Ok(vec![]));
    assert_eq!(decode(r#"{"data": {"spans": []}}"#), Ok(vec![]));
    assert_eq!(
        decode("{}").unwrap_err().to_string(),
        "traces document is not valid: no list `spans`"
    );
    assert_eq!(
        decode("not json").unwrap_err().to_string(),
        "traces document is not valid: expected ident at line 1 column 2"
    );
}

#[test]
fn a_bad_span_is_named() {
    let good = r#"{"span_id":"00f067aa0ba902b7"}"#;
    for (bad, expected) in [
        (
            r#"{"name":"x"}"#,
            "span 1 of the traces document: `` is not a span id",
        ),
        (
            r#"{"span_id":"0x0"}"#,
            "span 1 of the traces document: span id is all zero",
        ),
        (
            r#"{"span_id":"0x1","start_time":"noon"}"#,
            "span 1 of the traces document: `\"noon\"` is not a time in nanoseconds",
        ),
    ] {
        assert_eq!(
            decode(&format!(r#"{{"spans":[{good},{bad}]}}"#))
                .unwrap_err()
                .to_string(),
            expected
        );
    }
}
