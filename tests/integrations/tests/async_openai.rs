//! Calls of `async-openai`, against a stand-in for OpenAI.

#[path = "../../../crates/fanlight-sdk/tests/support/mod.rs"]
mod support;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, ChatCompletionStreamOptions, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs,
};
use async_openai::types::embeddings::CreateEmbeddingRequestArgs;
use fanlight::testing::Collector;
use fanlight::{SpanRecord, StatusCode, Value, attributes as key};
use futures_util::StreamExt as _;
use support::FakeLlm;

fn client(llm: &FakeLlm) -> Client<OpenAIConfig> {
    let config = OpenAIConfig::new()
        .with_api_base(format!("{}/v1", llm.url))
        .with_api_key("s3cret");
    Client::with_config(config).with_http_service(fanlight::async_openai::service())
}

fn question(text: &str) -> CreateChatCompletionRequest {
    let message = ChatCompletionRequestUserMessageArgs::default()
        .content(text)
        .build()
        .unwrap();
    CreateChatCompletionRequestArgs::default()
        .model("gpt-4o-mini")
        .messages(vec![message.into()])
        .build()
        .unwrap()
}

fn tokens(span: &SpanRecord) -> i64 {
    span.get(key::OUTPUT_TOKENS)
        .and_then(Value::as_integer)
        .unwrap()
}

#[tokio::test]
async fn a_call_is_a_child_of_the_span_it_is_made_in() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    #[fanlight::trace(span_type = "AGENT", err)]
    async fn agent(
        client: &Client<OpenAIConfig>,
    ) -> Result<Option<String>, async_openai::error::OpenAIError> {
        let mut answer = client.chat().create(question("hello")).await?;
        Ok(answer.choices.remove(0).message.content)
    }
    let answer = agent(&client(&llm)).await.unwrap();
    assert_eq!(answer.as_deref(), Some("You said: hello"));
    let call = collector.span("chat gpt-4o-mini");
    assert_eq!(call.parent_id, Some(collector.span("agent").span_id));
    assert!(tokens(&call) > 0);
    assert!(!format!("{call:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_stream_is_traced_to_its_end() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    let mut request = question("one two three");
    request.stream_options = Some(ChatCompletionStreamOptions {
        include_usage: Some(true),
        include_obfuscation: None,
    });
    let mut stream = client(&llm).chat().create_stream(request).await.unwrap();
    while let Some(piece) = stream.next().await {
        piece.unwrap();
    }
    drop(stream);
    let call = collector.span("chat gpt-4o-mini");
    let outputs = call.get(key::OUTPUTS).and_then(Value::as_str).unwrap();
    assert!(outputs.contains("You said: one two three"), "{outputs}");
    assert!(tokens(&call) > 0);
    assert!(call.get(key::TIME_TO_FIRST_CHUNK).is_some());
    assert_eq!(call.status, StatusCode::Unset);
}

#[tokio::test]
async fn embeddings_and_refusals_are_traced() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    let request = CreateEmbeddingRequestArgs::default()
        .model("text-embedding-3-small")
        .input("tides")
        .build()
        .unwrap();
    client(&llm).embeddings().create(request).await.unwrap();
    let refused = client(&llm).chat().create(question("[error:400]")).await;
    assert!(refused.is_err());
    assert_eq!(
        collector.span("embeddings text-embedding-3-small").status,
        StatusCode::Unset
    );
    assert_eq!(collector.span("chat gpt-4o-mini").status, StatusCode::Error);
}
