"""What users write to have their program traced, for each instrumentation and program."""

import importlib
import os
from collections.abc import Callable

URL = os.environ["FANLIGHT_URL"]
EXPERIMENT = os.environ["EXPERIMENT"]

# Program -> the mlflow module whose autolog() it needs.
MLFLOW = {
    "with_openai": "mlflow.openai",
    "with_anthropic": "mlflow.anthropic",
    "with_langchain": "mlflow.langchain",
    "with_llama_index": "mlflow.llama_index",
    "with_pydantic_ai": "mlflow.pydantic_ai",
}
# Variants of a program need what it needs.
VARIANTS = ("_stream", "_cached")
# Program -> (module, class) of the instrumentors.
INSTRUMENTORS = {
    "openinference": {
        "with_openai": [("openinference.instrumentation.openai", "OpenAIInstrumentor")],
        "with_anthropic": [("openinference.instrumentation.anthropic", "AnthropicInstrumentor")],
        "with_langchain": [("openinference.instrumentation.langchain", "LangChainInstrumentor")],
        "with_llama_index": [("openinference.instrumentation.llama_index", "LlamaIndexInstrumentor")],
        "with_pydantic_ai": [],
    },
    "openllmetry": {
        "with_openai": [("opentelemetry.instrumentation.openai", "OpenAIInstrumentor")],
        "with_anthropic": [("opentelemetry.instrumentation.anthropic", "AnthropicInstrumentor")],
        "with_langchain": [("opentelemetry.instrumentation.langchain", "LangchainInstrumentor")],
        # What Traceloop's SDK turns on: both, when both are there.
        "with_llama_index": [
            ("opentelemetry.instrumentation.llamaindex", "LlamaIndexInstrumentor"),
            ("opentelemetry.instrumentation.openai", "OpenAIInstrumentor"),
        ],
        # It has none for Pydantic AI itself, and traces the client below it.
        "with_pydantic_ai": [("opentelemetry.instrumentation.openai", "OpenAIInstrumentor")],
    },
    "contrib": {
        "with_openai": [("opentelemetry.instrumentation.genai.openai", "OpenAIInstrumentor")],
        "with_anthropic": [("opentelemetry.instrumentation.genai.anthropic", "AnthropicInstrumentor")],
        "with_langchain": [("opentelemetry.instrumentation.genai.langchain", "LangChainInstrumentor")],
        # There is none for LlamaIndex: the client below it is traced. Pydantic AI follows the conventions itself.
        "with_llama_index": [("opentelemetry.instrumentation.genai.openai", "OpenAIInstrumentor")],
        "with_pydantic_ai": [],
    },
}


def library(program: str) -> str:
    for variant in VARIANTS:
        program = program.removesuffix(variant)
    return program


def instrument(program: str, instrumentation: str) -> Callable[[], object]:
    """Answers what has to be called in the end, so that nothing is left in queues."""
    if instrumentation == "mlflow":
        return mlflow(program)
    return opentelemetry(program, instrumentation)


def mlflow(program: str) -> Callable[[], object]:
    import mlflow

    mlflow.set_tracking_uri(URL)
    mlflow.set_experiment(EXPERIMENT)
    importlib.import_module(MLFLOW[library(program)]).autolog()
    return mlflow.flush_trace_async_logging


def opentelemetry(program: str, instrumentation: str) -> Callable[[], object]:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource({"service.name": EXPERIMENT}))
    trace.set_tracer_provider(provider)
    if program == "with_pydantic_ai" and instrumentation != "openllmetry":
        from pydantic_ai import Agent

        Agent.instrument_all()
        if instrumentation == "openinference":
            from openinference.instrumentation.pydantic_ai import OpenInferenceSpanProcessor

            provider.add_span_processor(OpenInferenceSpanProcessor())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{URL}/v1/traces")))
    for module, name in INSTRUMENTORS[instrumentation][library(program)]:
        getattr(importlib.import_module(module), name)().instrument(tracer_provider=provider)
    return provider.shutdown
