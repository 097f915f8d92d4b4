//! The names of every attribute with a meaning, grouped by the convention that defines them.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

/// Declares [`Key`]: a variant per attribute name, and the look-up from one to the other.
macro_rules! keys {
    ($($variant:ident = $text:literal,)+) => {
        /// An attribute name that means something to us.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Key {
            $($variant,)+
        }

        impl Key {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)+];
            pub(crate) const COUNT: usize = Self::ALL.len();

            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

keys! {
    // MLflow clients.
    SpanType = "mlflow.spanType",
    SpanInputs = "mlflow.spanInputs",
    SpanOutputs = "mlflow.spanOutputs",
    ChatTokenUsage = "mlflow.chat.tokenUsage",
    ChatTools = "mlflow.chat.tools",
    LlmCost = "mlflow.llm.cost",
    LlmModel = "mlflow.llm.model",
    LlmProvider = "mlflow.llm.provider",
    MessageFormat = "mlflow.message.format",

    // OpenTelemetry, general.
    SessionId = "session.id",
    UserId = "user.id",
    EndUserId = "enduser.id",
    HttpMethod = "http.request.method",
    OldHttpMethod = "http.method",
    DbSystem = "db.system.name",
    OldDbSystem = "db.system",
    DbOperation = "db.operation.name",
    OldDbOperation = "db.operation",
    RpcSystem = "rpc.system",
    MessagingSystem = "messaging.system",

    // OpenInference.
    OpenInferenceSpanKind = "openinference.span.kind",
    OpenInferenceInput = "input.value",
    OpenInferenceOutput = "output.value",
    OpenInferencePromptTokens = "llm.token_count.prompt",
    OpenInferenceCompletionTokens = "llm.token_count.completion",
    OpenInferenceTotalTokens = "llm.token_count.total",
    OpenInferenceCacheRead = "llm.token_count.prompt_details.cache_read",
    OpenInferenceCacheWrite = "llm.token_count.prompt_details.cache_write",
    OpenInferenceAudioInput = "llm.token_count.prompt_details.audio",
    OpenInferenceReasoning = "llm.token_count.completion_details.reasoning",
    OpenInferenceAudioOutput = "llm.token_count.completion_details.audio",
    OpenInferenceResponseModel = "llm.response.model_name",
    OpenInferenceModel = "llm.model_name",
    OpenInferenceRequestModel = "llm.request.model_name",
    OpenInferenceEmbeddingModel = "embedding.model_name",
    OpenInferenceProvider = "llm.provider",
    OpenInferenceSystem = "llm.system",
    // MLflow's clients write it too.
    Metadata = "metadata",

    // OpenTelemetry GenAI; Gemini CLI, Spring AI and others share it.
    GenAiOperation = "gen_ai.operation.name",
    GenAiAgentName = "gen_ai.agent.name",
    GenAiInputMessages = "gen_ai.input.messages",
    GenAiOutputMessages = "gen_ai.output.messages",
    GenAiToolArguments = "gen_ai.tool.call.arguments",
    GenAiToolResult = "gen_ai.tool.call.result",
    GenAiRetrievalQuery = "gen_ai.retrieval.query.text",
    GenAiRetrievalDocuments = "gen_ai.retrieval.documents",
    GenAiMemoryQuery = "gen_ai.memory.query.text",
    GenAiMemoryRecords = "gen_ai.memory.records",
    GenAiToolDefinitions = "gen_ai.tool.definitions",
    GenAiInputTokens = "gen_ai.usage.input_tokens",
    GenAiOutputTokens = "gen_ai.usage.output_tokens",
    GenAiCacheRead = "gen_ai.usage.cache_read.input_tokens",
    GenAiCacheWrite = "gen_ai.usage.cache_write.input_tokens",
    GenAiCacheCreation = "gen_ai.usage.cache_creation.input_tokens",
    GenAiReasoning = "gen_ai.usage.reasoning.output_tokens",
    GenAiAudioInput = "gen_ai.usage.audio.input_tokens",
    GenAiImageInput = "gen_ai.usage.image.input_tokens",
    GenAiAudioOutput = "gen_ai.usage.audio.output_tokens",
    // Not part of the convention, but written beside its counts: OpenLLMetry, Strands, LiveKit.
    GenAiTotalTokens = "gen_ai.usage.total_tokens",
    GenAiCacheReadTokens = "gen_ai.usage.cache_read_input_tokens",
    GenAiCacheCreationTokens = "gen_ai.usage.cache_creation_input_tokens",
    GenAiCacheWriteTokens = "gen_ai.usage.cache_write_input_tokens",
    GenAiReasoningTokens = "gen_ai.usage.reasoning_tokens",
    GenAiInputCachedTokens = "gen_ai.usage.input_cached_tokens",
    GenAiInputAudioTokens = "gen_ai.usage.input_audio_tokens",
    GenAiOutputAudioTokens = "gen_ai.usage.output_audio_tokens",
    // Anthropic's own client.
    AnthropicCacheWrite1h = "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
    // Pydantic AI.
    GenAiDetailsCacheRead = "gen_ai.usage.details.cache_read_tokens",
    GenAiDetailsCacheWrite = "gen_ai.usage.details.cache_write_tokens",
    GenAiDetailsReasoning = "gen_ai.usage.details.reasoning_tokens",
    GenAiDetailsAudioInput = "gen_ai.usage.details.input_audio_tokens",
    GenAiDetailsAudioOutput = "gen_ai.usage.details.output_audio_tokens",
    // Logfire: what the provider said, as JSON.
    GenAiRawUsage = "gen_ai.usage.raw",
    // How a request was served, which may change its price.
    OpenAiServiceTier = "openai.response.service_tier",
    GenAiOpenAiServiceTier = "gen_ai.openai.response.service_tier",
    AnthropicServiceTier = "anthropic.response.service_tier",
    GenAiRequestModel = "gen_ai.request.model",
    GenAiResponseModel = "gen_ai.response.model",
    GenAiProvider = "gen_ai.provider.name",
    GenAiConversationId = "gen_ai.conversation.id",

    // Model Context Protocol.
    McpMethod = "mcp.method.name",
    McpRequest = "mcp.request.argument",
    McpResponse = "mcp.response.value",

    // Claude Code; `span.type` is VoltAgent's too.
    PlainSpanType = "span.type",
    ClaudeUserPrompt = "user_prompt",
    ClaudeNewContext = "new_context",
    ClaudeModelOutput = "response.model_output",
    ClaudeToolInput = "tool_input",
    ClaudeFullCommand = "full_command",
    ClaudeFilePath = "file_path",
    ClaudeSkillName = "skill_name",
    ClaudeSubagentType = "subagent_type",
    ClaudeInputTokens = "input_tokens",
    ClaudeOutputTokens = "output_tokens",
    ClaudeCacheRead = "cache_read_tokens",
    ClaudeCacheCreation = "cache_creation_tokens",

    // Traceloop / OpenLLMetry.
    TraceloopSpanKind = "traceloop.span.kind",
    TraceloopInput = "traceloop.entity.input",
    TraceloopOutput = "traceloop.entity.output",
    TraceloopPromptTokens = "gen_ai.usage.prompt_tokens",
    TraceloopCompletionTokens = "gen_ai.usage.completion_tokens",
    TraceloopSystem = "gen_ai.system",
    // VoltAgent writes it too.
    TraceloopTotalTokens = "llm.usage.total_tokens",
    TraceloopRequestType = "llm.request.type",
    TraceloopSession = "traceloop.association.properties.session_id",
    TraceloopChat = "traceloop.association.properties.chat_id",
    TraceloopConversation = "traceloop.association.properties.conversation_id",
    TraceloopThread = "traceloop.association.properties.thread_id",
    TraceloopUser = "traceloop.association.properties.user_id",
    TraceloopReasoning = "llm.usage.reasoning_tokens",

    // Google ADK.
    AdkLlmRequest = "gcp.vertex.agent.llm_request",
    AdkLlmResponse = "gcp.vertex.agent.llm_response",
    AdkToolArguments = "gcp.vertex.agent.tool_call_args",
    AdkToolResponse = "gcp.vertex.agent.tool_response",
    AdkSession = "gcp.vertex.agent.session_id",

    // Vercel AI SDK.
    VercelOperation = "ai.operationId",
    VercelPrompt = "ai.prompt",
    VercelToolArguments = "ai.toolCall.args",
    VercelToolResult = "ai.toolCall.result",
    VercelValue = "ai.value",
    VercelValues = "ai.values",
    VercelText = "ai.response.text",
    VercelObject = "ai.response.object",
    VercelModelProvider = "ai.model.provider",
    VercelInputTokens = "ai.usage.inputTokens",
    VercelPromptTokens = "ai.usage.promptTokens",
    VercelNoCacheTokens = "ai.usage.inputTokenDetails.noCacheTokens",
    VercelCacheRead = "ai.usage.inputTokenDetails.cacheReadTokens",
    VercelCachedTokens = "ai.usage.cachedInputTokens",
    VercelCacheWrite = "ai.usage.inputTokenDetails.cacheWriteTokens",
    VercelOutputTokens = "ai.usage.outputTokens",
    VercelCompletionTokens = "ai.usage.completionTokens",
    VercelReasoningDetail = "ai.usage.outputTokenDetails.reasoningTokens",
    VercelReasoning = "ai.usage.reasoningTokens",
    VercelTotalTokens = "ai.usage.totalTokens",
    VercelProviderMetadata = "ai.response.providerMetadata",
    VercelEmbedding = "ai.embedding",
    VercelEmbeddings = "ai.embeddings",
    VercelToolCalls = "ai.response.toolCalls",
    VercelResponseModel = "ai.response.model",
    VercelModel = "ai.model.id",
    VercelSession = "ai.telemetry.metadata.sessionId",
    VercelUser = "ai.telemetry.metadata.userId",

    // VoltAgent.
    VoltEntityType = "entity.type",
    VoltAgentMessages = "agent.messages",
    VoltLlmMessages = "llm.messages",
    VoltInput = "input",
    VoltOutput = "output",
    VoltPromptTokens = "usage.prompt_tokens",
    VoltLlmPromptTokens = "llm.usage.prompt_tokens",
    VoltCompletionTokens = "usage.completion_tokens",
    VoltLlmCompletionTokens = "llm.usage.completion_tokens",
    VoltTotalTokens = "usage.total_tokens",
    VoltOperationId = "voltagent.operation_id",
    VoltConversationId = "voltagent.conversation_id",

    // LiveKit Agents.
    LiveKitRetryCount = "lk.retry_count",
    LiveKitUserInput = "lk.user_input",
    LiveKitUserTranscript = "lk.user_transcript",
    LiveKitChatContext = "lk.chat_ctx",
    LiveKitInputText = "lk.input_text",
    LiveKitResponseText = "lk.response.text",
    LiveKitFunctionCalls = "lk.response.function_calls",
    LiveKitToolArguments = "lk.function_tool.arguments",
    LiveKitToolOutput = "lk.function_tool.output",
    // The same since it marks what people said.
    LiveKitPiiUserInput = "lk.pii.user_input",
    LiveKitPiiUserTranscript = "lk.pii.user_transcript",
    LiveKitPiiChatContext = "lk.pii.chat_ctx",
    LiveKitPiiInputText = "lk.pii.input_text",
    LiveKitPiiResponseText = "lk.pii.response.text",
    LiveKitPiiFunctionCalls = "lk.pii.response.function_calls",
    LiveKitPiiToolArguments = "lk.pii.function_tool.arguments",
    LiveKitPiiToolOutput = "lk.pii.function_tool.output",

    // Laminar.
    LaminarSpanType = "lmnr.span.type",
    LaminarInput = "lmnr.span.input",
    LaminarOutput = "lmnr.span.output",

    // Langfuse.
    LangfuseType = "langfuse.observation.type",
    LangfuseInput = "langfuse.observation.input",
    LangfuseOutput = "langfuse.observation.output",
    LangfuseTraceInput = "langfuse.trace.input",
    LangfuseTraceOutput = "langfuse.trace.output",
    LangfuseModel = "langfuse.observation.model.name",
    LangfuseUsage = "langfuse.observation.usage_details",
    LangfuseSession = "langfuse.session.id",
    LangfuseUser = "langfuse.user.id",

    // LangSmith.
    LangSmithKind = "langsmith.span.kind",
    LangSmithInput = "gen_ai.prompt",
    LangSmithOutput = "gen_ai.completion",
    LangSmithModel = "langsmith.metadata.ls_model_name",
    LangSmithProvider = "langsmith.metadata.ls_provider",
    LangSmithThread = "langsmith.metadata.thread_id",
    LangSmithSession = "langsmith.metadata.session_id",
    LangSmithConversation = "langsmith.metadata.conversation_id",
    LangSmithUser = "langsmith.metadata.user_id",
    // LangChain's usage as JSON.
    LangSmithUsage = "langsmith.metadata.usage_metadata",

    // Logfire and Pydantic AI.
    PydanticAllMessages = "pydantic_ai.all_messages",
    PydanticAllMessagesEvents = "all_messages_events",
    PydanticFinalResult = "final_result",
    PydanticToolArguments = "tool_arguments",
    PydanticToolResponse = "tool_response",

    // Haystack.
    HaystackComponent = "haystack.component.type",
    HaystackPipelineMode = "haystack.pipeline.execution_mode",
    HaystackInput = "haystack.component.input",
    HaystackOutput = "haystack.component.output",
    HaystackPipelineInput = "haystack.pipeline.input_data",
    HaystackPipelineOutput = "haystack.pipeline.output_data",

    // Strands.
    StrandsCycle = "event_loop.cycle_id",

    // Codex CLI.
    CodexConversation = "conversation.id",
    CodexModel = "model",
    CodexInputTokens = "codex.turn.token_usage.input_tokens",
    CodexCacheRead = "codex.turn.token_usage.cached_input_tokens",
    CodexCacheWrite = "codex.turn.token_usage.cache_write_input_tokens",
    CodexOutputTokens = "codex.turn.token_usage.output_tokens",
    CodexReasoning = "codex.turn.token_usage.reasoning_output_tokens",
    CodexTotalTokens = "codex.turn.token_usage.total_tokens",
}

