//! What a person sees of calls that other crates make: run with `--include-ignored` and a server in `FANLIGHT_BIN`.

#[path = "../../../crates/fanlight-sdk/tests/support/mod.rs"]
mod support;

use std::time::Duration;

use aws_sdk_bedrockruntime::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};
use fanlight::client::{Client, Search, Span};
use fanlight_integrations::{bedrock, ollama};
use futures_util::StreamExt as _;
use genai::chat::{ChatOptions, ChatRequest};
use genai::resolver::{AuthData, Endpoint};
use genai::{ModelIden, ServiceTarget, adapter::AdapterKind};
use ollama_rs::generation::chat::ChatMessage;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use rig::agent::AgentBuilder;
use rig::providers::openai::OpenAIConfig;
use rig::rig_reqwest::ReqwestMiddlewareClient;
use support::{FakeLlm, Server};
use tracing_subscriber::layer::SubscriberExt as _;

const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

#[fanlight::trace]
async fn through_genai(llm: &FakeLlm) {
    let client = fanlight::rust_genai::Traced::new(genai::Client::new().unwrap());
    let target = ServiceTarget {
        endpoint: Endpoint::from_owned(format!("{}/v1/", llm.url)),
        auth: AuthData::from_single("s3cret"),
        model: ModelIden::new(AdapterKind::OpenAI, "gpt-4o-mini"),
    };
    let options = ChatOptions::default().with_capture_usage(true);
    let request = ChatRequest::from_user("hello");
    let answer = client.exec_chat_stream(target, request, Some(&options));
    answer.await.unwrap().stream.for_each(|_| async {}).await;
}

#[fanlight::trace]
async fn through_ollama(provider: &fanlight_integrations::StandIn) {
    let client = ollama_rs::Ollama::try_new(provider.url.as_str()).unwrap();
    let client = fanlight::ollama_rs::Traced::new(client);
    let messages = vec![ChatMessage::user("hello".into())];
    let request = ChatMessageRequest::new("llama3.2".into(), messages);
    let answer = client.send_chat_messages_stream(request).await;
    answer.unwrap().for_each(|_| async {}).await;
}

#[fanlight::trace]
async fn through_bedrock(provider: &fanlight_integrations::StandIn) {
    let config = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("id", "s3cret", None, None, "test"))
        .endpoint_url(&provider.url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .interceptor(fanlight::bedrock::Tracing::new())
        .build();
    let question = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text("hello".into()))
        .build();
    let client = aws_sdk_bedrockruntime::Client::from_conf(config);
    let call = client.converse_stream().model_id(CLAUDE);
    let answer = call.messages(question.unwrap()).send().await;
    let mut stream = answer.unwrap().stream;
    while stream.recv().await.unwrap().is_some() {}
}

#[fanlight::trace]
async fn through_rig(llm: &FakeLlm) {
    let subscriber = tracing_subscriber::registry().with(fanlight::tracing::layer());
    let _subscribed = tracing::subscriber::set_default(subscriber);
    let http = ReqwestMiddlewareClient::from(fanlight::rig::http_client());
    let config = OpenAIConfig::new("s3cret").with_base_url(format!("{}/v1", llm.url));
    let model = config.connect(http).chat("gpt-4o-mini");
    let agent = AgentBuilder::new(model)
        .record_content_telemetry(true)
        .build();
    agent.prompt("hello").await.unwrap();
}

/// The calls of models in the trace of that name.
fn calls(client: &Client, experiment: &str, name: &str) -> (Vec<Span>, fanlight::client::Trace) {
    let search = Search::new([experiment]).filter(format!("span.name = '{name}'"));
    let found = client.search(&search).unwrap().traces;
    assert_eq!(found.len(), 1, "{name}");
    let full = client.get_trace(&found[0].id).unwrap();
    let is_call = |span: &Span| {
        span.messages
            .output
            .iter()
            .any(|message| !message.parts.is_empty())
    };
    let calls = full.spans.into_iter().filter(is_call).collect();
    (calls, full.trace)
}

#[tokio::test]
#[ignore = "needs a server in FANLIGHT_BIN"]
async fn calls_of_every_crate_are_read_as_one() {
    let (llm, server) = (FakeLlm::start(), Server::start());
    let tracing = fanlight::builder()
        .endpoint(&server.url)
        .no_spool()
        .experiment_id("0")
        .install()
        .unwrap();
    through_genai(&llm).await;
    through_ollama(&ollama::start()).await;
    through_bedrock(&bedrock::start()).await;
    through_rig(&llm).await;
    tracing.flush(Duration::from_mins(1)).unwrap();
    // The client blocks, and tests have one thread.
    tokio::task::spawn_blocking(move || check(&Client::new(&server.url)))
        .await
        .unwrap();
}

fn check(client: &Client) {
    for (name, provider, model, streams) in [
        ("through_genai", "openai", "gpt-4o-mini", true),
        ("through_ollama", "ollama", "llama3.2", true),
        ("through_bedrock", "aws.bedrock", CLAUDE, true),
        ("through_rig", "openai", "gpt-4o-mini", false),
    ] {
        let (calls, trace) = calls(client, "0", name);
        let call = calls.last().unwrap_or_else(|| panic!("no call of {name}"));
        assert_eq!(call.provider.as_deref(), Some(provider), "{call:?}");
        assert!(
            call.model
                .as_deref()
                .is_some_and(|known| known.starts_with(model)),
            "{call:?}"
        );
        let asked = call.messages.input.last().unwrap();
        assert_eq!(asked.parts[0]["content"], "hello", "{call:?}");
        let said = &call.messages.output[0].parts[0]["content"];
        assert_eq!(said, "You said: hello", "{call:?}");
        let tokens = call.tokens.unwrap();
        assert!(
            tokens.input > Some(0) && tokens.output > Some(0),
            "{call:?}"
        );
        // However many spans tell of a call, it is counted once.
        assert_eq!(trace.tokens.unwrap().output, tokens.output, "{name}");
        assert_eq!(call.time_to_first_token_ms.is_some(), streams, "{call:?}");
        assert_eq!(trace.state, "OK", "{name}");
    }
}
