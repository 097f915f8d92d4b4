//! Names of attributes that have a meaning to Fanlight and to MLflow's clients.

/// What goes in: JSON text. Source: MLflow.
pub const INPUTS: &str = "mlflow.spanInputs";
/// What comes out: JSON text. Source: MLflow.
pub const OUTPUTS: &str = "mlflow.spanOutputs";
/// What kind of step a span is, as JSON text: `"LLM"`. Source: MLflow.
pub const SPAN_TYPE: &str = "mlflow.spanType";
/// The function a span is about, as JSON text. Source: MLflow.
pub const FUNCTION_NAME: &str = "mlflow.spanFunctionName";

/// A call of a model. Source: OpenTelemetry semantic conventions, "GenAI".
pub const OPERATION: &str = "gen_ai.operation.name";
pub const PROVIDER: &str = "gen_ai.provider.name";
pub const REQUEST_MODEL: &str = "gen_ai.request.model";
pub const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub const RESPONSE_ID: &str = "gen_ai.response.id";
pub const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
pub const INPUT_MESSAGES: &str = "gen_ai.input.messages";
pub const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
pub const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
pub const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub const CACHE_READ_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
pub const CACHE_WRITE_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
pub const REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
pub const TOOL_NAME: &str = "gen_ai.tool.name";
pub const TOOL_DEFINITIONS: &str = "gen_ai.tool.definitions";
pub const AGENT_NAME: &str = "gen_ai.agent.name";

/// Seconds from the start of a call to the first piece of its answer. Source: OpenTelemetry semantic conventions, "GenAI".
pub const TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";

/// How many items a traced stream yielded, and whether it came to its end or was dropped before.
pub const STREAM_ITEMS: &str = "fanlight.stream.items";
pub const STREAM_COMPLETE: &str = "fanlight.stream.complete";

/// Who made a span, where that is not this crate. Source: OpenTelemetry semantic conventions.
pub const SCOPE_NAME: &str = "otel.scope.name";

/// Whose message shapes inputs and outputs have: `openai`, `anthropic`, `gemini`. Source: MLflow.
pub const MESSAGE_FORMAT: &str = "mlflow.message.format";

/// What was asked for over MCP: `tools/call`. Source: OpenTelemetry semantic conventions, "MCP".
pub const MCP_METHOD: &str = "mcp.method.name";

/// Why a call failed. Source: OpenTelemetry semantic conventions, "HTTP".
pub const ERROR_TYPE: &str = "error.type";
pub const HTTP_STATUS: &str = "http.response.status_code";

/// The event of an exception, and its attributes. Source: OpenTelemetry semantic conventions, "Exceptions".
pub const EXCEPTION: &str = "exception";
pub const EXCEPTION_TYPE: &str = "exception.type";
pub const EXCEPTION_MESSAGE: &str = "exception.message";
pub const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";

/// Metadata of a trace that say whose it is. Source: MLflow.
pub const SESSION: &str = "mlflow.trace.session";
pub const USER: &str = "mlflow.trace.user";
/// The run a trace belongs to. Source: MLflow.
pub const RUN: &str = "mlflow.sourceRun";

/// What is said of a whole trace travels as attributes of one of its spans; the part after the prefix is the key.
pub(crate) const TAG_PREFIX: &str = "fanlight.trace.tag.";
pub(crate) const METADATA_PREFIX: &str = "fanlight.trace.metadata.";
pub(crate) const REQUEST_PREVIEW: &str = "fanlight.trace.request_preview";
pub(crate) const RESPONSE_PREVIEW: &str = "fanlight.trace.response_preview";
pub(crate) const STATE: &str = "fanlight.trace.state";
pub(crate) const CLIENT_REQUEST_ID: &str = "fanlight.trace.client_request_id";
