//! Calls of `aws-sdk-bedrockruntime`, against a stand-in for Amazon Bedrock.

use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_bedrockruntime::error::SdkError;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, Message, SystemContentBlock, Tool,
    ToolConfiguration, ToolInputSchema, ToolSpecification,
};
use aws_sdk_bedrockruntime::{Client, Config};
use aws_smithy_types::Document;
use fanlight::testing::Collector;
use fanlight::{SpanKind, SpanRecord, StatusCode, Value, attributes as key};
use fanlight_integrations::{StandIn, bedrock};
use serde_json::{Value as Json, json};

const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

fn client(provider: &StandIn) -> Client {
    client_retrying(provider, RetryConfig::disabled())
}

fn client_retrying(provider: &StandIn, retries: RetryConfig) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("id", "s3cret", None, None, "test"))
        .endpoint_url(&provider.url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(retries)
        .interceptor(fanlight::bedrock::Tracing::new())
        .build();
    Client::from_conf(config)
}

fn question(text: &str) -> Message {
    Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(text.into()))
        .build()
        .unwrap()
}

fn weather() -> ToolConfiguration {
    let schema = ToolInputSchema::Json(Document::Object([].into()));
    let specification = ToolSpecification::builder()
        .name("weather")
        .input_schema(schema);
    let tool = Tool::ToolSpec(specification.build().unwrap());
    ToolConfiguration::builder().tools(tool).build().unwrap()
}

fn json_of(span: &SpanRecord, name: &str) -> Json {
    let text = span.get(name).and_then(Value::as_str);
    serde_json::from_str(text.unwrap_or_else(|| panic!("no {name}: {span:?}"))).unwrap()
}

fn count(span: &SpanRecord, name: &str) -> Option<i64> {
    span.get(name).and_then(Value::as_integer)
}

#[tokio::test]
async fn a_conversation_is_a_child_of_the_span_it_is_in() {
    let provider = bedrock::start();
    let collector = Collector::install();
    let agent = fanlight::span!("agent");
    let call = client(&provider)
        .converse()
        .model_id(CLAUDE)
        .system(SystemContentBlock::Text("Be brief.".into()))
        .messages(question("hello"))
        .inference_config(
            InferenceConfiguration::builder()
                .max_tokens(99)
                .temperature(0.5)
                .build(),
        )
        .send();
    let answer = fanlight::Instrument::instrument(call, agent.clone())
        .await
        .unwrap();
    assert_eq!(answer.usage.unwrap().output_tokens, 6);
    agent.end();
    let span = collector.span(&format!("chat {CLAUDE}"));
    assert_eq!(Some(span.parent_id), Some(agent.span_id()));
    assert_eq!(span.kind, SpanKind::Client);
    assert_eq!(span.get(key::PROVIDER), Some(&Value::from("aws.bedrock")));
    assert_eq!(span.get(key::REQUEST_MODEL), Some(&Value::from(CLAUDE)));
    assert_eq!(
        count(&span, key::INPUT_TOKENS),
        Some(130),
        "with what was cached"
    );
    assert_eq!(count(&span, key::CACHE_READ_TOKENS), Some(100));
    assert_eq!(count(&span, key::OUTPUT_TOKENS), Some(6));
    assert_eq!(count(&span, "gen_ai.request.max_tokens"), Some(99));
    let reasons = Value::Array(vec!["end_turn".into()]);
    assert_eq!(span.get(key::FINISH_REASONS), Some(&reasons));
    let text = json_of(&span, key::INPUTS)["messages"][0]["content"][0]["text"].clone();
    assert_eq!(text, "hello");
    let text = json_of(&span, key::OUTPUTS)["output"]["message"]["content"][0]["text"].clone();
    assert_eq!(text, "You said: hello");
    assert_eq!(span.status, StatusCode::Unset);
    assert!(!format!("{span:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_stream_is_traced_to_its_end_with_its_calls_of_tools() {
    let provider = bedrock::start();
    let collector = Collector::install();
    let call = client(&provider)
        .converse_stream()
        .model_id(CLAUDE)
        .messages(question("one two three"))
        .tool_config(weather());
    let mut stream = call.send().await.unwrap().stream;
    let mut events = 0;
    while let Some(_event) = stream.recv().await.unwrap() {
        events += 1;
    }
    assert!(events > 8, "{events}");
    let span = collector.span(&format!("chat {CLAUDE}"));
    let answer = json_of(&span, key::OUTPUTS);
    let tool =
        json!({"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Paris"}}});
    let content = json!([{"text": "You said: one two three"}, tool]);
    assert_eq!(answer["output"]["message"]["content"], content);
    assert_eq!(answer["stopReason"], "tool_use");
    assert_eq!(count(&span, key::INPUT_TOKENS), Some(130));
    assert_eq!(count(&span, key::OUTPUT_TOKENS), Some(6));
    assert!(matches!(span.get(key::TIME_TO_FIRST_CHUNK), Some(Value::Double(time)) if *time > 0.0));
    assert_eq!(span.get(key::STREAM_COMPLETE), Some(&Value::Bool(true)));
    assert_eq!(span.status, StatusCode::Unset);
}

