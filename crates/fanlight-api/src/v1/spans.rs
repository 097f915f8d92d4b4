//! A trace with its spans, normalised facts beside raw attributes.

use fanlight_model::{Attributes, Event, Link, Span, Value};
use fanlight_normalize::{
    Document, Field, Message, ToolDefinition, conversation, decode_json_text, deployment,
    documents, finish_reasons, label, meaning, models, parameters, time_to_first_token,
    tool_definitions,
};
use fanlight_query::FullTrace;
use serde_json::{Map, Value as Json, json};

use super::trace::{render_cost, render_row, render_tokens};
use super::{cost_derivation, instant, millis};

/// The row of a trace and its spans, roots first and then by start.
pub fn render_full(trace: &FullTrace) -> Json {
    json!({
        "trace": render_row(&trace.record),
        "spans": trace.spans.iter().map(|span| render_span(span)).collect::<Json>(),
    })
}

fn render_span(span: &Span) -> Json {
    let meaning = meaning(span);
    // Inputs are mostly JSON text; a reader wants what it says.
    let content =
        |field: Option<&Field<'_>>| field.map(|field| decode_json_text(field.value()).to_json());
    let models = models(span);
    let deployment = deployment(span);
    json!({
        "id": span.span_id.to_string(),
        "parent_id": span.parent_id.map(|id| id.to_string()),
        "name": span.name,
        "label": label(span),
        "type": meaning.span_type,
        "status": {"code": span.status.code.as_str(), "message": span.status.message},
        "start": instant(span.start),
        "start_ns": span.start.0.to_string(),
        "duration_ms": span.duration().map(millis),
        "end_ns": span.end.map(|end| end.0.to_string()),
        "model": meaning.model,
        "model_requested": models.requested,
        "model_answered": models.answered,
        "provider": meaning.provider,
        "tokens": meaning.usage.as_ref().map(render_tokens),
        "cost": meaning.cost.as_ref().map(render_cost),
        "cost_derivation": cost_derivation::render(span),
        "inputs": content(meaning.inputs.as_ref()),
        "outputs": content(meaning.outputs.as_ref()),
        "session": meaning.session,
        "user": meaning.user,
        "environment": deployment.environment,
        "release": deployment.release,
        "messages": render_messages(span),
        "tools": tool_definitions(span).iter().map(render_tool).collect::<Json>(),
        "documents": documents(span).iter().map(render_document).collect::<Json>(),
        "parameters": parameters(span)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_json()))
            .collect::<Map<_, _>>(),
        "finish_reasons": finish_reasons(span),
        "time_to_first_token_ms": time_to_first_token(span).map(millis),
        "message_format": meaning.message_format,
        "attributes": render_attributes(&span.attributes),
        "events": span.events.iter().map(render_event).collect::<Json>(),
        "links": span.links.iter().map(render_link).collect::<Json>(),
        "scope": {"name": span.scope.name, "version": span.scope.version},
        "resource": render_attributes(&span.resource.attributes),
    })
}

fn render_messages(span: &Span) -> Json {
    let conversation = conversation(span);
    let list = |messages: &[Message]| messages.iter().map(Message::to_json).collect::<Json>();
    json!({"input": list(&conversation.input), "output": list(&conversation.output)})
}

fn render_tool(tool: &ToolDefinition) -> Json {
    json!({
        "type": tool.kind, "name": tool.name, "description": tool.description,
        "parameters": tool.parameters.as_ref().map(Value::to_json),
    })
}

fn render_document(document: &Document) -> Json {
    json!({
        "id": document.id, "content": document.content, "score": document.score,
        "metadata": document.metadata.as_ref().map(Value::to_json),
    })
}

pub(super) fn render_attributes(attributes: &Attributes) -> Json {
    let members = attributes
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_json()));
    Json::Object(members.collect::<Map<_, _>>())
}

pub(super) fn render_event(event: &Event) -> Json {
    json!({
        "name": event.name, "time": instant(event.time), "time_ns": event.time.0.to_string(),
        "attributes": render_attributes(&event.attributes),
    })
}

pub(super) fn render_link(link: &Link) -> Json {
    json!({
        "trace_id": format!("tr-{}", link.trace_id), "span_id": link.span_id.to_string(),
        "attributes": render_attributes(&link.attributes),
    })
}
