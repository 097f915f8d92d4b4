"""LiteLLM's functions; what they are called with is the same for all its providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import chat, spans
from .calls import Call, Method, Wrapping
from .openai import Text, conclude_embeddings
from .streams import WATCH, Collector, Watch, tap


class _Completion(Method):
    span_type = spans.LLM
    library = "litellm"

    def inputs(self, call: Call) -> Any:
        return {name: value for name, value in call.arguments.items() if value is not None}

    def attributes(self, call: Call) -> Mapping[str, Any]:
        arguments = call.arguments
        provider, _, _ = str(arguments.get("model") or "").rpartition("/")
        provider = arguments.get("custom_llm_provider") or provider.partition("/")[0] or None
        known = {spans.PROVIDER: provider, spans.FORMAT: "openai", spans.MODEL: arguments.get("model")}
        return spans.known({**known, spans.TOOLS: chat.tools(arguments.get("tools"))})

    def collector(self, call: Call) -> Collector:
        return chat.Completion()

    def conclude(self, span: spans.Span, result: Any) -> None:
        chat.conclude(span, result)

    def observed(self, stream: Any, watch: Watch) -> Any:
        setattr(stream, WATCH, watch)
        return stream


class _Text(_Completion):
    def collector(self, call: Call) -> Collector:
        return Text()


class _Embedding(_Completion):
    span_type = spans.EMBEDDING

    def conclude(self, span: spans.Span, result: Any) -> None:
        conclude_embeddings(span, result)


_FUNCTIONS = {
    "completion": _Completion,
    "acompletion": _Completion,
    "text_completion": _Text,
    "atext_completion": _Text,
    "embedding": _Embedding,
    "aembedding": _Embedding,
}


def install(patches: Wrapping) -> None:
    for name, method in _FUNCTIONS.items():
        for module in ("litellm", "litellm.main"):
            patches.trace(f"{module}:{name}", method(f"litellm-{name}"))
    tap(patches, "litellm:CustomStreamWrapper")
    tap(patches, "litellm.utils:TextCompletionStreamWrapper")
