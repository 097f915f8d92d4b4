//! Answers as Amazon Bedrock gives them. Source: the API reference of Amazon Bedrock Runtime, and its user guide for
//! what models answer to `InvokeModel`.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::Engine as _;
use serde_json::{Value as Json, json};

use crate::{Reply, StandIn};

const STREAM: &str = "application/vnd.amazon.eventstream";

/// Says `You said: …`. The model `busy` is so once, `refused` always; `breaks` ends its streams with an error.
pub fn start() -> StandIn {
    let attempts = AtomicUsize::new(0);
    StandIn::start(move |path, body| {
        let is_first = attempts.fetch_add(1, Ordering::SeqCst) == 0;
        if path.contains("/refused/") || path.contains("/busy/") && is_first {
            let error = json!({"message": "Too many requests, please wait before trying again."});
            return Reply::json(&error)
                .status(429)
                .header("x-amzn-errortype", "ThrottlingException");
        }
        let method = path.rsplit('/').next().unwrap_or_default();
        match method {
            "converse" => Reply::json(&converse(body)),
            "converse-stream" => Reply::stream(STREAM, converse_stream(path, body)),
            "invoke" if path.contains("anthropic") => Reply::json(&anthropic(body)),
            "invoke" if path.contains("embed") => {
                let answer = json!({"embedding": [0.1, 0.2, 0.3], "inputTextTokenCount": 4});
                Reply::json(&answer)
            }
            // Mistral's answers count nothing: the headers do.
            "invoke" => Reply::json(&json!({"outputs": [{"text": "Hi", "stop_reason": "stop"}]}))
                .header("x-amzn-bedrock-input-token-count", "11")
                .header("x-amzn-bedrock-output-token-count", "3"),
            "invoke-with-response-stream" if path.contains("anthropic") => {
                Reply::stream(STREAM, anthropic_stream())
            }
            "invoke-with-response-stream" => Reply::stream(STREAM, titan_stream()),
            _ => Reply::json(&json!({"message": "no such path"})).status(404),
        }
    })
}

fn question(body: &Json) -> String {
    let said = body.pointer("/messages/0/content/0/text");
    format!(
        "You said: {}",
        said.and_then(Json::as_str).unwrap_or_default()
    )
}

fn usage() -> Json {
    json!({"inputTokens": 30, "outputTokens": 6, "totalTokens": 136, "cacheReadInputTokens": 100,
        "cacheWriteInputTokens": 0})
}

fn converse(body: &Json) -> Json {
    json!({
        "metrics": {"latencyMs": 120},
        "output": {"message": {"role": "assistant", "content": [{"text": question(body)}]}},
        "stopReason": "end_turn",
        "usage": usage(),
    })
}

fn frame(kind: (&str, &str), payload: &Json) -> Vec<u8> {
    let text = |text: &str| HeaderValue::String(text.to_owned().into());
    let (name, value) = kind;
    let message_type = if name == ":event-type" {
        "event"
    } else {
        "exception"
    };
    let message = Message::new(payload.to_string())
        .add_header(Header::new(name.to_owned(), text(value)))
        .add_header(Header::new(":content-type", text("application/json")))
        .add_header(Header::new(":message-type", text(message_type)));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a small frame");
    bytes
}

fn event(name: &str, payload: &Json) -> Vec<u8> {
    frame((":event-type", name), payload)
}

fn converse_stream(path: &str, body: &Json) -> Vec<Vec<u8>> {
    let delta = |index: u8, delta: Json| {
        event(
            "contentBlockDelta",
            &json!({"contentBlockIndex": index, "delta": delta}),
        )
    };
    let mut frames = vec![event("messageStart", &json!({"role": "assistant"}))];
    let text = question(body);
    frames.extend(
        text.split_inclusive(' ')
            .map(|word| delta(0, json!({"text": word}))),
    );
    if path.contains("/breaks/") {
        let error = json!({"message": "The model is gone."});
        frames.push(frame(
            (":exception-type", "modelStreamErrorException"),
            &error,
        ));
        return frames;
    }
    frames.push(event("contentBlockStop", &json!({"contentBlockIndex": 0})));
    let mut reason = "end_turn";
    if body.get("toolConfig").is_some() {
        reason = "tool_use";
        let start = json!({"toolUse": {"toolUseId": "t1", "name": "weather"}});
        frames.push(event(
            "contentBlockStart",
            &json!({"contentBlockIndex": 1, "start": start}),
        ));
        for piece in ["{\"city\":", "\"Paris\"}"] {
            frames.push(delta(1, json!({"toolUse": {"input": piece}})));
        }
        frames.push(event("contentBlockStop", &json!({"contentBlockIndex": 1})));
    }
    frames.push(event("messageStop", &json!({"stopReason": reason})));
    frames.push(event(
        "metadata",
        &json!({"usage": usage(), "metrics": {"latencyMs": 120}}),
    ));
    // A frame need not be one piece.
    let whole = frames.concat();
    whole.chunks(50).map(<[u8]>::to_vec).collect()
}

fn anthropic(body: &Json) -> Json {
    json!({
        "id": "msg_bdrk_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": question(body)}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 10, "output_tokens": 4},
    })
}

fn chunk(inner: &Json) -> Vec<u8> {
    let bytes = base64::engine::general_purpose::STANDARD.encode(inner.to_string());
    event("chunk", &json!({"bytes": bytes}))
}

fn anthropic_stream() -> Vec<Vec<u8>> {
    let text = |text: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    let events = [
        json!({"type": "message_start", "message": {"id": "msg_bdrk_1", "type": "message", "role": "assistant",
            "model": "claude-sonnet-4-5", "content": [], "usage": {"input_tokens": 10, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        text("Hello "),
        text("there"),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}),
        json!({"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 10,
            "outputTokenCount": 4}}),
    ];
    events.iter().map(chunk).collect()
}

fn titan_stream() -> Vec<Vec<u8>> {
    let metrics = json!({"inputTokenCount": 7, "outputTokenCount": 2, "invocationLatency": 20, "firstByteLatency": 9});
    let events = [
        json!({"outputText": "Good ", "index": 0, "totalOutputTextTokenCount": null, "completionReason": null}),
        json!({"outputText": "day", "index": 0, "totalOutputTextTokenCount": 2, "completionReason": "FINISH",
            "amazon-bedrock-invocationMetrics": metrics}),
    ];
    events.iter().map(chunk).collect()
}
