//! An agent of `rig`, against a stand-in for OpenAI.

#[path = "../../../crates/fanlight-sdk/tests/support/mod.rs"]
mod support;

use std::convert::Infallible;

use fanlight::testing::Collector;
use fanlight::{SpanKind, SpanRecord, StatusCode, Value, attributes as key};
use futures_util::StreamExt as _;
use rig::prelude::*;
use rig::providers::openai::OpenAIConfig;
use rig::rig_reqwest::ReqwestMiddlewareClient;
use serde_json::{Value as Json, json};
use support::FakeLlm;
use tracing_subscriber::layer::SubscriberExt as _;

struct Weather;

impl PortableTool for Weather {
    const NAME: &'static str = "weather";
    type Args = Json;
    type Output = String;
    type Error = Infallible;

    fn description(&self) -> String {
        "What the weather is like".into()
    }

    fn parameters(&self) -> Json {
        json!({"type": "object", "properties": {"city": {"type": "string"}}})
    }

    async fn call(&self, arguments: Json) -> Result<String, Infallible> {
        drop(fanlight::span!("within the tool"));
        Ok(format!("sunny in {}", arguments["city"]))
    }
}

fn agent(llm: &FakeLlm) -> Agent {
    let http = ReqwestMiddlewareClient::from(fanlight::rig::http_client());
    let config = OpenAIConfig::new("s3cret").with_base_url(format!("{}/v1", llm.url));
    let model = config.connect(http).chat("gpt-4o-mini");
    AgentBuilder::new(model)
        .name("forecaster")
        .preamble("Be brief.")
        .tool(Weather)
        .default_max_turns(3)
        .record_content_telemetry(true)
        .build()
}

/// Runs `work` under the layer, within a span of ours.
async fn traced<T>(work: impl Future<Output = T>) -> T {
    use fanlight::Instrument as _;

    let subscriber = tracing_subscriber::registry().with(fanlight::tracing::layer());
    let _subscribed = tracing::subscriber::set_default(subscriber);
    work.instrument(fanlight::span!("request")).await
}

fn parent<'a>(spans: &'a [SpanRecord], of: &SpanRecord) -> &'a SpanRecord {
    let parent = spans.iter().find(|span| Some(span.span_id) == of.parent_id);
    parent.unwrap_or_else(|| panic!("no parent of {of:?} in {spans:#?}"))
}

fn text<'a>(span: &'a SpanRecord, name: &str) -> &'a str {
    let text = span.get(name).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("no {name}: {span:?}"))
}

#[tokio::test]
async fn a_run_its_calls_of_models_and_its_tools_are_one_tree() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    let prompt = "weather? [tools:1]";
    let answer = traced(async { agent(&llm).prompt(prompt).await })
        .await
        .unwrap();
    assert!(!answer.output().is_empty());
    let spans = collector.spans();
    let named = |name: &str| -> Vec<&SpanRecord> {
        spans.iter().filter(|span| span.name == name).collect()
    };
    let run = named("invoke_agent")[0];
    assert_eq!(text(run, key::AGENT_NAME), "forecaster");
    assert_eq!(parent(&spans, run).name, "request");
    let chats = named("chat");
    assert_eq!(chats.len(), 2, "{spans:#?}");
    for chat in &chats {
        assert_eq!(parent(&spans, chat).name, "invoke_agent");
        assert_eq!(text(chat, key::PROVIDER), "openai");
        assert_eq!(text(chat, key::REQUEST_MODEL), "gpt-4o-mini");
        assert!(chat.get(key::INPUT_TOKENS).and_then(Value::as_integer) > Some(0));
        assert!(text(chat, key::INPUT_MESSAGES).contains("weather?"));
    }
    let calls = named("chat gpt-4o-mini");
    assert_eq!(calls.len(), 2);
    for call in &calls {
        assert_eq!(call.kind, SpanKind::Client);
        assert_eq!(parent(&spans, call).name, "chat");
        assert!(text(call, key::INPUTS).contains("Be brief."));
    }
    let tool = named("execute_tool")[0];
    assert_eq!(text(tool, key::TOOL_NAME), "weather");
    assert!(text(tool, "gen_ai.tool.call.arguments").contains("Paris"));
    assert!(text(tool, "gen_ai.tool.call.result").contains("sunny"));
    let within = named("within the tool")[0];
    assert_eq!(parent(&spans, within).name, "execute_tool");
    assert!(spans.iter().all(|span| span.trace_id == run.trace_id));
    assert!(!format!("{spans:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_stream_is_traced_to_its_end() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    traced(async {
        let mut stream = agent(&llm).prompt("one two three").stream();
        while let Some(item) = stream.next().await {
            item.unwrap();
        }
    })
    .await;
    // The first answer asks for the tool, the second one is what it comes to.
    let spans = collector.spans();
    let last = |name: &str| {
        let mut named = spans.iter().filter(|span| span.name == name);
        named.next_back().unwrap_or_else(|| panic!("no {name}"))
    };
    let call = last("chat gpt-4o-mini");
    let answer: Json = serde_json::from_str(text(call, key::OUTPUTS)).unwrap();
    let said = answer["choices"][0]["message"]["content"].as_str();
    assert!(said.is_some_and(|said| !said.is_empty()), "{answer}");
    assert!(call.get(key::TIME_TO_FIRST_CHUNK).is_some());
    assert!(call.get(key::OUTPUT_TOKENS).and_then(Value::as_integer) > Some(0));
    let chat = last("chat");
    assert_eq!(call.parent_id, Some(chat.span_id));
    assert_eq!(chat.get(key::OUTPUT_TOKENS), call.get(key::OUTPUT_TOKENS));
    let messages: Json = serde_json::from_str(text(chat, key::OUTPUT_MESSAGES)).unwrap();
    assert_eq!(
        messages[0]["parts"][0]["content"].as_str(),
        said,
        "{messages}"
    );
    assert!(chat.end >= call.end);
}

#[tokio::test]
async fn a_refusal_is_an_error_with_its_reason() {
    let llm = FakeLlm::start();
    let collector = Collector::install();
    let answer = traced(async { agent(&llm).prompt("[error:400]").await }).await;
    assert!(answer.is_err());
    let call = collector.span("chat gpt-4o-mini");
    assert_eq!(call.status, StatusCode::Error);
    assert_eq!(call.status_message, "The test asked for status 400.");
}
