//! Requests as real instrumentation sent them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fanlight_ingest::{
    Encoding, Limits, decode_logs, decode_traces, encode_traces, encode_traces_json, wire,
};
use fanlight_model::Span;
use prost::Message as _;

const TRACES: [(&str, &str, usize); 6] = [
    ("adk_otel", include_str!("fixtures/adk_otel.json"), 5),
    ("claude_code", include_str!("fixtures/claude_code.json"), 2),
    (
        "contrib_openai",
        include_str!("fixtures/contrib_openai.json"),
        6,
    ),
    (
        "genai_langchain",
        include_str!("fixtures/genai_langchain.json"),
        6,
    ),
    (
        "haystack_otel",
        include_str!("fixtures/haystack_otel.json"),
        2,
    ),
    ("oi_llama", include_str!("fixtures/oi_llama.json"), 1),
];

/// Accepted spans by id: encoding groups spans by source, so their order may change.
fn spans(body: &[u8], encoding: Encoding) -> Vec<Span> {
    let decoded = decode_traces(body, encoding, &Limits::default()).unwrap();
    assert_eq!(decoded.rejected, []);
    let mut spans: Vec<Span> = decoded
        .groups
        .into_iter()
        .flat_map(|group| group.spans)
        .collect();
    spans.sort_by_key(|span| (span.trace_id, span.span_id));
    spans
}

#[test]
fn every_captured_span_is_accepted() {
    for (name, body, count) in TRACES {
        assert_eq!(
            spans(body.as_bytes(), Encoding::Json).len(),
            count,
            "{name}"
        );
    }
}

#[test]
fn json_and_protobuf_say_the_same() {
    for (name, body, _) in TRACES {
        let from_json = spans(body.as_bytes(), Encoding::Json);
        let request: wire::ExportTraceServiceRequest = serde_json::from_str(body).unwrap();
        assert_eq!(
            spans(&request.encode_to_vec(), Encoding::Protobuf),
            from_json,
            "{name}"
        );
        assert_eq!(
            spans(&encode_traces(&from_json), Encoding::Protobuf),
            from_json,
            "{name}"
        );
        assert_eq!(
            spans(&encode_traces_json(&from_json), Encoding::Json),
            from_json,
            "{name}"
        );
    }
}

#[test]
fn a_captured_span_keeps_its_details() {
    let spans = spans(TRACES[5].1.as_bytes(), Encoding::Json);
    let [span] = spans.as_slice() else {
        panic!("{spans:?}")
    };
    assert_eq!(span.name, "OpenAI.complete");
    assert_eq!(
        span.trace_id.to_string(),
        "b73b8d0f6b40abab7baa526538b5b517"
    );
    assert_eq!(span.duration().map(|length| length.0), Some(1_423_438_992));
    assert_eq!(
        span.attributes.get_str("llm.model_name"),
        Some("gpt-4o-mini")
    );
    assert_eq!(span.scope.name, "openinference.instrumentation.llama_index");
    assert_eq!(
        span.resource.attributes.get_str("service.name"),
        Some("fake-app")
    );
}

#[test]
fn captured_log_records_become_events() {
    let names = |body: &str| {
        let decoded = decode_logs(body.as_bytes(), Encoding::Json, &Limits::default()).unwrap();
        assert_eq!(decoded.ignored, 0);
        decoded
            .additions
            .into_iter()
            .map(|(_, content)| content.event.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(include_str!("fixtures/claude_code.logs.json")),
        [
            "claude_code.user_prompt",
            "claude_code.api_request",
            "claude_code.assistant_response"
        ]
    );
    let openai = names(include_str!("fixtures/contrib_openai_legacy.logs.json"));
    assert_eq!(
        openai[..3],
        [
            "gen_ai.system.message",
            "gen_ai.user.message",
            "gen_ai.choice"
        ]
    );
}

#[test]
fn every_captured_export_is_read_without_loss() {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap();
    let mut read = 0;
    for folder in [
        "fanlight-ingest/tests/fixtures",
        "fanlight-normalize/tests/fixtures/otlp",
    ] {
        for entry in std::fs::read_dir(crates.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let body = std::fs::read(&path).unwrap();
            if body.windows(15).any(|part| part == b"\"resourceSpans\"") {
                assert_ne!(spans(&body, Encoding::Json).len(), 0, "{}", path.display());
                read += 1;
            }
        }
    }
    assert!(read >= 15, "only {read} exports were found");
}
