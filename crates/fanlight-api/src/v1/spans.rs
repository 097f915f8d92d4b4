//! A trace with its spans, normalised facts beside raw attributes.

use fanlight_model::{Attributes, Event, Link, Span, Value};
use fanlight_normalize::{
    Document, Field, Message, Part, ToolDefinition, conversation, decode_json_text, deployment,
    documents, finish_reasons, label, meaning, models, parameters, time_to_first_token,
    tool_definitions,
};
use fanlight_query::FullTrace;
use serde_json::{Map, Value as Json};

use super::cost_derivation::CostDerivation;
use super::schema::{Maybe, shape};
use super::some_spans::Cut;
use super::trace::{Costs, Tokens, TraceRow, render_cost, render_row, render_tokens};
use super::{cost_derivation, instant, millis};

shape! {
    /// A trace and its spans.
    FullTraceReply {
        trace: TraceRow,
        /// Roots first, and then by start.
        spans: Vec<SpanView>,
    }
}

shape! {
    /// A span: what it means beside what it is.
    SpanView {
        id: String,
        parent_id: Option<String>,
        name: String,
        /// To show: of a template the text it stands for, of a call named `GET` also what it asked for.
        label: String,
        /// `LLM`, `TOOL`, `AGENT`, … or whatever a client calls it.
        r#type: Option<String>,
        status: StatusView,
        start: String,
        start_ns: String,
        /// `null` while it runs.
        duration_ms: Option<f64>,
        end_ns: Option<String>,
        /// The one that tokens are priced by.
        model: Option<String>,
        model_requested: Option<String>,
        model_answered: Option<String>,
        provider: Option<String>,
        tokens: Option<Tokens>,
        cost: Option<Costs>,
        /// How it is made up; `null` where it is unknown.
        cost_derivation: Option<CostDerivation>,
        inputs: Option<Json>,
        outputs: Option<Json>,
        session: Option<String>,
        user: Option<String>,
        environment: Option<String>,
        release: Option<String>,
        messages: MessagesView,
        /// What the model may call.
        tools: Vec<ToolView>,
        /// What a retriever found or a reranker ordered.
        documents: Vec<DocumentView>,
        /// How the model was asked, by OpenTelemetry's names.
        parameters: Map<String, Json>,
        /// Why the model stopped, one for each answer.
        finish_reasons: Vec<String>,
        time_to_first_token_ms: Option<f64>,
        /// Whose message shapes inputs and outputs have: `openai`, `gemini`, …
        message_format: Option<String>,
        /// As they arrived.
        attributes: Map<String, Json>,
        events: Vec<EventView>,
        links: Vec<LinkView>,
        scope: ScopeView,
        resource: Map<String, Json>,
        /// When texts end early because `max_text` was given.
        cut: Maybe<Cut>,
    }
}

shape! {
    /// What was said to a model, and what it said.
    MessagesView {
        input: Vec<MessageView>,
        output: Vec<MessageView>,
    }
}

shape! {
    /// A message of a conversation.
    MessageView {
        /// `system`, `developer`, `user`, `assistant`, `tool`, or whatever a client says.
        role: String,
        /// Who speaks, where several share a role.
        name: Maybe<String>,
        /// Each has a `type`: `text`, `reasoning`, `tool_call`, `tool_call_response`, `blob`, `uri`, `file`, …
        parts: Vec<Json>,
        finish_reason: Maybe<String>,
    }
}

shape! {
    /// A tool that a model may call.
    ToolView {
        r#type: String,
        name: String,
        description: Option<String>,
        /// A JSON Schema.
        parameters: Option<Json>,
    }
}

shape! {
    /// A document that was found.
    DocumentView {
        id: Option<String>,
        content: Option<String>,
        score: Option<f64>,
        metadata: Option<Json>,
    }
}

shape! {
    /// How a span ended.
    StatusView {
        /// `OK`, `ERROR` or `UNSET`.
        code: String,
        message: String,
    }
}

shape! {
    /// Something that happened within a span.
    EventView {
        name: String,
        time: String,
        time_ns: String,
        attributes: Map<String, Json>,
    }
}

shape! {
    /// Another span this one belongs to.
    LinkView {
        trace_id: String,
        span_id: String,
        attributes: Map<String, Json>,
    }
}

