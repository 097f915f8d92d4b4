//! Whatever clients send: nothing panics, no token is made up, the order of spans does not matter, and the total of a
//! trace is the sum of spans that anybody can look at.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be built must fail its test"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use fanlight_model::{
    Attributes, Event, ExperimentId, Span, SpanId, SpanKind, TokenUsage, TraceId, TraceKey,
    TraceSummary, UnixNanos, Value, WorkspaceId,
};
use fanlight_normalize::{
    conversation, deployment, documents, finish_reasons, label, meaning, mlflow_attributes, models,
    parameters, summarize, time_to_first_token, tool_definitions,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Names that mean something, some of them with parts that tests make up.
const NAMES: &[&str] = &[
    "mlflow.spanInputs",
    "mlflow.spanOutputs",
    "mlflow.spanType",
    "mlflow.chat.tokenUsage",
    "mlflow.chat.tools",
    "openinference.span.kind",
    "input.value",
    "output.value",
    "llm.input_messages.0.message.role",
    "llm.input_messages.0.message.content",
    "llm.input_messages.0.message.contents.1.message_content.type",
    "llm.output_messages.18446744073709551615.message.tool_calls.0.tool_call.function.name",
    "llm.token_count.prompt",
    "llm.token_count.total",
    "llm.tools.0.tool.json_schema",
    "llm.invocation_parameters",
    "retrieval.documents.0.document.content",
    "gen_ai.operation.name",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.prompt.0.content",
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.response.finish_reasons",
    "gen_ai.retrieval.documents",
    "gen_ai.response.time_to_first_chunk",
    "langfuse.observation.completion_start_time",
    "langfuse.observation.input",
    "pydantic_ai.all_messages",
    "ai.operationId",
    "ai.prompt.messages",
    "ai.response.toolCalls",
    "gcp.vertex.agent.llm_request",
    "gcp.vertex.agent.llm_response",
    "haystack.component.input",
    "haystack.component.type",
    "traceloop.entity.input",
    "metadata",
    "http.request.method",
    "url.full",
];

/// Members that messages, requests and responses have.
const MEMBERS: &[&str] = &[
    "role",
    "type",
    "content",
    "parts",
    "text",
    "messages",
    "choices",
    "message",
    "delta",
    "input",
    "output",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "id",
    "lc",
    "kwargs",
    "data",
    "update",
    "contents",
    "candidates",
    "toolUse",
    "toolResult",
    "image_url",
    "source",
    "thinking",
    "system",
    "part_kind",
    "part",
    "args",
    "kind",
    "generations",
    "replies",
    "model",
    "config",
    "tools",
    "summary",
    "part_kind",
    "page_content",
    "score",
    "finish_reason",
    "usage",
    "index",
];
const WORDS: &[&str] = &[
    "user",
    "assistant",
    "tool",
    "LLM",
    "CHAT_MODEL",
    "AGENT",
    "RETRIEVER",
    "chat",
    "text",
    "tool_use",
    "tool_result",
    "function_call",
    "reasoning",
    "image_url",
    "human",
    "ai",
    "null",
    "",
    "{",
    "[]",
    "data:,",
    "a://b",
    "🎉",
    "2026-08-26T10:00:00Z",
    "content_block_delta",
    "9",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Double),
        (0_i64..2000).prop_map(Value::Int),
        prop::sample::select(WORDS).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(6, 48, 5, |inner| {
        let members = vec((prop::sample::select(MEMBERS), inner.clone()), 0..5);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::Array),
            members.prop_map(|members| Value::Map(
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            )),
        ]
    });
    // Most clients send JSON as text.
    (tree, any::<bool>()).prop_map(|(value, as_text)| match value {
        value @ (Value::Map(_) | Value::Array(_)) if as_text => value.to_json().to_string().into(),
        value => value,
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let name = prop_oneof![
        9 => prop::sample::select(NAMES).prop_map(str::to_owned),
        1 => "[a-z.0-9]{0,12}",
    ];
    vec((name, value()), 0..8).prop_map(Attributes::from_entries)
}

fn span(number: u64) -> impl Strategy<Value = Span> {
    let events = vec(
        (
            prop::sample::select(
                &[
                    "gen_ai.user.message",
                    "gen_ai.choice",
                    "gen_ai.client.inference.operation.details",
                    "claude_code.user_prompt",
                    "new_token",
                ][..],
            ),
            attributes(),
        ),
        0..3,
    );
    (attributes(), events, 0..number, any::<u64>()).prop_map(
        move |(attributes, events, parent, start)| Span {
            parent_id: SpanId::from_bytes(parent.to_be_bytes()),
            kind: SpanKind::Internal,
            start: UnixNanos(start),
            end: Some(UnixNanos(start.saturating_add(10))),
            attributes,
            events: events
                .into_iter()
                .map(|(name, attributes)| Event {
                    name: name.to_owned(),
                    attributes,
                    ..Event::default()
                })
                .collect(),
            ..Span::new(
                TraceId::from_bytes([7; 16]).unwrap(),
                SpanId::from_bytes(number.to_be_bytes()).unwrap(),
                format!("span {number}"),
            )
        },
    )
}

/// A trace in which every parent has a smaller number than its children.
fn trace() -> impl Strategy<Value = Vec<Arc<Span>>> {
    (span(1), span(2), span(3), span(4), span(5))
        .prop_map(|(a, b, c, d, e)| [a, b, c, d, e].map(Arc::new).into())
}

fn summary(spans: &[Arc<Span>]) -> TraceSummary {
    let key = TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: spans[0].trace_id,
    };
    summarize(key, ExperimentId(0), None, spans)
}

