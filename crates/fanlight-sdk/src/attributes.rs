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
/// Who provides the model: `openai`, `anthropic`, `aws.bedrock`, …
pub const PROVIDER: &str = "gen_ai.provider.name";
/// The model that is asked for.
pub const REQUEST_MODEL: &str = "gen_ai.request.model";
/// The model that answered, which may be a more exact name.
pub const RESPONSE_MODEL: &str = "gen_ai.response.model";
/// The id of the answer.
pub const RESPONSE_ID: &str = "gen_ai.response.id";
/// Why the model stopped, in its provider's words: a list, one for each answer.
pub const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
/// What the model was given, as JSON text.
pub const INPUT_MESSAGES: &str = "gen_ai.input.messages";
/// What the model answered, as JSON text.
pub const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
/// All tokens that went in, with those that a cache had part in.
pub const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
/// All tokens that came out, with reasoning.
pub const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
/// Of those that went in: read from a cache.
pub const CACHE_READ_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
/// Of those that went in: written to a cache.
pub const CACHE_WRITE_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
/// Of those that came out: reasoning.
pub const REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
/// The tool that runs.
pub const TOOL_NAME: &str = "gen_ai.tool.name";
/// The tools a model may call, as JSON text.
pub const TOOL_DEFINITIONS: &str = "gen_ai.tool.definitions";
/// The agent at work.
pub const AGENT_NAME: &str = "gen_ai.agent.name";

/// Seconds from the start of a call to the first piece of its answer. Source: OpenTelemetry semantic conventions, "GenAI".
pub const TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";

/// How many items a traced stream yielded, and whether it came to its end or was dropped before.
pub const STREAM_ITEMS: &str = "fanlight.stream.items";
/// Whether a stream was read to its end.
pub const STREAM_COMPLETE: &str = "fanlight.stream.complete";

/// Who made a span, where that is not this crate. Source: OpenTelemetry semantic conventions.
pub const SCOPE_NAME: &str = "otel.scope.name";

/// Whose message shapes inputs and outputs have: `openai`, `anthropic`, `gemini`. Source: MLflow.
pub const MESSAGE_FORMAT: &str = "mlflow.message.format";

/// What was asked for over MCP: `tools/call`. Source: OpenTelemetry semantic conventions, "MCP".
pub const MCP_METHOD: &str = "mcp.method.name";

/// Why a call failed. Source: OpenTelemetry semantic conventions, "HTTP".
pub const ERROR_TYPE: &str = "error.type";
/// The status of an answer that is none.
pub const HTTP_STATUS: &str = "http.response.status_code";

/// The event of an exception, and its attributes. Source: OpenTelemetry semantic conventions, "Exceptions".
pub const EXCEPTION: &str = "exception";
/// The type of the error.
pub const EXCEPTION_TYPE: &str = "exception.type";
/// What it says.
pub const EXCEPTION_MESSAGE: &str = "exception.message";
/// Where it came from: for errors of Rust, its causes, one a line.
pub const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";

/// Metadata of a trace that say whose it is. Source: MLflow.
pub const SESSION: &str = "mlflow.trace.session";
/// On whose behalf a trace was done. Source: MLflow.
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
