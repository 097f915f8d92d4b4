//! What this crate makes of what real instrumentation sent and providers document, file by file: `snapshots/` shows type, model, tokens, cost and
//! messages of every span, and the summary of every trace, as a reviewer reads them.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be read must fail its test"
)]

mod support;

use support::{autolog, otlp, providers, report};

macro_rules! logs {
    ($name:ident) => {
        None
    };
    ($name:ident logs) => {
        Some(include_str!(concat!(
            "fixtures/otlp/",
            stringify!($name),
            ".logs.json"
        )))
    };
}

/// A test for each export of OpenTelemetry; `with logs` where part of the content came as log records.
macro_rules! otlp {
    ($($name:ident $(with $logs:ident)?,)+) => {
        mod otlp_exports {
            use super::*;

            pub(super) const NAMES: &[&str] = &[$(stringify!($name),)+];

            $(#[test]
            fn $name() {
                let traces = include_str!(concat!("fixtures/otlp/", stringify!($name), ".json"));
                let logs = logs!($name $($logs)?);
                let traces = report::by_trace(otlp::spans(traces, logs));
                insta::assert_snapshot!(stringify!($name), report::report(&traces));
            })+
        }
    };
}

/// A test for each scenario recorded with MLflow's autologging.
macro_rules! autolog {
    ($($name:ident,)+) => {
        mod autologging {
            use super::*;

            pub(super) const NAMES: &[&str] = &[$(stringify!($name),)+];

            $(#[test]
            fn $name() {
                let file = include_str!(concat!("fixtures/autolog/", stringify!($name), ".json"));
                let traces = autolog::traces(file);
                insta::assert_snapshot!(stringify!($name), report::report(&traces));
            })+
        }
    };
}

/// A test for each documented request and response of a provider.
macro_rules! providers {
    ($($name:ident,)+) => {
        mod provider_calls {
            use super::*;

            pub(super) const NAMES: &[&str] = &[$(stringify!($name),)+];

            $(#[test]
            fn $name() {
                let file = include_str!(concat!("fixtures/providers/", stringify!($name), ".json"));
                let trace = vec![providers::call(file)];
                insta::assert_snapshot!(stringify!($name), report::report(&[trace]));
            })+
        }
    };
}

otlp! {
    adk_otel,
    claude_code with logs,
    codex_cli with logs,
    contrib_openai,
    contrib_openai_legacy with logs,
    genai_anthropic,
    genai_langchain,
    genai_openai,
    haystack_otel,
    langfuse_sdk,
    langsmith_langgraph,
    livekit,
    logfire_openai,
    logfire_pydantic_ai,
    mcp_sdk,
    oi_agents,
    oi_anthropic,
    oi_langchain,
    oi_llama,
    oi_openai,
    plain_calls,
    strands_otel,
    tl_anthropic,
    tl_clients,
    tl_langchain,
    tl_mcp,
    tl_openai,
    vercel_ai,
}

autolog! {
    anthropic_async_messages,
    anthropic_async_stream_create,
    anthropic_error_529,
    anthropic_messages,
    anthropic_stream_create,
    anthropic_tool_use,
    edge_async_cancelled,
    edge_async_generator,
    edge_asyncio_to_thread,
    edge_child_not_ended,
    edge_distributed,
    edge_generator,
    edge_generator_error,
    edge_generator_nesting,
    edge_generator_reducer,
    edge_log_trace,
    edge_methods,
    edge_no_context,
    edge_span_processors,
    edge_threads_copied_context,
    edge_threads_plain,
    edge_tracing_context,
    edge_update_current_trace,
    fw_agno,
    fw_autogen,
    fw_dspy,
    fw_gemini,
    fw_groq,
    fw_haystack,
    fw_litellm,
    fw_litellm_stream,
    fw_llama_index_agent,
    fw_llama_index_complete,
    fw_mistral,
    fw_openai_agents,
    fw_pydantic_ai,
    fw_pydantic_ai_anthropic,
    fw_semantic_kernel,
    fw_smolagents_agent,
    fw_smolagents_model,
    fw_strands,
    langchain_anthropic,
    langchain_chain,
    langchain_chain_astream,
    langchain_chain_async,
    langchain_chain_batch,
    langchain_chain_stream,
    langchain_create_agent,
    langchain_error,
    langchain_llm_only,
    langchain_rag,
    langchain_under_manual_span,
    langchain_with_openai_autolog,
    langgraph_tool_agent,
    langgraph_tool_agent_async,
    langgraph_tool_agent_stream,
    langgraph_tool_error,
    openai_agent_with_manual_spans,
    openai_async_chat,
    openai_async_chat_stream,
    openai_async_gather,
    openai_async_responses,
    openai_chat,
    openai_chat_parse,
    openai_chat_stream,
    openai_chat_stream_cut,
    openai_chat_stream_usage,
    openai_completions,
    openai_embeddings,
    openai_error_429,
    openai_error_no_server,
    openai_images,
    openai_responses,
    openai_responses_stream,
    openai_responses_tools,
    openai_tool_calling,
    openai_vision_input,
}

providers! {
    anthropic_batch,
    anthropic_cached,
    anthropic_error,
    anthropic_multimodal,
    anthropic_reasoning,
    anthropic_streaming,
    bedrock_batch,
    bedrock_cached,
    bedrock_error,
    bedrock_multimodal,
    bedrock_reasoning,
    bedrock_streaming,
    cohere_first_version,
    cohere_tools,
    gemini_batch,
    gemini_cached,
    gemini_error,
    gemini_multimodal,
    gemini_reasoning,
    gemini_streaming,
    mistral_batch,
    mistral_cached,
    mistral_error,
    mistral_multimodal,
    mistral_reasoning,
    mistral_streaming,
    openai_batch,
    openai_cached,
    openai_error,
    openai_multimodal,
    openai_reasoning,
    openai_refusal,
    openai_responses,
    openai_responses_streaming,
    openai_several_choices,
    openai_streaming,
}

#[test]
fn every_fixture_has_a_test() {
    let named = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(files("otlp"), named(otlp_exports::NAMES));
    assert_eq!(files("autolog"), named(autologging::NAMES));
    assert_eq!(files("providers"), named(provider_calls::NAMES));
}

fn files(folder: &str) -> Vec<String> {
    let path = format!("{}/tests/fixtures/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<_> = std::fs::read_dir(path)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            Some(name.strip_suffix(".json")?.to_owned())
        })
        .filter(|name| !name.contains(".logs"))
        .collect();
    names.sort();
    names
}
