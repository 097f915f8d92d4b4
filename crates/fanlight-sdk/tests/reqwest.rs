//! Calls of language models through `reqwest`, against a stand-in for their providers.
#![cfg(feature = "reqwest-middleware")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use fanlight::testing::Collector;
use fanlight::{SpanRecord, StatusCode, Value, attributes as key};
use reqwest_middleware::ClientWithMiddleware;
use serde_json::{Value as Json, json};
use support::FakeLlm;

fn client() -> ClientWithMiddleware {
    reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(fanlight::reqwest::Tracing::new())
        .build()
}

/// Posts `body` and reads all of the answer.
async fn post(url: &str, body: &Json) -> String {
    let request = client()
        .post(url)
        .header("content-type", "application/json")
        .header("authorization", "Bearer s3cret-0123456789")
        .body(body.to_string());
    request.send().await.unwrap().text().await.unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

/// The span of one call, and the answer as its caller got it.
fn called(path: &str, body: &Json) -> (SpanRecord, String) {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    let answer = run(post(&format!("{}{path}", llm.url), body));
    let mut spans = collector.spans();
    assert_eq!(spans.len(), 1, "{spans:?}");
    (spans.remove(0), answer)
}

fn outputs(span: &SpanRecord) -> Json {
    let text = span.get(key::OUTPUTS).and_then(Value::as_str);
    serde_json::from_str(text.unwrap()).unwrap()
}

fn int(span: &SpanRecord, name: &str) -> i64 {
    span.get(name)
        .and_then(Value::as_integer)
        .unwrap_or_else(|| panic!("no {name}: {span:?}"))
}

fn text<'a>(span: &'a SpanRecord, name: &str) -> &'a str {
    span.get(name).and_then(Value::as_str).unwrap()
}

fn chat(prompt: &str, stream: bool) -> Json {
    json!({"model": "gpt-4o-mini", "temperature": 0.5, "stream": stream,
        "stream_options": {"include_usage": true}, "messages": [{"role": "user", "content": prompt}]})
}

#[test]
fn a_chat_completion_is_traced() {
    let body = chat("hello there", false);
    let (span, answer) = called("/v1/chat/completions", &body);
    assert_eq!(span.name, "chat gpt-4o-mini");
    assert_eq!(text(&span, key::PROVIDER), "openai");
    assert_eq!(text(&span, key::RESPONSE_MODEL), "gpt-4o-mini");
    assert_eq!(
        span.get("gen_ai.request.temperature"),
        Some(&Value::Double(0.5))
    );
    assert_eq!(
        serde_json::from_str::<Json>(text(&span, key::INPUTS)).unwrap(),
        body
    );
    let answer: Json = serde_json::from_str(&answer).unwrap();
    assert_eq!(outputs(&span), answer);
    let counted = answer["usage"]["prompt_tokens"].as_i64().unwrap();
    assert_eq!(int(&span, key::INPUT_TOKENS), counted);
    let reasons = Value::Array(vec!["stop".into()]);
    assert_eq!(span.get(key::FINISH_REASONS), Some(&reasons));
    assert!(!format!("{span:?}").contains("s3cret"), "keys are not kept");
}

#[test]
fn a_streamed_chat_is_what_it_would_be_without() {
    let (whole, _) = called("/v1/chat/completions", &chat("hello there", false));
    let (span, answer) = called("/v1/chat/completions", &chat("hello there", true));
    assert!(answer.contains("data: [DONE]"));
    let message = |span: &SpanRecord| outputs(span)["choices"][0]["message"]["content"].clone();
    assert_eq!(message(&span), message(&whole));
    for name in [key::INPUT_TOKENS, key::OUTPUT_TOKENS] {
        assert_eq!(int(&span, name), int(&whole, name));
    }
    let first = span.get(key::TIME_TO_FIRST_CHUNK);
    assert!(matches!(first, Some(Value::Double(seconds)) if *seconds > 0.0));
}

