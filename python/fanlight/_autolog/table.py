"""Every library that autolog knows, and the way to it."""

from __future__ import annotations

from .library import Instrumentor, Library, Native, Silence


def _inference(name: str, module: str, source: str, cls: str, *silent: tuple[str, ...]) -> Library:
    """Through OpenInference. `silent` are modules, each with its methods that ask models while no span is current."""
    package = f"openinference-instrumentation-{source.replace('_', '-')}"
    path = f"openinference.instrumentation.{source}:{cls}"
    silences = (Silence(asking, tuple(methods), path) for asking, *methods in silent)
    return Library(name, Instrumentor(module, path, package), *silences)


def _openllmetry(name: str, module: str, source: str, cls: str) -> Library:
    """Through OpenLLMetry."""
    package = f"opentelemetry-instrumentation-{source.replace('_', '-')}"
    return Library(name, Instrumentor(module, f"opentelemetry.instrumentation.{source}:{cls}", package))


def _part(module: str, install: str, source: str) -> Native:
    """One more way into a library, which not every application or version goes."""
    return Native(module, install, source, is_optional=True)


_LIBRARIES = (
    # Written here.
    Library("openai", Native("openai"), _part("agents.tracing", "install_agents", "openai")),
    Library("anthropic", Native("anthropic")),
    Library(
        "langchain",
        Native("langchain_core.callbacks.manager"),
        _part("langchain_core.runnables.config", "install_context", "langchain"),
        _part("langgraph._internal._runnable", "install_langgraph", "langchain"),
    ),
    Library("litellm", Native("litellm")),
    Library("llama_index", Native("llama_index.core.instrumentation")),
    Library("dspy", Native("dspy")),
    Library("gemini", Native("google.genai.models")),
    Library("mistral", Native("mistralai.client.chat"), _part("mistralai.chat", "install", "mistral")),
    Library("groq", Native("groq")),
    Library("bedrock", Native("botocore.client")),
    Library("crewai", Native("crewai")),
    Library(
        "autogen",
        Native("autogen_agentchat.agents"),
        _part("autogen_core.tools", "install_tools", "autogen"),
        _part("autogen_ext.models.openai._openai_client", "install_openai", "autogen"),
        _part("autogen_ext.models.anthropic._anthropic_client", "install_anthropic", "autogen"),
        _part("autogen_ext.models.ollama._ollama_client", "install_ollama", "autogen"),
    ),
    Library("smolagents", Native("smolagents")),
    Library("haystack", Native("haystack")),
    Library("semantic_kernel", Native("semantic_kernel")),
    Library("mcp", Native("mcp.client.session")),
    # Libraries that make spans of OpenTelemetry themselves.
    Library("pydantic_ai", Native("pydantic_ai")),
    Library("strands", Native("strands", "install_global", "otel")),
    Library("otel", Native("opentelemetry.trace", "install_global"), is_for_all=False),
    # Through instrumentors.
    _inference("agno", "agno", "agno", "AgnoInstrumentor"),
    _inference("google_adk", "google.adk", "google_adk", "GoogleADKInstrumentor"),
    _inference("vertexai", "vertexai", "vertexai", "VertexAIInstrumentor"),
    _inference("instructor", "instructor", "instructor", "InstructorInstrumentor"),
    _inference("guardrails", "guardrails", "guardrails", "GuardrailsInstrumentor"),
    _inference("portkey", "portkey_ai", "portkey", "PortkeyInstrumentor"),
    _inference(
        "beeai",
        "beeai_framework",
        "beeai",
        "BeeAIInstrumentor",
        ("beeai_framework.adapters.litellm.chat", "LiteLLMChatModel._create", "LiteLLMChatModel._create_stream"),
    ),
    _inference(
        "pipecat",
        "pipecat",
        "pipecat",
        "PipecatInstrumentor",
        ("pipecat.services.openai.base_llm", "BaseOpenAILLMService.get_chat_completions"),
    ),
    _inference("claude_agent_sdk", "claude_agent_sdk", "claude_agent_sdk", "ClaudeAgentSDKInstrumentor"),
    _inference("agentspec", "pyagentspec", "agentspec", "AgentSpecInstrumentor"),
    _openllmetry("cohere", "cohere", "cohere", "CohereInstrumentor"),
    _openllmetry("ollama", "ollama", "ollama", "OllamaInstrumentor"),
    _openllmetry("together", "together", "together", "TogetherAiInstrumentor"),
    _openllmetry("replicate", "replicate", "replicate", "ReplicateInstrumentor"),
    _openllmetry("sagemaker", "botocore.client", "sagemaker", "SageMakerInstrumentor"),
    _openllmetry("transformers", "transformers", "transformers", "TransformersInstrumentor"),
    _openllmetry("watsonx", "ibm_watsonx_ai", "watsonx", "WatsonxInstrumentor"),
    _openllmetry("alephalpha", "aleph_alpha_client", "alephalpha", "AlephAlphaInstrumentor"),
    _openllmetry("writer", "writerai", "writer", "WriterInstrumentor"),
    _openllmetry("voyageai", "voyageai", "voyageai", "VoyageAIInstrumentor"),
    _openllmetry("chromadb", "chromadb", "chromadb", "ChromaInstrumentor"),
    _openllmetry("pinecone", "pinecone", "pinecone", "PineconeInstrumentor"),
    _openllmetry("qdrant", "qdrant_client", "qdrant", "QdrantInstrumentor"),
    _openllmetry("weaviate", "weaviate", "weaviate", "WeaviateInstrumentor"),
    _openllmetry("milvus", "pymilvus", "milvus", "MilvusInstrumentor"),
    _openllmetry("lancedb", "lancedb", "lancedb", "LanceInstrumentor"),
    _openllmetry("marqo", "marqo", "marqo", "MarqoInstrumentor"),
)

LIBRARIES = {library.name: library for library in _LIBRARIES}
# The same callbacks tell of both.
LIBRARIES["langgraph"] = LIBRARIES["langchain"]
