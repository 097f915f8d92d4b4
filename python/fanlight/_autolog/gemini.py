"""Google's `google-genai` client: content whole and in streams, chats, embeddings."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import chat, spans
from .calls import Call, Method, Wrapping
from .streams import Collector
from .usage import read, token_usage


def _plain(value: Any) -> Any:
    """Without the many members that are not set. What is no JSON, such as a function for a tool, the core describes."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(type(value), "model_dump"):
        try:
            return value.model_dump(mode="json", exclude_none=True)
        except Exception:
            return {name: _plain(item) for name, item in dict(value).items() if item is not None}
    return value


_HIDDEN = {"http_options", "sdk_http_response"}


def _clean(value: Any) -> Any:
    """Without what is about the connection, which may hold keys."""
    plain = _plain(value)
    return {name: it for name, it in plain.items() if name not in _HIDDEN} if isinstance(plain, dict) else plain


def _tools(config: Any) -> list[dict[str, Any]] | None:
    declared = [read(tool, "function_declarations") or () for tool in read(config, "tools") or ()]
    return chat.tools([_plain(one) for several in declared for one in several])


def _usage(metadata: Any) -> dict[str, int] | None:
    """Thoughts are an output, what tools put into the prompt is an input; both are counted apart."""
    counts = token_usage(metadata)
    if counts is not None:
        counts["output_tokens"] += read(metadata, "thoughts_token_count") or 0
        counts["input_tokens"] += read(metadata, "tool_use_prompt_token_count") or 0
    return counts


class _Content(Method):
    span_type = spans.CHAT_MODEL
    library = "google-genai"

    def inputs(self, call: Call) -> Any:
        return {name: _clean(value) for name, value in call.arguments.items() if value is not None}

    def attributes(self, call: Call) -> Mapping[str, Any]:
        config = call.kwargs.get("config")
        known = {spans.MODEL: call.kwargs.get("model"), spans.FORMAT: "gemini", spans.PROVIDER: "gemini"}
        return spans.known({**known, spans.TOOLS: _tools(config)})

    def collector(self, call: Call) -> Collector:
        return _Pieces()

    def conclude(self, span: spans.Span, result: Any) -> None:
        _set_response(span, _clean(result))


def _set_response(span: spans.Span, response: Any) -> None:
    span.set_outputs(response)
    if (counts := _usage(read(response, "usage_metadata"))) is not None:
        span.set_attribute(spans.USAGE, counts)
    if model := read(response, "model_version"):
        span.set_attribute(spans.MODEL, model)


class _Pieces:
    """The parts of a stream as one response."""

    def __init__(self) -> None:
        self._whole: dict[str, Any] = {}
        self._candidates: dict[int, dict[str, Any]] = {}

    def add(self, piece: Any) -> bool:
        piece = _clean(piece)
        self._whole.update({name: value for name, value in piece.items() if name != "candidates"})
        for candidate in piece.get("candidates") or ():
            self._add(candidate)
        return bool(piece.get("candidates"))

    def _add(self, candidate: Mapping[str, Any]) -> None:
        whole = self._candidates.setdefault(candidate.get("index") or 0, {"content": {"role": "model", "parts": []}})
        whole.update({name: value for name, value in candidate.items() if name != "content"})
        parts: list[dict[str, Any]] = whole["content"]["parts"]
        for part in (candidate.get("content") or {}).get("parts") or ():
            if parts and _is_text(part) and _is_text(parts[-1]) and part.get("thought") == parts[-1].get("thought"):
                parts[-1]["text"] += part["text"]
            else:
                parts.append(dict(part))

    def conclude(self, span: spans.Span) -> None:
        candidates = [self._candidates[index] for index in sorted(self._candidates)]
        _set_response(span, {**self._whole, "candidates": candidates})


def _is_text(part: Mapping[str, Any]) -> bool:
    return set(part) <= {"text", "thought"} and "text" in part


class _Embedding(_Content):
    span_type = spans.EMBEDDING

    def conclude(self, span: spans.Span, result: Any) -> None:
        vectors = read(result, "embeddings") or ()
        span.set_outputs({"embeddings": [{"dimensions": len(read(it, "values") or ())} for it in vectors]})


def install(patches: Wrapping) -> None:
    for owner in ("Models", "AsyncModels"):
        for name in ("generate_content", "generate_content_stream"):
            path = f"google.genai.models:{owner}"
            # The inner one is what asks the model: the outer one may do so several times, running tools in between.
            method = _Content(f"{owner}.{name}")
            if not patches.trace(f"{path}._{name}", method):
                patches.trace(f"{path}.{name}", method)
        patches.trace(f"google.genai.models:{owner}.embed_content", _Embedding(f"{owner}.embed_content"))
