//! Calls of `genai`, against a stand-in for OpenAI, Anthropic and Gemini.

#[path = "../../../crates/fanlight-sdk/tests/support/mod.rs"]
mod support;

use fanlight::rust_genai::Traced;
use fanlight::testing::Collector;
use fanlight::{SpanRecord, StatusCode, Value, attributes as key};
use futures_util::StreamExt as _;
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent, ContentPart, Tool};
use genai::resolver::{AuthData, Endpoint, ServiceTargetResolver};
use genai::{Client, ServiceTarget};
use serde_json::{Value as Json, json};
use support::FakeLlm;

fn client(llm: &FakeLlm) -> Traced {
    let url = llm.url.clone();
    let resolver = ServiceTargetResolver::from_resolver_fn(
        move |target: ServiceTarget| -> Result<ServiceTarget, genai::resolver::Error> {
            let base = match target.model.adapter_kind {
                AdapterKind::Gemini => format!("{url}/v1beta/"),
                _ => format!("{url}/v1/"),
            };
            Ok(ServiceTarget {
                endpoint: Endpoint::from_owned(base),
                auth: AuthData::from_single("s3cret"),
                ..target
            })
        },
    );
    Traced::new(
        Client::builder()
            .with_service_target_resolver(resolver)
            .build()
            .unwrap(),
    )
}

fn question(text: &str) -> ChatRequest {
    ChatRequest::from_user(text).with_system("Be brief.")
}

fn json_of(span: &SpanRecord, name: &str) -> Json {
    let text = span.get(name).and_then(Value::as_str);
    serde_json::from_str(text.unwrap_or_else(|| panic!("no {name}: {span:?}"))).unwrap()
}

fn count(span: &SpanRecord, name: &str) -> i64 {
    let count = span.get(name).and_then(Value::as_integer);
    count.unwrap_or_else(|| panic!("no {name}: {span:?}"))
}

#[tokio::test]
async fn every_provider_is_traced_in_the_same_words() {
    let llm = FakeLlm::start();
    let client = client(&llm);
    let models = [
        ("gpt-4o-mini", "openai"),
        ("claude-sonnet-4-5", "anthropic"),
        ("gemini-2.5-flash", "gcp.gemini"),
    ];
    for (model, provider) in models {
        let collector = Collector::install();
        let options = ChatOptions::default()
            .with_temperature(0.5)
            .with_max_tokens(77);
        let agent = fanlight::span!("agent");
        let call = client.exec_chat(model, question("hello"), Some(&options));
        let answer = fanlight::Instrument::instrument(call, agent.clone())
            .await
            .unwrap();
        assert_eq!(answer.first_text(), Some("You said: hello"));
        agent.end();
        let span = collector.span(&format!("chat {model}"));
        assert_eq!(Some(span.parent_id), Some(agent.span_id()));
        assert_eq!(span.get(key::PROVIDER), Some(&Value::from(provider)));
        assert_eq!(span.get(key::REQUEST_MODEL), Some(&Value::from(model)));
        assert!(span.get(key::RESPONSE_MODEL).is_some());
        assert!(count(&span, key::INPUT_TOKENS) > 0 && count(&span, key::OUTPUT_TOKENS) > 0);
        assert_eq!(count(&span, "gen_ai.request.max_tokens"), 77);
        let inputs = json_of(&span, key::INPUT_MESSAGES);
        assert_eq!(
            inputs[0],
            json!({"role": "system", "parts": [{"type": "text", "content": "Be brief."}]})
        );
        assert_eq!(inputs[1]["parts"][0]["content"], "hello");
        let outputs = json_of(&span, key::OUTPUT_MESSAGES);
        assert_eq!(outputs[0]["parts"][0]["content"], "You said: hello");
        assert!(outputs[0]["finish_reason"].is_string());
        assert_eq!(span.status, StatusCode::Unset);
        assert!(!format!("{span:?}").contains("s3cret"));
    }
}

#[tokio::test]
async fn streams_are_traced_to_their_end() {
    let llm = FakeLlm::start();
    let client = client(&llm);
    for model in ["gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.5-flash"] {
        for gathers in [false, true] {
            let collector = Collector::install();
            let options = ChatOptions::default()
                .with_capture_usage(true)
                .with_capture_content(gathers);
            let request = question("one two three");
            let mut answer = client
                .exec_chat_stream(model, request, Some(&options))
                .await
                .unwrap();
            let mut text = String::new();
            while let Some(event) = answer.stream.next().await {
                if let ChatStreamEvent::Chunk(piece) = event.unwrap() {
                    text += &piece.content;
                }
            }
            assert_eq!(text, "You said: one two three");
            let span = collector.span(&format!("chat {model}"));
            let outputs = json_of(&span, key::OUTPUT_MESSAGES);
            assert_eq!(
                outputs[0]["parts"],
                json!([{"type": "text", "content": text}])
            );
            assert!(count(&span, key::OUTPUT_TOKENS) > 0, "{span:?}");
            let first = span.get(key::TIME_TO_FIRST_CHUNK);
            assert!(matches!(first, Some(Value::Double(time)) if *time > 0.0));
            assert_eq!(span.get(key::STREAM_COMPLETE), Some(&Value::Bool(true)));
            assert_eq!(span.status, StatusCode::Unset);
        }
    }
}

