"""Every library that autolog knows, and the way to it."""

from __future__ import annotations

from .library import Instrumentor, Library, Native


def _inference(name: str, module: str, source: str, cls: str, package: str | None = None) -> Library:
    """Through OpenInference."""
    package = package or f"openinference-instrumentation-{source.replace('_', '-')}"
    return Library(name, Instrumentor(module, f"openinference.instrumentation.{source}:{cls}", package))


def _openllmetry(name: str, module: str, source: str, cls: str) -> Library:
    """Through OpenLLMetry."""
    package = f"opentelemetry-instrumentation-{source.replace('_', '-')}"
    return Library(name, Instrumentor(module, f"opentelemetry.instrumentation.{source}:{cls}", package))


_LIBRARIES = (
    # Written here.
    Library("openai", Native("openai"), Native("agents", install="install_agents")),
    Library("anthropic", Native("anthropic")),
    Library(
        "langchain",
        Native("langchain_core.callbacks.manager"),
        Native("langchain_core.runnables.config", install="install_context", source="langchain"),
        Native("langgraph._internal._runnable", install="install_langgraph", source="langchain"),
    ),
)

LIBRARIES = {library.name: library for library in _LIBRARIES}
# The same callbacks tell of both.
LIBRARIES["langgraph"] = LIBRARIES["langchain"]