shape! {
    /// The library that made a span.
    ScopeView {
        name: String,
        version: String,
    }
}

/// The row of a trace and its spans, roots first and then by start.
pub fn render_full(trace: &FullTrace) -> FullTraceReply {
    FullTraceReply {
        trace: render_row(&trace.record),
        spans: trace.spans.iter().map(|span| render_span(span)).collect(),
    }
}

pub(super) fn render_span(span: &Span) -> SpanView {
    let meaning = meaning(span);
    // Inputs are mostly JSON text; a reader wants what it says.
    let content =
        |field: Option<&Field<'_>>| field.map(|field| decode_json_text(field.value()).to_json());
    let models = models(span);
    let deployment = deployment(span);
    SpanView {
        id: span.span_id.to_string(),
        parent_id: span.parent_id.map(|id| id.to_string()),
        name: span.name.clone(),
        label: label(span).into_owned(),
        r#type: meaning.span_type.map(Into::into),
        status: StatusView {
            code: span.status.code.as_str().to_owned(),
            message: span.status.message.clone(),
        },
        start: instant(span.start),
        start_ns: span.start.0.to_string(),
        duration_ms: span.duration().map(millis),
        end_ns: span.end.map(|end| end.0.to_string()),
        model: meaning.model.map(Into::into),
        model_requested: models.requested,
        model_answered: models.answered,
        provider: meaning.provider.map(Into::into),
        tokens: meaning.usage.as_ref().map(render_tokens),
        cost: meaning.cost.as_ref().map(render_cost),
        cost_derivation: cost_derivation::render(span),
        inputs: content(meaning.inputs.as_ref()),
        outputs: content(meaning.outputs.as_ref()),
        session: meaning.session.map(Into::into),
        user: meaning.user.map(Into::into),
        environment: deployment.environment,
        release: deployment.release,
        messages: render_messages(span),
        tools: tool_definitions(span)
            .into_iter()
            .map(render_tool)
            .collect(),
        documents: documents(span).into_iter().map(render_document).collect(),
        parameters: parameters(span)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_json()))
            .collect(),
        finish_reasons: finish_reasons(span),
        time_to_first_token_ms: time_to_first_token(span).map(millis),
        message_format: meaning.message_format.map(Into::into),
        attributes: render_attributes(&span.attributes),
        events: span.events.iter().map(render_event).collect(),
        links: span.links.iter().map(render_link).collect(),
        scope: ScopeView {
            name: span.scope.name.clone(),
            version: span.scope.version.clone(),
        },
        resource: render_attributes(&span.resource.attributes),
        cut: Maybe::Absent,
    }
}

fn render_messages(span: &Span) -> MessagesView {
    let conversation = conversation(span);
    let list = |messages: Vec<Message>| messages.into_iter().map(render_message).collect();
    MessagesView {
        input: list(conversation.input),
        output: list(conversation.output),
    }
}

fn render_message(message: Message) -> MessageView {
    MessageView {
        parts: message.parts.iter().map(Part::to_json).collect(),
        role: message.role,
        name: message.name.into(),
        finish_reason: message.finish_reason.into(),
    }
}

fn render_tool(tool: ToolDefinition) -> ToolView {
    ToolView {
        r#type: tool.kind,
        name: tool.name,
        description: tool.description,
        parameters: tool.parameters.as_ref().map(Value::to_json),
    }
}

fn render_document(document: Document) -> DocumentView {
    DocumentView {
        id: document.id,
        content: document.content,
        score: document.score,
        metadata: document.metadata.as_ref().map(Value::to_json),
    }
}

pub(super) fn render_attributes(attributes: &Attributes) -> Map<String, Json> {
    let members = attributes
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_json()));
    members.collect()
}

pub(super) fn render_event(event: &Event) -> EventView {
    EventView {
        name: event.name.clone(),
        time: instant(event.time),
        time_ns: event.time.0.to_string(),
        attributes: render_attributes(&event.attributes),
    }
}

pub(super) fn render_link(link: &Link) -> LinkView {
    LinkView {
        trace_id: format!("tr-{}", link.trace_id),
        span_id: link.span_id.to_string(),
        attributes: render_attributes(&link.attributes),
    }
}
