//! Tools, prompts and resources over the Model Context Protocol, with the crate `rmcp`: what a client asks for, and what
//! a server does about it. A trace goes on from one to the other, in `traceparent` and `tracestate` of a
//! request's metadata.
//!
//! ```
//! # use rmcp::model::CallToolRequestParams;
//! # use rmcp::service::{Peer, RoleClient, ServiceError};
//! # async fn ask(peer: &Peer<RoleClient>) -> Result<(), ServiceError> {
//! // In place of `peer.call_tool(…)`:
//! let result = fanlight::rmcp::call_tool(peer, CallToolRequestParams::new("weather")).await?;
//! # drop(result);
//! # Ok(())
//! # }
//! // In place of `handler.serve(transport)`: `fanlight::rmcp::Traced::new(handler).serve(transport)`
//! ```

use std::borrow::Cow;

use fanlight_model::SpanKind;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientRequest, ErrorData, ProtocolVersion,
    RequestParamsMeta as _, ServerResult,
};
use rmcp::service::{
    NotificationContext, Peer, RequestContext, RoleClient, RoleServer, Service, ServiceError,
    ServiceRole,
};
use serde::Serialize;

use crate::attributes as key;
use crate::context::Instrument as _;
use crate::genai;
use crate::propagation::{RemoteParent, TraceState};
use crate::span::{Span, SpanBuilder};

/// As `peer.call_tool`, within a span. A tool that says it failed is an error of the span.
pub async fn call_tool(
    peer: &Peer<RoleClient>,
    mut params: CallToolRequestParams,
) -> Result<CallToolResult, ServiceError> {
    let span = tool_span(&params).kind(SpanKind::Client).start();
    if let Some(parent) = span.as_remote_parent() {
        let mut meta = params.meta().cloned().unwrap_or_default();
        meta.set_traceparent(parent.to_string());
        if let Some(state) = &parent.trace_state {
            meta.set_tracestate(state.as_str());
        }
        params.set_meta(meta);
    }
    let result = peer.call_tool(params).instrument(span.clone()).await;
    match &result {
        Ok(result) => tell_result(&span, result),
        Err(error) => span.record_error(error),
    }
    result
}

/// A server's handler, whose calls of tools, prompts and resources are traced.
#[derive(Clone, Debug)]
pub struct Traced<S>(S);

impl<S> Traced<S> {
    /// Requests go to `handler`.
    pub fn new(handler: S) -> Self {
        Self(handler)
    }
}

impl<S: Service<RoleServer>> Service<RoleServer> for Traced<S> {
    async fn handle_request(
        &self,
        request: ClientRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<ServerResult, ErrorData> {
        let span = if crate::global::is_recording() {
            let parent = parent(&context);
            server_span(&request).map_or_else(Span::none, |builder| {
                let builder = builder.kind(SpanKind::Server);
                match parent {
                    Some(parent) => builder.remote_parent(parent).start(),
                    None => builder.start(),
                }
            })
        } else {
            Span::none()
        };
        let handled = self.0.handle_request(request, context);
        let result = handled.instrument(span.clone()).await;
        match &result {
            Ok(ServerResult::CallToolResult(result)) => tell_result(&span, result),
            Ok(result) => span.set_outputs(result),
            Err(error) => span.record_error(error),
        }
        result
    }

    async fn handle_notification(
        &self,
        notification: <RoleServer as ServiceRole>::PeerNot,
        context: NotificationContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.0.handle_notification(notification, context).await
    }

    fn get_info(&self) -> <RoleServer as ServiceRole>::Info {
        self.0.get_info()
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.0.supported_protocol_versions()
    }
}

/// The span the client was in.
fn parent(context: &RequestContext<RoleServer>) -> Option<RemoteParent> {
    let mut parent: RemoteParent = context.meta.get_traceparent()?.parse().ok()?;
    parent.trace_state = TraceState::from_headers(context.meta.get_tracestate());
    Some(parent)
}

/// `None` for requests that only keep a connection going.
fn server_span(request: &ClientRequest) -> Option<SpanBuilder> {
    match request {
        ClientRequest::CallToolRequest(request) => Some(tool_span(&request.params)),
        ClientRequest::GetPromptRequest(request) => {
            let prompt = &request.params;
            Some(named_span("prompts/get", &prompt.name, prompt))
        }
        ClientRequest::ReadResourceRequest(request) => {
            let resource = &request.params;
            Some(named_span("resources/read", &resource.uri, resource))
        }
        _ => None,
    }
}

fn tool_span(params: &CallToolRequestParams) -> SpanBuilder {
    genai::execute_tool(&params.name)
        .attribute(key::MCP_METHOD, "tools/call")
        .inputs(&params.arguments)
}

fn named_span(method: &'static str, name: &str, params: &impl Serialize) -> SpanBuilder {
    Span::builder(format!("{method} {name}"))
        .attribute(key::MCP_METHOD, method)
        .inputs(params)
}

fn tell_result(span: &Span, result: &CallToolResult) {
    if !span.is_recording() {
        return;
    }
    span.set_outputs(result);
    if result.is_error == Some(true) {
        let said = serde_json::to_value(&result.content).unwrap_or_default();
        let text = said.pointer("/0/text").and_then(serde_json::Value::as_str);
        span.set_error(text.unwrap_or("the tool says that it failed"));
    }
}
