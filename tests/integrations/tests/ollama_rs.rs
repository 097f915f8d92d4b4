//! Calls of `ollama-rs`, against a stand-in for Ollama.

use std::sync::{Arc, Mutex};

use fanlight::ollama_rs::Traced;
use fanlight::testing::Collector;
use fanlight::{SpanRecord, StatusCode, Value, attributes as key};
use fanlight_integrations::{StandIn, ollama};
use futures_util::StreamExt as _;
use ollama_rs::Ollama;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use ollama_rs::generation::chat::{ChatMessage, MessageRole};
use ollama_rs::generation::completion::request::GenerationRequest;
use ollama_rs::generation::embeddings::request::GenerateEmbeddingsRequest;
use ollama_rs::generation::tools::{Tool, ToolInfo};
use ollama_rs::models::ModelOptions;
use serde_json::{Value as Json, json};

fn client(provider: &StandIn) -> Traced {
    Traced::new(Ollama::try_new(provider.url.as_str()).unwrap())
}

fn request(model: &str, text: &str) -> ChatMessageRequest {
    ChatMessageRequest::new(model.into(), vec![ChatMessage::user(text.into())])
}

fn json_of(span: &SpanRecord, name: &str) -> Json {
    let text = span.get(name).and_then(Value::as_str);
    serde_json::from_str(text.unwrap_or_else(|| panic!("no {name}: {span:?}"))).unwrap()
}

fn assert_counted(span: &SpanRecord) {
    assert_eq!(span.get(key::INPUT_TOKENS), Some(&Value::Int(26)));
    assert_eq!(span.get(key::OUTPUT_TOKENS), Some(&Value::Int(5)));
    assert_eq!(span.get(key::PROVIDER), Some(&Value::from("ollama")));
    assert_eq!(
        span.get(key::RESPONSE_MODEL),
        Some(&Value::from("llama3.2"))
    );
    assert_eq!(span.status, StatusCode::Unset);
}

fn said(text: &str) -> Json {
    json!([{"role": "assistant", "parts": [{"type": "text", "content": text}]}])
}

#[tokio::test]
async fn a_chat_is_a_child_of_the_span_it_is_made_in() {
    let provider = ollama::start();
    let collector = Collector::install();
    let client = client(&provider);
    let options = ModelOptions::default().temperature(0.5).num_predict(9);
    let agent = fanlight::span!("agent");
    {
        use fanlight::Instrument as _;
        let call = client.send_chat_messages(request("llama3.2", "hello").options(options));
        let answer = call.instrument(agent.clone()).await.unwrap();
        assert_eq!(answer.message.content, "You said: hello");
    }
    agent.end();
    let span = collector.span("chat llama3.2");
    assert_eq!(Some(span.parent_id), Some(agent.span_id()));
    assert_counted(&span);
    assert_eq!(
        json_of(&span, key::OUTPUT_MESSAGES),
        said("You said: hello")
    );
    assert_eq!(
        json_of(&span, key::INPUT_MESSAGES),
        json!([{"role": "user", "parts": [{"type": "text", "content": "hello"}]}])
    );
    let max_tokens = span.get("gen_ai.request.max_tokens");
    assert_eq!(max_tokens, Some(&Value::Int(9)));
    let temperature = span.get("gen_ai.request.temperature");
    assert_eq!(temperature, Some(&Value::Double(0.5)));
}

#[tokio::test]
async fn a_stream_is_traced_to_its_end() {
    let provider = ollama::start();
    let collector = Collector::install();
    let client = client(&provider);
    let stream = client.send_chat_messages_stream(request("llama3.2", "one two three"));
    let mut stream = stream.await.unwrap();
    let mut text = String::new();
    while let Some(piece) = stream.next().await {
        text += &piece.unwrap().message.content;
    }
    assert_eq!(text, "You said: one two three");
    let span = collector.span("chat llama3.2");
    assert_counted(&span);
    assert_eq!(json_of(&span, key::OUTPUT_MESSAGES), said(&text));
    assert!(matches!(span.get(key::TIME_TO_FIRST_CHUNK), Some(Value::Double(time)) if *time > 0.0));
    assert_eq!(span.get(key::STREAM_COMPLETE), Some(&Value::Bool(true)));
}

