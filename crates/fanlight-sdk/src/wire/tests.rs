use super::*;
use crate::testing::Collector;
use fanlight_model::Value;
use serde_json::json;

fn recognised(path: &str, body: &Json) -> Option<Request> {
    recognise("localhost", path, body.to_string().as_bytes())
}

#[test]
fn calls_are_known_by_their_address_and_body() {
    let chat = json!({"model": "m", "messages": []});
    let provider = |host: &str| {
        recognise(host, "/v1/chat/completions", chat.to_string().as_bytes())
            .unwrap()
            .provider
    };
    assert_eq!(provider("api.groq.com"), "groq");
    assert_eq!(provider("my.openai.azure.com"), "azure.ai.openai");
    assert_eq!(provider("127.0.0.1"), "openai");
    assert_eq!(
        recognised("/v1/messages", &chat).unwrap().api,
        Api::Anthropic
    );
    let contents = json!({"contents": []});
    let gemini = recognised(
        "/v1beta/models/gemini-2.5-pro:streamGenerateContent",
        &contents,
    );
    assert_eq!(gemini.unwrap().model, "gemini-2.5-pro");

    assert!(recognised("/v1/models", &chat).is_none());
    assert!(recognised("/api/chat/completions", &json!({"text": "hi"})).is_none());
    assert!(recognised("/v1/messages", &json!({"to": "ada"})).is_none());
    assert!(recognise("localhost", "/v1/messages", b"not json").is_none());
}

fn answered(path: &str, body: &Json, pieces: &[&str]) -> crate::SpanRecord {
    let collector = Collector::install();
    let request = recognised(path, body).unwrap();
    let span = request.span().start();
    let mut answer = Answer::new(&request, span, Instant::now(), true);
    for piece in pieces {
        answer.read(piece.as_bytes());
    }
    answer.finish();
    drop(answer);
    collector.spans().remove(0)
}

fn outputs(span: &crate::SpanRecord) -> Json {
    serde_json::from_str(span.get(key::OUTPUTS).and_then(Value::as_str).unwrap()).unwrap()
}

#[test]
fn pieces_of_a_stream_may_be_cut_anywhere() {
    let body = json!({"model": "m", "messages": []});
    let whole = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Gr\u{fc}\"}}]}\r\n\r\n: comment\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\u{df}e\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    let whole = whole.as_bytes();
    for size in [1, 2, 7, 1_000] {
        let collector = Collector::install();
        let request = recognised("/v1/chat/completions", &body).unwrap();
        let mut answer = Answer::new(&request, request.span().start(), Instant::now(), true);
        whole.chunks(size).for_each(|piece| answer.read(piece));
        answer.finish();
        drop(answer);
        let span = collector.spans().remove(0);
        let expected = json!({"role": "assistant", "content": "Grüße"});
        assert_eq!(outputs(&span)["choices"][0]["message"], expected);
        assert_eq!(span.get(key::OUTPUT_TOKENS), Some(&Value::Int(2)));
        assert!(span.get(key::TIME_TO_FIRST_CHUNK).is_some());
        assert_eq!(span.status, crate::StatusCode::Unset);
    }
}

#[test]
fn a_stream_that_ends_early_is_an_error_and_keeps_what_came() {
    let body = json!({"model": "m", "messages": []});
    let piece = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"so far\"}}]}\n\n";
    let span = answered("/v1/chat/completions", &body, &[piece]);
    assert_eq!(
        span.status_message,
        "the stream ended before the answer did"
    );
    assert_eq!(outputs(&span)["choices"][0]["message"]["content"], "so far");
    assert_eq!(span.get(key::STREAM_COMPLETE), Some(&Value::Bool(false)));
}

#[test]
fn input_of_anthropic_is_with_what_caches_had_part_in() {
    let body = json!({"model": "claude", "messages": []});
    let events = [
        json!({"type": "message_start", "message": {"id": "m1", "role": "assistant", "content": [],
            "usage": {"input_tokens": 5, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 10, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t1", "name": "look", "input": {}}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{\"a\""}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": ":1}"}}),
        json!({"type": "content_block_stop", "index": 1}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 12}}),
        json!({"type": "message_stop"}),
    ];
    let lines = events.map(|event| ["event: x\ndata: ", &event.to_string(), "\n\n"].concat());
    let stream = lines.concat();
    let span = answered("/v1/messages", &body, &[&stream]);
    assert_eq!(span.get(key::INPUT_TOKENS), Some(&Value::Int(105)));
    assert_eq!(span.get(key::CACHE_READ_TOKENS), Some(&Value::Int(90)));
    assert_eq!(span.get(key::OUTPUT_TOKENS), Some(&Value::Int(12)));
    let content = &outputs(&span)["content"];
    assert_eq!(content[0]["thinking"], "hm");
    assert_eq!(content[1]["input"], json!({"a": 1}));
}

#[test]
fn gemini_may_send_a_list_in_place_of_events() {
    let body = json!({"contents": []});
    let list = json!([
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "You "}]}}]},
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "said"}]}, "finishReason": "STOP"}],
         "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "thoughtsTokenCount": 4}},
    ]);
    let list = serde_json::to_string_pretty(&list).unwrap();
    let span = answered("/v1beta/models/g:streamGenerateContent", &body, &[&list]);
    assert_eq!(
        outputs(&span)["candidates"][0]["content"]["parts"],
        json!([{"text": "You said"}])
    );
    assert_eq!(span.get(key::OUTPUT_TOKENS), Some(&Value::Int(6)));
    assert_eq!(span.status, crate::StatusCode::Unset);
}
