//! What a person would check in a trace: a paragraph per span, then one about the trace.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use fanlight_model::{Cost, ExperimentId, Span, TokenUsage, TraceId, TraceKey, WorkspaceId};
use fanlight_normalize::{
    Document, Meaning, Message, Part, conversation, deployment, documents, finish_reasons, label,
    meaning, models, parameters, sort_spans, summarize, time_to_first_token, tool_definitions,
};

const MAX_CHARS: usize = 160;

pub(crate) fn by_trace(spans: Vec<Arc<Span>>) -> Vec<Vec<Arc<Span>>> {
    let mut traces: BTreeMap<TraceId, Vec<Arc<Span>>> = BTreeMap::new();
    for span in spans {
        traces.entry(span.trace_id).or_default().push(span);
    }
    let mut traces: Vec<_> = traces.into_values().collect();
    for spans in &mut traces {
        sort_spans(spans);
    }
    traces.sort_by_key(|spans| (spans[0].start, spans[0].span_id));
    traces
}

pub(crate) fn report(traces: &[Vec<Arc<Span>>]) -> String {
    let mut lines = String::new();
    for spans in traces {
        for span in spans {
            write_span(&mut lines, span);
        }
        write_trace(&mut lines, spans);
    }
    lines
}

fn write_span(lines: &mut String, span: &Span) {
    let meaning = meaning(span);
    let facts = [
        meaning.span_type.as_deref().unwrap_or("-").to_owned(),
        model(&meaning),
        usage(meaning.usage),
        cost(meaning.cost),
        format!("finish {}", finish_reasons(span).join(",")),
    ];
    let known: Vec<_> = facts
        .into_iter()
        .filter(|fact| fact != "-" && fact != "finish ")
        .collect();
    writeln!(lines, "{} | {}", label(span), known.join(" | ")).unwrap();
    write_details(lines, span, &meaning);
    let conversation = conversation(span);
    for message in &conversation.input {
        writeln!(lines, "    > {}", said(message)).unwrap();
    }
    for message in &conversation.output {
        writeln!(lines, "    < {}", said(message)).unwrap();
    }
}

/// What is not in the line of the span: a line each, where known.
fn write_details(lines: &mut String, span: &Span, meaning: &Meaning<'_>) {
    let models = models(span);
    let asked = models
        .requested
        .filter(|asked| Some(asked.as_str()) != meaning.model.as_deref());
    let deployment = deployment(span);
    let waited = time_to_first_token(span).map(|waited| format!("{} µs", waited.0 / 1000));
    let parameters = parameters(span);
    let parameters = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", short(&value.to_text())));
    let tools = tool_definitions(span);
    let tools = tools.iter().map(|tool| {
        let arguments = tool
            .parameters
            .as_ref()
            .map(|schema| short(&schema.to_text()));
        let description = tool.description.as_deref().map(short);
        format!(
            "{} {} ({}) {}",
            tool.kind,
            tool.name,
            description.as_deref().unwrap_or("-"),
            arguments.as_deref().unwrap_or("-")
        )
    });
    let documents = documents(span);
    let facts = [
        ("asked for", asked),
        ("environment", deployment.environment),
        ("release", deployment.release),
        ("first token after", waited),
        ("parameters", joined(parameters)),
        ("tools", joined(tools)),
        ("documents", joined(documents.iter().map(document))),
    ];
    for (name, fact) in facts {
        if let Some(fact) = fact {
            writeln!(lines, "    {name}: {fact}").unwrap();
        }
    }
}

