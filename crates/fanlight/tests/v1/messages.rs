//! A conversation as a page shows it, from an export of real instrumentation.

use serde_json::json;

use crate::support::Server;

const EXPORT: &str = include_str!("../../../fanlight-normalize/tests/fixtures/otlp/oi_openai.json");
/// In the export, the trace in which a tool has answered.
const TRACE_WITH_TOOL: usize = 3;

#[test]
fn a_span_has_its_conversation_in_one_form() {
    let server = Server::start(&[]);
    let reply = server.send_json("POST", "/v1/traces", EXPORT);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let export: serde_json::Value = serde_json::from_str(EXPORT).unwrap();
    let spans = export["resourceSpans"][0]["scopeSpans"][0]["spans"].clone();
    let mut spans = spans.as_array().unwrap().clone();
    spans.sort_by_key(|span| span["startTimeUnixNano"].as_str().map(str::to_owned));
    let trace_id = spans[TRACE_WITH_TOOL]["traceId"].as_str().unwrap();

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
            "role": "assistant", "parts": [{"type": "text", "content": "The tool said: 18 C"}],
            "finish_reason": "stop",
        }],
    });
    assert_eq!(span["messages"], expected);
    assert_eq!(span["tools"][0]["name"], "get_weather");
    assert_eq!(span["finish_reasons"], json!(["stop"]));
    assert_eq!(span["documents"], json!([]));
    assert_eq!(span["provider"], "openai");
    assert_eq!(trace["trace"]["response_preview"], "The tool said: 18 C");
}