#[tokio::test]
async fn calls_of_tools_are_put_together() {
    let llm = FakeLlm::start();
    let client = client(&llm);
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tool = Tool::new("weather").with_schema(schema);
    for model in ["gpt-4o-mini", "claude-sonnet-4-5"] {
        for gathers in [false, true] {
            let collector = Collector::install();
            let options = ChatOptions::default().with_capture_tool_calls(gathers);
            let request = question("weather? [tools:2]").with_tools([tool.clone()]);
            let whole = client
                .exec_chat(model, request.clone(), None)
                .await
                .unwrap();
            let answer = client
                .exec_chat_stream(model, request, Some(&options))
                .await
                .unwrap();
            answer.stream.for_each(|_| async {}).await;
            let spans = collector.spans();
            let calls = |span: &SpanRecord| {
                let parts = json_of(span, key::OUTPUT_MESSAGES)[0]["parts"].clone();
                let mut calls = parts.as_array().unwrap().clone();
                calls.retain(|part| part["type"] == "tool_call");
                calls
            };
            assert_eq!(calls(&spans[0]).len(), 2, "{model}: {:?}", spans[0]);
            assert_eq!(whole.tool_calls().len(), 2);
            for call in calls(&spans[0]).iter().chain(&calls(&spans[1])) {
                assert_eq!(call["name"], "weather");
                assert_eq!(
                    call["arguments"],
                    json!({"city": "Paris"}),
                    "{model} {gathers}"
                );
            }
            assert_eq!(calls(&spans[1]).len(), 2, "{model}: {:?}", spans[1]);
            assert_eq!(
                json_of(&spans[0], key::TOOL_DEFINITIONS)[0]["name"],
                "weather"
            );
        }
    }
}

#[tokio::test]
async fn conversations_are_inputs_with_all_their_parts() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    let image = ContentPart::from_binary_base64("image/png", "aGk=", None);
    let request = ChatRequest::new(vec![
        ChatMessage::user(vec![ContentPart::from_text("what is it?"), image]),
        ChatMessage::assistant("a cat"),
        ChatMessage::user("sure?"),
    ]);
    client(&llm)
        .exec_chat("gpt-4o-mini", request, None)
        .await
        .unwrap();
    let inputs = json_of(&collector.span("chat gpt-4o-mini"), key::INPUT_MESSAGES);
    let image =
        json!({"type": "blob", "modality": "image", "mime_type": "image/png", "content": "aGk="});
    assert_eq!(inputs[0]["parts"][1], image);
    assert_eq!(inputs[1]["role"], "assistant");
}

#[tokio::test]
async fn embeddings_are_traced_without_their_vectors() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    let inputs = vec!["a".to_owned(), "b".to_owned()];
    let call = client(&llm)
        .embed_batch("text-embedding-3-small", inputs, None)
        .await;
    assert_eq!(call.unwrap().embeddings.len(), 2);
    let span = collector.span("embeddings text-embedding-3-small");
    assert_eq!(json_of(&span, key::INPUTS), json!(["a", "b"]));
    assert!(
        json_of(&span, key::OUTPUTS)[1]["dimensions"]
            .as_u64()
            .unwrap()
            > 0
    );
    assert!(count(&span, key::INPUT_TOKENS) > 0);
}

#[tokio::test]
async fn what_goes_wrong_is_an_error_and_what_came_is_kept() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    let client = client(&llm);
    let refused = client
        .exec_chat("gpt-4o-mini", question("[error:429]"), None)
        .await;
    assert!(refused.is_err());
    let answer = client.exec_chat_stream("gpt-4o", question("one two three four [cut]"), None);
    answer.await.unwrap().stream.for_each(|_| async {}).await;
    let left = client.exec_chat_stream("gpt-4.1", question("one two three four"), None);
    let mut left = left.await.unwrap();
    for _ in 0..3 {
        assert!(left.stream.next().await.unwrap().is_ok());
    }
    drop(left);
    let refused = collector.span("chat gpt-4o-mini");
    assert_eq!(refused.status, StatusCode::Error);
    assert_eq!(refused.get(key::ERROR_TYPE), Some(&Value::from("429")));
    assert!(
        refused
            .status_message
            .contains("The test asked for status 429.")
    );
    let cut = collector.span("chat gpt-4o");
    assert_eq!(cut.status, StatusCode::Error, "{cut:?}");
    assert!(json_of(&cut, key::OUTPUT_MESSAGES)[0]["parts"][0]["content"].is_string());
    let left = collector.span("chat gpt-4.1");
    assert_eq!(left.status, StatusCode::Unset);
    assert_eq!(left.get(key::STREAM_COMPLETE), Some(&Value::Bool(false)));
    assert!(left.end.is_some());
}

#[tokio::test]
async fn a_namespace_of_a_model_is_its_provider() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    let client = client(&llm);
    let call = client.exec_chat("groq::some-model", question("hello"), None);
    call.await.unwrap();
    let span = collector.span("chat some-model");
    assert_eq!(span.get(key::PROVIDER), Some(&Value::from("groq")));
}
