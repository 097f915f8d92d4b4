"""Names of attributes, tags and metadata. Source: MLflow."""

from __future__ import annotations


class SpanAttributeKey:
    """Attributes of spans."""

    INPUTS = "mlflow.spanInputs"
    OUTPUTS = "mlflow.spanOutputs"
    SPAN_TYPE = "mlflow.spanType"
    FUNCTION_NAME = "mlflow.spanFunctionName"
    CHAT_TOOLS = "mlflow.chat.tools"
    CHAT_USAGE = "mlflow.chat.tokenUsage"
    MESSAGE_FORMAT = "mlflow.message.format"
    MODEL = "mlflow.llm.model"
    MODEL_PROVIDER = "mlflow.llm.provider"
    LLM_COST = "mlflow.llm.cost"
    EXPERIMENT_ID = "mlflow.experimentId"
    REQUEST_ID = "mlflow.traceRequestId"
    INTERMEDIATE_OUTPUTS = "mlflow.trace.intermediate_outputs"
    LOG_LEVEL = "mlflow.spanLogLevel"
    DESCRIPTION = "mlflow.spanDescription"


class TraceMetadataKey:
    """Metadata of traces."""

    TRACE_SESSION = "mlflow.trace.session"
    TRACE_USER = "mlflow.trace.user"
    SOURCE_RUN = "mlflow.sourceRun"
    TOKEN_USAGE = "mlflow.trace.tokenUsage"
    COST = "mlflow.trace.cost"
    MODEL_ID = "mlflow.modelId"
    INPUTS = "mlflow.traceInputs"
    OUTPUTS = "mlflow.traceOutputs"


class TraceTagKey:
    """Tags of traces."""

    TRACE_NAME = "mlflow.traceName"


class TokenUsageKey:
    """Parts of a token usage."""

    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    TOTAL_TOKENS = "total_tokens"
    CACHE_READ_INPUT_TOKENS = "cache_read_input_tokens"
    CACHE_CREATION_INPUT_TOKENS = "cache_creation_input_tokens"


NO_OP_SPAN_TRACE_ID = "MLFLOW_NO_OP_SPAN_TRACE_ID"
