"""Mistral's client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import chat, spans
from .calls import Call, Method, Wrapping
from .openai import conclude_embeddings
from .streams import WATCH, Collector, Watch, tap
from .usage import read


class _Completion(Method):
    span_type = spans.CHAT_MODEL
    library = "mistralai"

    def inputs(self, call: Call) -> Any:
        return {name: value for name, value in call.arguments.items() if _is_set(value)}

    def attributes(self, call: Call) -> Mapping[str, Any]:
        tools = call.kwargs.get("tools")
        known = {spans.MODEL: call.kwargs.get("model"), spans.FORMAT: "mistral", spans.PROVIDER: "mistral"}
        return spans.known({**known, spans.TOOLS: chat.tools([chat.plain(it) for it in tools] if tools else None)})

    def collector(self, call: Call) -> Collector:
        return _Events()

    def conclude(self, span: spans.Span, result: Any) -> None:
        chat.conclude(span, result)

    def observed(self, stream: Any, watch: Watch) -> Any:
        setattr(stream, WATCH, watch)
        return stream


def _is_set(value: Any) -> bool:
    return value is not None and type(value).__name__ != "Unset"


class _Events(chat.Completion):
    def add(self, piece: Any) -> bool:
        return super().add(chat.plain(read(piece, "data")))


class _Embedding(_Completion):
    span_type = spans.EMBEDDING

    def conclude(self, span: spans.Span, result: Any) -> None:
        conclude_embeddings(span, result)


def install(patches: Wrapping) -> None:
    # Version 2 moved everything one level down.
    for root in ("mistralai", "mistralai.client"):
        for owner in ("chat:Chat", "agents:Agents", "fim:Fim"):
            name = owner.partition(":")[2]
            for verb in ("complete", "complete_async", "stream", "stream_async"):
                patches.trace(f"{root}.{owner}.{verb}", _Completion(f"{name}.{verb}"))
        for verb in ("create", "create_async"):
            patches.trace(f"{root}.embeddings:Embeddings.{verb}", _Embedding(f"Embeddings.{verb}"))
        for kind in ("EventStream", "EventStreamAsync"):
            tap(patches, f"{root}.utils.eventstreaming:{kind}")