#[tokio::test]
async fn who_stops_reading_ends_the_span_and_errors_within_streams_are_told() {
    let provider = bedrock::start();
    let collector = Collector::install();
    let asked = |model: &str| {
        let call = client(&provider).converse_stream().model_id(model);
        call.messages(question("one two three")).send()
    };
    let mut left = asked(CLAUDE).await.unwrap();
    assert!(left.stream.recv().await.unwrap().is_some());
    drop(left);
    let mut broken = asked("breaks").await.unwrap();
    let error = loop {
        match broken.stream.recv().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("no error"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SdkError::ServiceError(_)), "{error:?}");
    drop(broken);
    let left = collector.span(&format!("chat {CLAUDE}"));
    assert_eq!(left.status, StatusCode::Unset);
    assert_eq!(left.get(key::STREAM_COMPLETE), Some(&Value::Bool(false)));
    let broken = collector.span("chat breaks");
    assert_eq!(broken.status, StatusCode::Error);
    assert_eq!(broken.status_message, "The model is gone.");
    let kind = broken.get(key::ERROR_TYPE);
    assert_eq!(kind, Some(&Value::from("modelStreamErrorException")));
    let answer = json_of(&broken, key::OUTPUTS);
    let content = &answer["output"]["message"]["content"][0]["text"];
    assert_eq!(content, "You said: one two three");
}

#[tokio::test]
async fn models_are_invoked_in_shapes_of_their_own() {
    let provider = bedrock::start();
    let collector = Collector::install();
    let client = client(&provider);
    let claude = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]});
    let calls = [
        (CLAUDE, claude),
        (
            "mistral.mistral-7b",
            json!({"prompt": "<s>[INST] hi [/INST]"}),
        ),
        ("amazon.titan-embed-text-v2", json!({"inputText": "tides"})),
    ];
    for (model, body) in &calls {
        let body = Blob::new(body.to_string());
        client
            .invoke_model()
            .model_id(*model)
            .body(body)
            .send()
            .await
            .unwrap();
    }
    let span = collector.span(&format!("chat {CLAUDE}"));
    assert_eq!(
        json_of(&span, key::OUTPUTS)["content"][0]["text"],
        "You said: hello"
    );
    assert_eq!(count(&span, key::INPUT_TOKENS), Some(10));
    assert_eq!(span.get(key::PROVIDER), Some(&Value::from("aws.bedrock")));
    let span = collector.span("text_completion mistral.mistral-7b");
    assert_eq!(
        count(&span, key::INPUT_TOKENS),
        Some(11),
        "from the headers"
    );
    assert_eq!(count(&span, key::OUTPUT_TOKENS), Some(3));
    let span = collector.span("text_completion amazon.titan-embed-text-v2");
    let outputs = json!({"inputTextTokenCount": 4, "dimensions": 3});
    assert_eq!(json_of(&span, key::OUTPUTS), outputs);
    assert_eq!(count(&span, key::INPUT_TOKENS), Some(4));
}

#[tokio::test]
async fn models_that_are_invoked_may_stream() {
    let provider = bedrock::start();
    let collector = Collector::install();
    let client = client(&provider);
    let claude = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50,
        "messages": [{"role": "user", "content": "hello"}]});
    for (model, body) in [
        (CLAUDE, claude),
        ("amazon.titan-text", json!({"inputText": "hi"})),
    ] {
        let call = client.invoke_model_with_response_stream().model_id(model);
        let mut stream = call
            .body(Blob::new(body.to_string()))
            .send()
            .await
            .unwrap()
            .body;
        while stream.recv().await.unwrap().is_some() {}
    }
    let span = collector.span(&format!("chat {CLAUDE}"));
    assert_eq!(
        json_of(&span, key::OUTPUTS)["content"][0]["text"],
        "Hello there"
    );
    assert_eq!(count(&span, key::OUTPUT_TOKENS), Some(4));
    assert_eq!(span.status, StatusCode::Unset);
    let span = collector.span("text_completion amazon.titan-text");
    assert_eq!(json_of(&span, key::OUTPUTS)["outputText"], "Good day");
    assert_eq!(count(&span, key::INPUT_TOKENS), Some(7));
    assert_eq!(count(&span, key::OUTPUT_TOKENS), Some(2));
    assert!(span.get(key::TIME_TO_FIRST_CHUNK).is_some());
    assert_eq!(span.status, StatusCode::Unset);
}

#[tokio::test]
async fn refusals_are_errors_and_attempts_are_one_call() {
    let provider = bedrock::start();
    let collector = Collector::install();
    let asked = |client: Client, model: &str| {
        client
            .converse()
            .model_id(model)
            .messages(question("hello"))
            .send()
    };
    let retries = RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(1));
    asked(client_retrying(&provider, retries), "busy")
        .await
        .unwrap();
    assert!(asked(client(&provider), "refused").await.is_err());
    let streamed = client(&provider).converse_stream().model_id("refused");
    assert!(streamed.messages(question("hello")).send().await.is_err());
    assert_eq!(provider.asked().len(), 4, "one of them twice");
    let busy = collector.span("chat busy");
    assert_eq!(busy.status, StatusCode::Unset);
    assert_eq!(count(&busy, key::OUTPUT_TOKENS), Some(6));
    let spans = collector.spans();
    let refused: Vec<_> = spans
        .iter()
        .filter(|span| span.name == "chat refused")
        .collect();
    assert_eq!(refused.len(), 2);
    for span in refused {
        assert_eq!(span.status, StatusCode::Error);
        let message = "Too many requests, please wait before trying again.";
        assert_eq!(span.status_message, message);
        assert_eq!(span.get(key::ERROR_TYPE), Some(&Value::from("429")));
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_an_error() {
    let mut provider = bedrock::start();
    provider.url = "http://127.0.0.1:9".into();
    let collector = Collector::install();
    let call = client(&provider)
        .converse()
        .model_id("gone")
        .messages(question("hello"));
    assert!(call.send().await.is_err());
    let span = collector.span("chat gone");
    assert_eq!(span.status, StatusCode::Error);
    assert_eq!(span.events[0].name, "exception");
}