/// Usage of the spans above which no span has any, by walking up from each.
fn expected_usage(spans: &[Arc<Span>]) -> Option<TokenUsage> {
    let by_id: BTreeMap<SpanId, &Arc<Span>> =
        spans.iter().map(|span| (span.span_id, span)).collect();
    let parent = |span: &Span| span.parent_id.and_then(|id| by_id.get(&id).copied());
    let counts = spans.iter().filter(|span| {
        let mut above = parent(span);
        while let Some(span) = above {
            if meaning(span).usage.is_some() {
                return false;
            }
            above = parent(span);
        }
        true
    });
    counts
        .filter_map(|span| meaning(span).usage)
        .reduce(|sum, usage| sum.plus(&usage))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_client_sends_is_too_much(span in span(1)) {
        let conversation = conversation(&span);
        for message in conversation.input.iter().chain(&conversation.output) {
            let json = message.to_json();
            prop_assert!(json["role"].is_string());
            for part in json["parts"].as_array().unwrap() {
                prop_assert!(part["type"].is_string(), "{part}");
            }
        }
        tool_definitions(&span);
        documents(&span);
        parameters(&span);
        finish_reasons(&span);
        time_to_first_token(&span);
        models(&span);
        deployment(&span);
        label(&span);
        mlflow_attributes(&span, "tr-7");
    }

    #[test]
    fn the_order_of_spans_does_not_matter(spans in trace(), shuffled in Just(()).prop_perturb(|(), mut rng| {
        let mut places = vec![0, 1, 2, 3, 4];
        for last in (1..places.len()).rev() {
            let other = rng.random_range(0..=last);
            places.swap(last, other);
        }
        places
    })) {
        let other: Vec<_> = shuffled.iter().map(|place: &usize| Arc::clone(&spans[*place])).collect();
        prop_assert_eq!(summary(&spans), summary(&other));
    }

    #[test]
    fn a_trace_has_the_tokens_of_its_outermost_spans(spans in trace()) {
        let expected = expected_usage(&spans).map(|usage| TokenUsage {
            input: usage.input.or(Some(0)),
            output: usage.output.or(Some(0)),
            total: usage.total.or(Some(0)),
            ..usage
        });
        prop_assert_eq!(summary(&spans).usage, expected);
    }

    #[test]
    fn spans_that_say_nothing_of_tokens_have_none(spans in trace()) {
        let silent: Vec<_> = spans
            .iter()
            .map(|span| {
                let mut span = Span::clone(span);
                let entries = span.attributes.into_entries().into_iter();
                span.attributes = entries
                    .filter(|(name, value)| {
                        !name.contains("token") && !value.to_text().contains("usage")
                    })
                    .collect();
                Arc::new(span)
            })
            .collect();
        let summary = summary(&silent);
        prop_assert_eq!((summary.usage, summary.cost), (None, None));
    }
}
