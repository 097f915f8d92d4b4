//! The type of a span.

use std::borrow::Cow;

use crate::claude_code;
use crate::found::Found;
use crate::gemini_cli;
use crate::keys::Key;

const UNKNOWN: &str = "UNKNOWN";

/// Value of a convention → MLflow's span type.
type Names = [(&'static str, &'static str)];

const OPEN_INFERENCE: &Names = &[
    ("LLM", "LLM"),
    ("CHAIN", "CHAIN"),
    ("TOOL", "TOOL"),
    ("AGENT", "AGENT"),
    ("RETRIEVER", "RETRIEVER"),
    ("EMBEDDING", "EMBEDDING"),
    ("RERANKER", "RERANKER"),
    ("GUARDRAIL", "GUARDRAIL"),
    ("EVALUATOR", "EVALUATOR"),
    ("PROMPT", "PROMPT"),
    ("UNKNOWN", "UNKNOWN"),
];
const GEMINI_CLI: &Names = &[
    ("llm_call", "LLM"),
    ("tool_call", "TOOL"),
    ("agent_call", "AGENT"),
];
/// Spring AI uses a subset.
const GEN_AI: &Names = &[
    ("chat", "CHAT_MODEL"),
    ("create_agent", "AGENT"),
    ("invoke_agent", "AGENT"),
    ("embeddings", "EMBEDDING"),
    ("execute_tool", "TOOL"),
    ("generate_content", "LLM"),
    ("text_completion", "LLM"),
    ("response", "LLM"),
    ("fetch_response", "LLM"),
    ("plan", "CHAIN"),
    ("invoke_workflow", "WORKFLOW"),
    ("execute_task", "TASK"),
    ("retrieval", "RETRIEVER"),
    ("rerank", "RERANKER"),
    ("search_memory", "MEMORY"),
    ("create_memory", "MEMORY"),
    ("update_memory", "MEMORY"),
    ("upsert_memory", "MEMORY"),
    ("delete_memory", "MEMORY"),
    ("create_memory_store", "MEMORY"),
    ("delete_memory_store", "MEMORY"),
];
const TRACELOOP: &Names = &[
    ("workflow", "WORKFLOW"),
    ("task", "TASK"),
    ("agent", "AGENT"),
    ("tool", "TOOL"),
    ("unknown", "UNKNOWN"),
];
/// OpenLLMetry before it took over `gen_ai.operation.name`.
const TRACELOOP_REQUESTS: &Names = &[
    ("chat", "CHAT_MODEL"),
    ("completion", "LLM"),
    ("embedding", "EMBEDDING"),
    ("rerank", "RERANKER"),
];
const LANGSMITH: &Names = &[
    ("llm", "LLM"),
    ("chain", "CHAIN"),
    ("tool", "TOOL"),
    ("retriever", "RETRIEVER"),
    ("embedding", "EMBEDDING"),
    ("prompt", "PROMPT"),
    ("parser", "PARSER"),
];
/// How the name of a component's class ends.
const HAYSTACK: &Names = &[
    ("ChatGenerator", "CHAT_MODEL"),
    ("Generator", "LLM"),
    ("Retriever", "RETRIEVER"),
    ("Embedder", "EMBEDDING"),
    ("Ranker", "RERANKER"),
    ("Agent", "AGENT"),
    ("ToolInvoker", "TOOL"),
    ("Builder", "PROMPT"),
    ("Parser", "PARSER"),
    ("", "CHAIN"),
];
const MCP: &Names = &[("tools/call", "TOOL"), ("resources/read", "RETRIEVER")];
/// Databases that find by meaning: asking one is what a retriever does.
const VECTOR_DATABASES: [&str; 8] = [
    "chroma",
    "lancedb",
    "marqo",
    "milvus",
    "pinecone",
    "qdrant",
    "turbopuffer",
    "weaviate",
];
const VERCEL: &Names = &[
    ("ai.generateText", "LLM"),
    ("ai.generateText.doGenerate", "LLM"),
    ("ai.streamText", "LLM"),
    ("ai.streamText.doStream", "LLM"),
    ("ai.generateObject", "LLM"),
    ("ai.generateObject.doGenerate", "LLM"),
    ("ai.streamObject", "LLM"),
    ("ai.streamObject.doStream", "LLM"),
    ("ai.toolCall", "TOOL"),
    ("ai.embed", "EMBEDDING"),
    ("ai.embed.doEmbed", "EMBEDDING"),
    ("ai.embedMany", "EMBEDDING"),
    ("ai.embedMany.doEmbed", "EMBEDDING"),
    ("ai.rerank", "RERANKER"),
    ("ai.rerank.doRerank", "RERANKER"),
];
const VOLT_AGENT: &Names = &[
    ("agent", "AGENT"),
    ("llm", "LLM"),
    ("tool", "TOOL"),
    ("memory", "MEMORY"),
];
/// The first key a span has decides; `*` at the end stands for any continuation.
const LIVEKIT_KEYS: &Names = &[
    ("lk.retry_count", "LLM"),
    ("lk.function_tool.*", "TOOL"),
    ("lk.pii.function_tool.*", "TOOL"),
    ("lk.agent_name", "AGENT"),
    ("lk.instructions", "AGENT"),
    ("lk.pii.instructions", "AGENT"),
    ("lk.generation_id", "AGENT"),
    ("lk.tts*", "UNKNOWN"),
    ("lk.input_text", "UNKNOWN"),
    ("lk.user_transcript", "UNKNOWN"),
    ("lk.transcript_confidence", "UNKNOWN"),
    ("lk.transcription_delay", "UNKNOWN"),
];
const LAMINAR: &Names = &[
    ("LLM", "LLM"),
    ("CACHED", "LLM"),
    ("TOOL", "TOOL"),
    ("DEFAULT", "CHAIN"),
    ("PIPELINE", "CHAIN"),
    ("EXECUTOR", "AGENT"),
    ("EVALUATOR", "EVALUATOR"),
    ("HUMAN_EVALUATOR", "EVALUATOR"),
    ("EVALUATION", "EVALUATOR"),
];
const LANGFUSE: &Names = &[
    ("generation", "LLM"),
    ("embedding", "EMBEDDING"),
    ("tool", "TOOL"),
    ("retriever", "RETRIEVER"),
    ("agent", "AGENT"),
    ("chain", "CHAIN"),
    ("evaluator", "EVALUATOR"),
    ("guardrail", "GUARDRAIL"),
    ("span", "UNKNOWN"),
];