/// `gen_ai.prompt.<n>.content` of Traceloop.
pub(crate) const TRACELOOP_PROMPTS: &str = "gen_ai.prompt.";
/// `gen_ai.completion.<n>.content` and `.tool_calls.<m>.arguments` of Traceloop.
pub(crate) const TRACELOOP_COMPLETIONS: &str = "gen_ai.completion.";
/// `llm.input_messages.<n>.message.…` of OpenInference.
pub(crate) const OPEN_INFERENCE_INPUT_MESSAGES: &str = "llm.input_messages.";
pub(crate) const OPEN_INFERENCE_OUTPUT_MESSAGES: &str = "llm.output_messages.";
/// `llm.prompts.<n>.prompt.text` of OpenInference.
pub(crate) const OPEN_INFERENCE_PROMPTS: &str = "llm.prompts.";
/// All of Vercel's call settings that hold content.
pub(crate) const VERCEL_PROMPT_PARTS: &str = "ai.prompt.";
pub(crate) const VERCEL_RESPONSE_PARTS: &str = "ai.response.";
pub(crate) const LIVEKIT: &str = "lk.";

/// Set on every span MLflow's clients read.
pub(crate) const TRACE_REQUEST_ID: &str = "mlflow.traceRequestId";
/// On a root span: `mlflow.traceTag.<tag>` sets a tag of the trace.
pub(crate) const TRACE_TAG: &str = "mlflow.traceTag.";
/// On any span: what Fanlight's SDKs say of the whole trace (`tag.<tag>`, `metadata.<key>`, `state`, …).
pub(crate) const FANLIGHT_TRACE: &str = "fanlight.trace.";
pub(crate) const SERVICE_NAME: &str = "service.name";

/// The key called `name`, when it is one of ours.
pub(crate) fn key_of(name: &str) -> Option<Key> {
    static KEYS: OnceLock<FxHashMap<&'static str, Key>> = OnceLock::new();
    KEYS.get_or_init(|| Key::ALL.iter().map(|key| (key.name(), *key)).collect())
        .get(name)
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_by_its_name() {
        for (place, key) in Key::ALL.iter().enumerate() {
            assert_eq!(key_of(key.name()), Some(*key));
            assert_eq!(*key as usize, place);
        }
        assert_eq!(key_of("code.lineno"), None);
    }
}