#[tokio::test]
async fn histories_are_inputs_and_whole_last_pieces_are_counted_once() {
    let provider = ollama::start();
    let collector = Collector::install();
    let client = client(&provider);
    let mut history = vec![ChatMessage::system("Be brief.".into())];
    let call = client.send_chat_messages_with_history(&mut history, request("llama3.2", "one"));
    call.await.unwrap();
    assert_eq!(history.len(), 3);
    let history = Arc::new(Mutex::new(history));
    let stream = client
        .send_chat_messages_with_history_stream(Arc::clone(&history), request("llama3.2", "two"));
    stream.await.unwrap().for_each(|_| async {}).await;
    assert_eq!(history.lock().unwrap().len(), 5);
    let spans = collector.spans();
    let roles = |span: &SpanRecord| -> Vec<String> {
        let messages = json_of(span, key::INPUT_MESSAGES);
        let messages = messages.as_array().unwrap().iter();
        messages
            .map(|message| message["role"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(roles(&spans[0]), ["system", "user"]);
    assert_eq!(roles(&spans[1]), ["system", "user", "assistant", "user"]);
    assert_eq!(
        json_of(&spans[1], key::OUTPUT_MESSAGES),
        said("You said: two")
    );
}

struct Weather;

impl Tool for Weather {
    type Params = Json;

    fn name() -> &'static str {
        "weather"
    }

    fn description() -> &'static str {
        "What the weather is like"
    }

    async fn call(&mut self, _: Json) -> ollama_rs::generation::tools::Result<String> {
        Ok("sunny".into())
    }
}

#[tokio::test]
async fn calls_of_tools_and_their_answers_are_messages() {
    let provider = ollama::start();
    let collector = Collector::install();
    let client = client(&provider);
    let tool = ChatMessage::new(MessageRole::Tool, "sunny".into());
    let mut asked = request("llama3.2", "weather?").tools(vec![ToolInfo::new::<_, Weather>()]);
    asked.messages.push(tool);
    client.send_chat_messages(asked.clone()).await.unwrap();
    let stream = client.send_chat_messages_stream(asked).await.unwrap();
    stream.for_each(|_| async {}).await;
    let call = json!({"type": "tool_call", "name": "weather", "arguments": {"city": "Paris"}});
    for span in collector.spans() {
        let inputs = json_of(&span, key::INPUT_MESSAGES);
        assert_eq!(inputs[1]["parts"][0]["type"], "tool_call_response");
        assert_eq!(inputs[1]["parts"][0]["response"], "sunny");
        assert_eq!(
            json_of(&span, key::OUTPUT_MESSAGES)[0]["parts"],
            json!([call])
        );
        let tools = json_of(&span, key::TOOL_DEFINITIONS);
        assert_eq!(tools[0]["function"]["name"], "weather");
    }
}

#[tokio::test]
async fn completions_and_embeddings_are_traced() {
    let provider = ollama::start();
    let collector = Collector::install();
    let client = client(&provider);
    let asked = || GenerationRequest::new("llama3.2".into(), "hi there").system("Be brief.");
    client.generate(asked()).await.unwrap();
    let stream = client.generate_stream(asked()).await.unwrap();
    stream.for_each(|_| async {}).await;
    let input = vec!["a", "b"].into();
    let asked = GenerateEmbeddingsRequest::new("all-minilm".into(), input);
    client.generate_embeddings(asked).await.unwrap();
    let spans = collector.spans();
    for span in &spans[..2] {
        assert_eq!(span.name, "text_completion llama3.2");
        assert_counted(span);
        assert_eq!(
            json_of(span, key::OUTPUT_MESSAGES),
            said("You said: hi there")
        );
        assert_eq!(json_of(span, key::INPUT_MESSAGES)[0]["role"], "system");
    }
    let embedded = collector.span("embeddings all-minilm");
    assert_eq!(json_of(&embedded, key::INPUTS), json!(["a", "b"]));
    let lengths = json!([{"dimensions": 3}, {"dimensions": 3}]);
    assert_eq!(json_of(&embedded, key::OUTPUTS), lengths);
}

#[tokio::test]
async fn what_goes_wrong_is_an_error_and_what_came_is_kept() {
    let provider = ollama::start();
    let collector = Collector::install();
    let client = client(&provider);
    let refused = client.send_chat_messages_stream(request("missing", "hello"));
    assert!(refused.await.is_err());
    let stream = client.send_chat_messages_stream(request("cut", "one two"));
    stream.await.unwrap().for_each(|_| async {}).await;
    let stream = client.send_chat_messages_stream(request("llama3.2", "one two three four"));
    let mut stream = stream.await.unwrap();
    assert!(stream.next().await.is_some());
    drop(stream);
    let refused = collector.span("chat missing");
    assert_eq!(refused.status, StatusCode::Error);
    assert!(refused.status_message.contains("model 'missing' not found"));
    let cut = collector.span("chat cut");
    assert_eq!(cut.status, StatusCode::Error);
    assert_eq!(
        json_of(&cut, key::OUTPUT_MESSAGES),
        said("You said: one two")
    );
    let left = collector.span("chat llama3.2");
    assert_eq!(left.status, StatusCode::Unset);
    assert_eq!(left.get(key::STREAM_COMPLETE), Some(&Value::Bool(false)));
    assert!(left.end.is_some());
}

#[tokio::test]
async fn while_tracing_is_off_calls_go_through() {
    // Kept, so that no other test turns it on meanwhile.
    let off = Collector::install_with(fanlight::Settings {
        enabled: false,
        ..fanlight::Settings::default()
    });
    let provider = ollama::start();
    let client = client(&provider);
    let answer = client
        .send_chat_messages(request("llama3.2", "hello"))
        .await;
    assert_eq!(answer.unwrap().message.content, "You said: hello");
    let stream = client.send_chat_messages_stream(request("llama3.2", "hello"));
    assert!(stream.await.unwrap().count().await > 1);
    assert_eq!(provider.asked().len(), 2);
    assert!(off.spans().is_empty());
}