#[test]
fn calls_of_tools_are_put_together() {
    let mut body = chat("weather? [tools:2]", true);
    body["tools"] = json!([{"type": "function", "function": {"name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]);
    let (span, _) = called("/v1/chat/completions", &body);
    let calls = outputs(&span)["choices"][0]["message"]["tool_calls"].clone();
    assert_eq!(calls.as_array().unwrap().len(), 2);
    assert_eq!(calls[1]["function"]["arguments"], r#"{"city": "Paris"}"#);
    assert_eq!(calls[0]["function"]["name"], "weather");
}

#[test]
fn responses_are_traced_streamed_or_not() {
    for stream in [false, true] {
        let body = json!({"model": "gpt-4o", "input": "hello", "stream": stream});
        let (span, _) = called("/v1/responses", &body);
        assert_eq!(
            outputs(&span)["output"][0]["content"][0]["text"],
            "You said: hello"
        );
        assert!(int(&span, key::OUTPUT_TOKENS) > 0);
        assert_eq!(span.status, StatusCode::Unset);
    }
}

#[test]
fn messages_of_anthropic_are_traced_streamed_or_not() {
    for stream in [false, true] {
        let body = json!({"model": "claude-sonnet-4-5", "max_tokens": 100, "stream": stream,
            "messages": [{"role": "user", "content": "hello"}]});
        let (span, _) = called("/v1/messages", &body);
        assert_eq!(text(&span, key::PROVIDER), "anthropic");
        assert_eq!(outputs(&span)["content"][0]["text"], "You said: hello");
        assert!(int(&span, key::INPUT_TOKENS) > 0 && int(&span, key::OUTPUT_TOKENS) > 0);
        assert_eq!(int(&span, "gen_ai.request.max_tokens"), 100);
        let reasons = Value::Array(vec!["end_turn".into()]);
        assert_eq!(span.get(key::FINISH_REASONS), Some(&reasons));
    }
}

#[test]
fn gemini_is_traced_streamed_or_not() {
    for method in ["generateContent", "streamGenerateContent?alt=sse"] {
        let body = json!({"contents": [{"role": "user", "parts": [{"text": "hello there"}]}]});
        let path = format!("/v1beta/models/gemini-2.5-flash:{method}");
        let (span, _) = called(&path, &body);
        assert_eq!(span.name, "generate_content gemini-2.5-flash");
        let parts = &outputs(&span)["candidates"][0]["content"]["parts"];
        assert_eq!(parts[0]["text"], "You said: hello there");
        assert!(int(&span, key::INPUT_TOKENS) > 0 && int(&span, key::OUTPUT_TOKENS) > 0);
    }
}

#[test]
fn vectors_are_left_out_of_embeddings() {
    let body = json!({"model": "text-embedding-3-small", "input": ["a", "b"]});
    let (span, answer) = called("/v1/embeddings", &body);
    assert!(answer.contains("\"embedding\""), "the caller has them");
    assert!(int(&span, key::INPUT_TOKENS) > 0);
    assert!(outputs(&span)["data"][0]["dimensions"].as_u64().unwrap() > 0);
    assert!(outputs(&span)["data"][0].get("embedding").is_none());
}

#[test]
fn a_refusal_is_an_error_with_the_providers_reason() {
    let (span, answer) = called("/v1/chat/completions", &chat("[error:429]", false));
    assert!(answer.contains("error"));
    assert_eq!(span.status, StatusCode::Error);
    assert_eq!(span.status_message, "The test asked for status 429.");
    assert_eq!(text(&span, key::ERROR_TYPE), "429");
    assert_eq!(span.events.len(), 1);
}

#[test]
fn a_stream_that_breaks_off_is_an_error_and_keeps_what_came() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    run(async {
        let url = format!("{}/v1/chat/completions", llm.url);
        let body = chat("one two three four [cut]", true).to_string();
        let response = client().post(url).body(body).send().await.unwrap();
        drop(response.bytes().await);
    });
    let span = collector.spans().remove(0);
    assert_eq!(span.status, StatusCode::Error);
    assert!(outputs(&span)["choices"][0]["message"]["content"].is_string());
}

#[test]
fn who_stops_reading_ends_the_span() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    run(async {
        let url = format!("{}/v1/chat/completions", llm.url);
        let body = chat("one two three four five", true).to_string();
        let mut response = client().post(url).body(body).send().await.unwrap();
        assert!(response.chunk().await.unwrap().is_some());
        drop(response);
    });
    let span = collector.spans().remove(0);
    assert_eq!(span.status, StatusCode::Unset);
    assert!(span.end.is_some());
}

#[test]
fn other_requests_go_through_and_a_dead_provider_is_an_error() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    run(async {
        let models = client().get(format!("{}/v1/models", llm.url)).send().await;
        assert!(models.unwrap().text().await.unwrap().contains("gpt-4o"));
        let url = "http://127.0.0.1:9/v1/chat/completions";
        let body = chat("hello", false).to_string();
        assert!(client().post(url).body(body).send().await.is_err());
    });
    let spans = collector.spans();
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].status, StatusCode::Error);
    assert_eq!(spans[0].events[0].name, "exception");
}

/// What a person sees: run with `--include-ignored` and a server in `FANLIGHT_BIN`.
#[cfg(feature = "client")]
#[test]
#[ignore = "needs a server in FANLIGHT_BIN"]
fn the_server_reads_every_provider_as_one() {
    let (llm, server) = (FakeLlm::start(), support::Server::start());
    let _one_at_a_time = Collector::install();
    let tracing = fanlight::builder()
        .endpoint(&server.url)
        .no_spool()
        .experiment_id("0")
        .install()
        .unwrap();
    let message = json!([{"role": "user", "content": "hello"}]);
    let calls = [
        (
            "/v1/chat/completions",
            json!({"model": "gpt-4o-mini", "messages": message}),
        ),
        (
            "/v1/messages",
            json!({"model": "claude-sonnet-4-5", "max_tokens": 9, "stream": true, "messages": message}),
        ),
        (
            "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
            json!({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}),
        ),
        (
            "/v1/responses",
            json!({"model": "gpt-4o", "input": "hello"}),
        ),
    ];
    run(async {
        for (path, body) in &calls {
            post(&format!("{}{path}", llm.url), body).await;
        }
    });
    tracing.flush(std::time::Duration::from_mins(1)).unwrap();
    let client = fanlight::client::Client::new(&server.url);
    let found = client.search_all(fanlight::client::Search::new(["0"]));
    let traces: Vec<_> = found.collect::<Result<_, _>>().unwrap();
    assert_eq!(traces.len(), calls.len());
    for trace in traces {
        let span = client.get_trace(&trace.id).unwrap().spans.remove(0);
        assert_eq!(
            span.messages.input[0].parts[0]["content"], "hello",
            "{span:?}"
        );
        assert_eq!(
            span.messages.output[0].parts[0]["content"],
            "You said: hello"
        );
        assert!(span.tokens.unwrap().input > Some(0), "{span:?}");
        assert!(span.model.is_some() && span.cost.is_some(), "{span:?}");
    }
}