fn joined(parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<_> = parts.collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn document(document: &Document) -> String {
    let score = document.score.map_or("-".into(), |score| score.to_string());
    let content = document.content.as_deref().map_or("-".into(), short);
    format!(
        "{} ({score}) {content}",
        document.id.as_deref().unwrap_or("-")
    )
}

fn write_trace(lines: &mut String, spans: &[Arc<Span>]) {
    let key = TraceKey {
        workspace: WorkspaceId::default(),
        trace: spans[0].trace_id,
    };
    let summary = summarize(key, ExperimentId(0), None, spans);
    let root = summary.root_name.as_deref().unwrap_or("-");
    writeln!(
        lines,
        "= {} {root} | {} | {}",
        summary.state,
        usage(summary.usage),
        cost(summary.cost),
    )
    .unwrap();
    for (name, id) in [("session", summary.session), ("user", summary.user)] {
        if let Some(id) = id {
            writeln!(lines, "  {name} {id}").unwrap();
        }
    }
    let preview = |text: &Option<String>| short(text.as_deref().unwrap_or("-"));
    writeln!(lines, "  > {}", preview(&summary.request_preview)).unwrap();
    writeln!(lines, "  < {}\n", preview(&summary.response_preview)).unwrap();
}

fn model(meaning: &Meaning<'_>) -> String {
    let names = [meaning.provider.as_deref(), meaning.model.as_deref()];
    let known: Vec<_> = names.into_iter().flatten().collect();
    if known.is_empty() {
        return "-".to_owned();
    }
    known.join(" ")
}

fn said(message: &Message) -> String {
    let name = message
        .name
        .as_deref()
        .map(|name| format!(" ({name})"))
        .unwrap_or_default();
    let parts: Vec<_> = message.parts.iter().map(part).collect();
    let reason = message
        .finish_reason
        .as_deref()
        .map(|reason| format!(" [{reason}]"))
        .unwrap_or_default();
    format!("{}{name}: {}{reason}", message.role, parts.join(" + "))
}

fn part(part: &Part) -> String {
    match part {
        Part::Text(text) => short(text),
        Part::Reasoning(text) => format!("<thought> {}", short(text)),
        Part::ToolCall {
            id,
            name,
            arguments,
        } => {
            format!(
                "<call {name} {}> {}",
                id.as_deref().unwrap_or("-"),
                short(&arguments.to_text())
            )
        }
        Part::ToolCallResponse {
            id,
            name,
            response,
            is_error,
        } => format!(
            "<{} {} {}> {}",
            if *is_error { "error of" } else { "result of" },
            name.as_deref().unwrap_or("-"),
            id.as_deref().unwrap_or("-"),
            short(&response.to_text())
        ),
        Part::Blob {
            modality,
            mime_type,
            content,
        } => format!(
            "<{} {}> {} characters",
            modality.as_str(),
            mime_type.as_deref().unwrap_or("-"),
            content.len()
        ),
        Part::Uri {
            modality,
            mime_type,
            uri: at,
        }
        | Part::File {
            modality,
            mime_type,
            file_id: at,
        } => format!(
            "<{} {}> {}",
            modality.as_str(),
            mime_type.as_deref().unwrap_or("-"),
            short(at)
        ),
        Part::Other { kind, value } => format!("<{kind}> {}", short(&value.to_text())),
    }
}

/// Input/output/total, then the parts that are not zero.
fn usage(usage: Option<TokenUsage>) -> String {
    let Some(usage) = usage else {
        return "-".into();
    };
    let count = |count: Option<u64>| count.map_or(Cow::from("?"), |count| count.to_string().into());
    let mut text = format!(
        "{}/{}/{}",
        count(usage.input),
        count(usage.output),
        count(usage.total)
    );
    for (name, tokens) in [
        ("cache read", usage.cache_read),
        ("cache write", usage.cache_write),
        ("for an hour", usage.cache_write_1h),
        ("sound", usage.audio_input),
        ("pictures", usage.image_input),
        ("thoughts", usage.reasoning),
        ("spoken", usage.audio_output),
    ] {
        if let Some(tokens) = tokens.filter(|tokens| *tokens > 0) {
            write!(text, " {name} {tokens}").unwrap();
        }
    }
    text
}

/// In millionths of a dollar.
fn cost(cost: Option<Cost>) -> String {
    cost.map_or("-".into(), |cost| format!("{:.2}µ$", cost.total * 1e6))
}

/// One line, cut where it gets long.
fn short(text: &str) -> String {
    let text = text.replace('\n', "⏎");
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
