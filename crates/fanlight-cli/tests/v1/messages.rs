//! A conversation as a page shows it, from an export of real instrumentation.

use serde_json::{Value as Json, json};

use crate::support::Server;

const EXPORT: &str = include_str!("../../../fanlight-normalize/tests/fixtures/otlp/oi_openai.json");
/// What the model makes of the tool's answer.
const ANSWER: &str = "The tool said: 18 C";

#[test]
fn a_span_has_its_conversation_in_one_form() {
    let server = Server::start(&[]);
    let reply = server.send_json("POST", "/v1/traces", EXPORT);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let trace_id = trace_with(ANSWER);

    let trace = server.get(&format!("/api/v1/traces/tr-{trace_id}")).json();
    let span = &trace["spans"][0];
    let call = json!({
        "type": "tool_call", "id": "call_2377784008b97cc4", "name": "get_weather",
        "arguments": {"city": "Paris"},
    });
    let expected = json!({
        "input": [
            {"role": "user", "parts": [{"type": "text", "content": "What is the weather in Paris?"}]},
            {"role": "assistant", "parts": [call]},
            {"role": "tool", "parts": [
                {"type": "tool_call_response", "id": "call_2377784008b97cc4", "response": "18 C"},
            ]},
        ],
        "output": [{
            "role": "assistant", "parts": [{"type": "text", "content": ANSWER}],
            "finish_reason": "stop",
        }],
    });
    assert_eq!(span["messages"], expected);
    assert_eq!(span["tools"][0]["name"], "get_weather");
    assert_eq!(span["finish_reasons"], json!(["stop"]));
    assert_eq!(span["documents"], json!([]));
    assert_eq!(span["provider"], "openai");
    assert_eq!(trace["trace"]["response_preview"], ANSWER);
}

/// The trace of the span in the export that says `text`.
fn trace_with(text: &str) -> String {
    let export: Json = serde_json::from_str(EXPORT).unwrap();
    let list = |value: &Json, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let span = list(&export, "resourceSpans")
        .iter()
        .flat_map(|group| list(group, "scopeSpans"))
        .flat_map(|scope| list(&scope, "spans"))
        .find(|span| span.to_string().contains(text))
        .unwrap();
    span["traceId"].as_str().unwrap().to_owned()
}