/// Conventions in the order they are asked; the first answer counts.
const RULES: &[fn(&Found<'_>) -> Option<&'static str>] = &[
    |found| named(found, Key::OpenInferenceSpanKind, OPEN_INFERENCE),
    |found| {
        gemini_cli::is(found)
            .then(|| named(found, Key::GenAiOperation, GEMINI_CLI))
            .flatten()
    },
    |found| claude_code::Kind::of(found).map(claude_code::Kind::span_type),
    |found| named(found, Key::LangSmithKind, LANGSMITH),
    |found| named(found, Key::McpMethod, MCP),
    |found| named(found, Key::GenAiOperation, GEN_AI),
    |found| named(found, Key::TraceloopSpanKind, TRACELOOP),
    |found| named(found, Key::TraceloopRequestType, TRACELOOP_REQUESTS),
    |found| named(found, Key::VercelOperation, VERCEL),
    |found| named(found, Key::PlainSpanType, VOLT_AGENT),
    |found| named(found, Key::VoltEntityType, VOLT_AGENT),
    haystack,
    livekit,
    |found| named(found, Key::LaminarSpanType, LAMINAR),
    |found| named(found, Key::LangfuseType, LANGFUSE),
    |found| found.has(Key::PydanticAllMessagesEvents).then_some("AGENT"),
    |found| found.has(Key::PydanticToolResponse).then_some("TOOL"),
    |found| found.has(Key::CodexTotalTokens).then_some("AGENT"),
    |found| found.has(Key::StrandsCycle).then_some("CHAIN"),
    adk,
    vector_database,
    // Calls that have nothing to do with models, so that all of a request sits in one tree.
    |found| found.has(Key::DbSystem).then_some("DATABASE"),
    |found| found.has(Key::OldDbSystem).then_some("DATABASE"),
    |found| found.has(Key::MessagingSystem).then_some("MESSAGING"),
    |found| found.has(Key::RpcSystem).then_some("RPC"),
    |found| found.has(Key::McpMethod).then_some("RPC"),
    |found| found.has(Key::HttpMethod).then_some("HTTP"),
    |found| found.has(Key::OldHttpMethod).then_some("HTTP"),
];

/// What the client says, unless that is nothing or `UNKNOWN` and a convention knows better.
pub(crate) fn span_type<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    let own = found.text(Key::SpanType);
    if own.as_deref().is_some_and(|own| own != UNKNOWN) {
        return own;
    }
    RULES
        .iter()
        .find_map(|rule| rule(found))
        .map(Cow::Borrowed)
        .or(own)
}

