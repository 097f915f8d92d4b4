//! A client and a server of MCP that talk to each other within this process.

use fanlight::rmcp::{Traced, call_tool};
use fanlight::testing::Collector;
use fanlight::{SpanKind, StatusCode, Value, attributes as key};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ServerHandler, ServiceExt as _};
use serde_json::json;

#[derive(Clone)]
struct Weather;

impl ServerHandler for Weather {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        drop(fanlight::span!("within the tool"));
        let said = match request.name.as_ref() {
            "weather" => CallToolResult::success(vec![ContentBlock::text("sunny")]),
            "broken" => CallToolResult::error(vec![ContentBlock::text("no forecast")]),
            name => return Err(ErrorData::invalid_params(format!("no tool {name}"), None)),
        };
        Ok(said.into())
    }
}

#[tokio::test]
async fn a_trace_goes_from_the_client_into_the_tool() {
    let collector = Collector::install();
    let (here, there) = tokio::io::duplex(4_096);
    let server = tokio::spawn(async move { Traced::new(Weather).serve(there).await });
    let client = ().serve(here).await.unwrap();
    let server = server.await.unwrap().unwrap();
    let arguments = json!({"city": "Paris"}).as_object().cloned().unwrap();
    let params = CallToolRequestParams::new("weather").with_arguments(arguments);
    let agent = fanlight::span!("agent");
    {
        use fanlight::Instrument as _;
        let called = call_tool(client.peer(), params).instrument(agent.clone());
        called.await.unwrap();
        let broken = call_tool(client.peer(), CallToolRequestParams::new("broken"));
        broken.await.unwrap();
        let unknown = call_tool(client.peer(), CallToolRequestParams::new("unknown"));
        assert!(unknown.await.is_err());
    }
    agent.end();
    client.cancel().await.unwrap();
    drop(server);

    let spans = collector.spans();
    let of = |name: &str, kind: SpanKind| {
        let found = spans
            .iter()
            .find(|span| span.name == name && span.kind == kind);
        found.unwrap_or_else(|| panic!("no {name}: {spans:?}"))
    };
    let asked = of("execute_tool weather", SpanKind::Client);
    let answered = of("execute_tool weather", SpanKind::Server);
    assert_eq!(Some(asked.parent_id), Some(agent.span_id()));
    assert_eq!(
        (answered.trace_id, answered.parent_id),
        (asked.trace_id, Some(asked.span_id))
    );
    let within = spans
        .iter()
        .find(|span| span.parent_id == Some(answered.span_id));
    assert_eq!(within.unwrap().name, "within the tool");
    for span in [asked, answered] {
        let inputs = span.get(key::INPUTS).and_then(Value::as_str);
        assert_eq!(inputs, Some(r#"{"city":"Paris"}"#));
        let outputs = span.get(key::OUTPUTS).and_then(Value::as_str).unwrap();
        assert!(outputs.contains("sunny"), "{outputs}");
    }
    let broken = of("execute_tool broken", SpanKind::Client);
    assert_eq!(
        (broken.status, broken.status_message.as_str()),
        (StatusCode::Error, "no forecast")
    );
    assert_eq!(
        of("execute_tool unknown", SpanKind::Server).status,
        StatusCode::Error
    );
}