fn haystack(found: &Found<'_>) -> Option<&'static str> {
    let Some(class) = found.text(Key::HaystackComponent) else {
        return found.has(Key::HaystackPipelineMode).then_some("CHAIN");
    };
    let (_, span_type) = HAYSTACK
        .iter()
        .find(|(ending, _)| class.ends_with(ending))?;
    Some(span_type)
}

/// Google's ADK wraps its calls in spans without attributes.
fn adk(found: &Found<'_>) -> Option<&'static str> {
    if found.span.scope.name != "gcp.vertex.agent" {
        return None;
    }
    let name = found.span.name.as_str();
    (name == "invocation" || name.starts_with("agent_run ")).then_some("AGENT")
}

fn vector_database(found: &Found<'_>) -> Option<&'static str> {
    let system = found.first_text(&[Key::DbSystem, Key::OldDbSystem])?;
    // Pinecone's instrumentor says what it does in the name only.
    let operation = found
        .first_text(&[Key::DbOperation, Key::OldDbOperation])
        .unwrap_or(Cow::Borrowed(found.span.name.as_str()));
    let asks = ["query", "search"]
        .iter()
        .any(|verb| operation.to_ascii_lowercase().contains(verb));
    (asks && VECTOR_DATABASES.contains(&system.to_ascii_lowercase().as_str()))
        .then_some("RETRIEVER")
}

fn named(found: &Found<'_>, key: Key, names: &Names) -> Option<&'static str> {
    look_up(names, &found.text(key)?)
}

fn look_up(names: &Names, value: &str) -> Option<&'static str> {
    names
        .iter()
        .find(|(name, _)| *name == value)
        .map(|(_, span_type)| *span_type)
}

/// Also the last resort for spans of others: any span that names the model it asks is taken for a model call, and an
/// operation counts in any case.
fn livekit(found: &Found<'_>) -> Option<&'static str> {
    if found.text(Key::GenAiRequestModel).is_some() {
        return Some("LLM");
    }
    let operation = found
        .text(Key::GenAiOperation)
        .map(|operation| operation.to_ascii_lowercase());
    if let Some(span_type) = operation.and_then(|operation| look_up(GEN_AI, &operation)) {
        return Some(span_type);
    }
    if !found.is_livekit {
        return None;
    }
    LIVEKIT_KEYS
        .iter()
        .find(|(pattern, _)| has_key(found, pattern))
        .map(|(_, span_type)| *span_type)
}

fn has_key(found: &Found<'_>, pattern: &str) -> bool {
    found
        .span
        .attributes
        .iter()
        .any(|(name, _)| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        })
}

#[cfg(test)]
mod tests {
    use fanlight_model::Value;

    use super::*;
    use crate::testing::span;

    fn type_of<const N: usize>(attributes: [(&str, Value); N]) -> Option<String> {
        span_type(&Found::of(&span(attributes))).map(Cow::into_owned)
    }

    fn check(key: &str, names: &[(&str, &str)]) {
        for (value, expected) in names {
            assert_eq!(
                type_of([(key, (*value).into())]).as_deref(),
                Some(*expected),
                "{key} = {value}"
            );
        }
    }

    #[test]
    fn every_name_of_every_convention_is_translated() {
        check("openinference.span.kind", OPEN_INFERENCE);
        check("gen_ai.operation.name", GEN_AI);
        check("traceloop.span.kind", TRACELOOP);
        check("ai.operationId", VERCEL);
        check("span.type", VOLT_AGENT);
        check("entity.type", VOLT_AGENT);
        check("lmnr.span.type", LAMINAR);
        check("langfuse.observation.type", LANGFUSE);
        check("langsmith.span.kind", LANGSMITH);
        check("mcp.method.name", MCP);
        check("llm.request.type", TRACELOOP_REQUESTS);
        check(
            "haystack.component.type",
            &[
                ("OpenAIChatGenerator", "CHAT_MODEL"),
                ("HuggingFaceLocalGenerator", "LLM"),
                ("InMemoryBM25Retriever", "RETRIEVER"),
                ("DocumentJoiner", "CHAIN"),
            ],
        );
        check(
            "span.type",
            &[
                ("interaction", "AGENT"),
                ("llm_request", "LLM"),
                ("tool", "TOOL"),
            ],
        );
        check(
            "span.type",
            &[
                ("claude_code.interaction", "AGENT"),
                ("claude_code.tool", "TOOL"),
            ],
        );
    }

    #[test]
    fn names_are_case_sensitive_but_operations_are_not() {
        assert_eq!(type_of([("openinference.span.kind", "llm".into())]), None);
        assert_eq!(type_of([("traceloop.span.kind", "Workflow".into())]), None);
        assert_eq!(
            type_of([("gen_ai.operation.name", "CHAT".into())]).as_deref(),
            Some("CHAT_MODEL")
        );
    }

    #[test]
    fn gemini_cli_names_count_only_for_its_agent() {
        let operation = ("gen_ai.operation.name", Value::from("tool_call"));
        assert_eq!(type_of([operation.clone()]), None);
        assert_eq!(
            type_of([operation, ("gen_ai.agent.name", "gemini-cli".into())]).as_deref(),
            Some("TOOL")
        );
    }

    #[test]
    fn livekit_spans_are_known_by_their_keys() {
        assert_eq!(
            type_of([("gen_ai.request.model", "m".into())]).as_deref(),
            Some("LLM")
        );
        assert_eq!(
            type_of([("lk.retry_count", 0.into())]).as_deref(),
            Some("LLM")
        );
        assert_eq!(
            type_of([("lk.function_tool.name", "f".into())]).as_deref(),
            Some("TOOL")
        );
        assert_eq!(
            type_of([("lk.instructions", "i".into())]).as_deref(),
            Some("AGENT")
        );
        assert_eq!(
            type_of([("lk.tts_metrics", "t".into())]).as_deref(),
            Some("UNKNOWN")
        );
        assert_eq!(type_of([("lk.other", "o".into())]), None);
    }

    #[test]
    fn what_the_client_says_wins_unless_it_is_unknown() {
        let tool = ("openinference.span.kind", Value::from("TOOL"));
        assert_eq!(
            type_of([("mlflow.spanType", "MY_TYPE".into()), tool.clone()]).as_deref(),
            Some("MY_TYPE")
        );
        assert_eq!(
            type_of([("mlflow.spanType", "UNKNOWN".into()), tool.clone()]).as_deref(),
            Some("TOOL")
        );
        assert_eq!(
            type_of([("mlflow.spanType", "\"UNKNOWN\"".into()), tool]).as_deref(),
            Some("TOOL")
        );
        assert_eq!(
            type_of([("mlflow.spanType", "UNKNOWN".into())]).as_deref(),
            Some("UNKNOWN")
        );
        assert_eq!(
            type_of([("mlflow.spanType", "\"LLM\"".into())]).as_deref(),
            Some("LLM")
        );
    }

    #[test]
    fn plain_calls_have_a_type_too() {
        check("http.request.method", &[("GET", "HTTP")]);
        check(
            "db.system",
            &[("postgresql", "DATABASE"), ("qdrant", "DATABASE")],
        );
        check("rpc.system", &[("grpc", "RPC")]);
        check("messaging.system", &[("kafka", "MESSAGING")]);
        assert_eq!(
            type_of([
                ("db.system", "qdrant".into()),
                ("db.operation", "query_points".into())
            ])
            .as_deref(),
            Some("RETRIEVER")
        );
        let mut pinecone = span([("db.system", "Pinecone".into())]);
        for (name, expected) in [
            ("pinecone.query", "RETRIEVER"),
            ("pinecone.upsert", "DATABASE"),
        ] {
            pinecone.name = name.into();
            let found = Found::of(&pinecone);
            assert_eq!(span_type(&found).as_deref(), Some(expected));
        }
        let model_call = ("gen_ai.operation.name", Value::from("chat"));
        assert_eq!(
            type_of([("http.request.method", "POST".into()), model_call]).as_deref(),
            Some("CHAT_MODEL")
        );
    }

    #[test]
    fn earlier_conventions_win() {
        let traceloop = ("traceloop.span.kind", Value::from("task"));
        assert_eq!(
            type_of([("ai.operationId", "ai.toolCall".into()), traceloop.clone()]).as_deref(),
            Some("TASK")
        );
        assert_eq!(
            type_of([traceloop, ("gen_ai.operation.name", "chat".into())]).as_deref(),
            Some("CHAT_MODEL")
        );
    }
}
