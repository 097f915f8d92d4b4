"""OpenAI's client, and every service that is reached with it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from . import chat, openai_agents, spans
from .calls import Wrapping
from .stainless import Client, Endpoint
from .usage import read, token_usage

# Others are spoken to with this client too; a host nobody knows says nothing of who is behind it.
_HOSTS = {
    "openai.com": "openai",
    "azure.com": "azure",
    "deepseek.com": "deepseek",
    "groq.com": "groq",
    "mistral.ai": "mistral",
    "openrouter.ai": "openrouter",
    "together.xyz": "together_ai",
    "fireworks.ai": "fireworks_ai",
    "perplexity.ai": "perplexity",
    "x.ai": "xai",
    "googleapis.com": "gemini",
    "anthropic.com": "anthropic",
}


def provider(client: Any) -> str | None:
    """Who answers, as far as the address tells."""
    return _provider_at(str(getattr(client, "base_url", "")))


@functools.lru_cache(maxsize=128)
def _provider_at(url: str) -> str | None:
    host = urlsplit(url).hostname or ""
    return next((name for end, name in _HOSTS.items() if host == end or host.endswith(f".{end}")), None)


def _embedding_attributes(body: Mapping[str, Any]) -> dict[str, Any]:
    return chat.request_attributes(body, message_format=None)


def conclude_embeddings(span: spans.Span, response: Any) -> None:
    """Vectors are not kept, only how many there are and how long."""
    data = [
        {"index": read(item, "index"), "object": "embedding", "dimensions": _length(read(item, "embedding"))}
        for item in read(response, "data") or ()
    ]
    usage = read(response, "usage")
    model = read(response, "model")
    span.set_outputs({"object": "list", "model": model, "data": data, "usage": chat.plain(usage)})
    if (counts := token_usage(usage)) is not None:
        span.set_attribute(spans.USAGE, counts)
    if model:
        span.set_attribute(spans.MODEL, model)


def _length(vector: Any) -> int | None:
    """A vector in base64 holds four bytes a number."""
    if isinstance(vector, str):
        return (len(vector) * 3 // 4 - vector.count("=")) // 4
    return len(vector) if vector is not None else None


def _conclude_images(span: spans.Span, response: Any) -> None:
    whole = dict(chat.plain(response))
    whole["data"] = [_image(image) for image in whole.get("data") or ()]
    chat.set_response(span, whole)


def _image(image: Mapping[str, Any]) -> dict[str, Any]:
    known = spans.known(image)
    if isinstance(text := known.get("b64_json"), str):
        known["b64_json"] = f"[{len(text) * 3 // 4} bytes]"
    return known


class Text:
    """The pieces of a plain completion."""

    def __init__(self, body: Mapping[str, Any] | None = None) -> None:
        self._whole: dict[str, Any] = {"object": "text_completion"}
        self._texts: dict[int, dict[str, Any]] = {}

    def add(self, piece: Any) -> bool:
        for name in ("id", "created", "model", "usage"):
            if (value := read(piece, name)) is not None:
                self._whole[name] = chat.plain(value)
        for choice in read(piece, "choices") or ():
            index = read(choice, "index") or 0
            whole = self._texts.setdefault(index, {"index": index, "text": "", "finish_reason": None})
            whole["text"] += read(choice, "text") or ""
            whole["finish_reason"] = read(choice, "finish_reason") or whole["finish_reason"]
        return bool(self._texts)

    def conclude(self, span: spans.Span) -> None:
        chat.set_response(span, {**self._whole, "choices": list(self._texts.values())})


class _Response:
    """The events of the Responses API: the last one has all of it, unless it never comes."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._response: Any = None
        self._items: list[Any] = []
        self._text = ""
        self._error: Any = None

    def add(self, piece: Any) -> bool:
        kind = str(read(piece, "type") or "")
        if (response := read(piece, "response")) is not None:
            self._response = response
        if kind == "response.output_item.done":
            self._items.append(chat.plain(read(piece, "item")))
            self._text = ""
        elif kind == "response.output_text.delta":
            self._text += read(piece, "delta") or ""
        elif kind == "error":
            self._error = chat.plain(piece)
        return kind.endswith(".delta")

    def conclude(self, span: spans.Span) -> None:
        whole = chat.plain(self._response) or {"object": "response"}
        if not whole.get("output"):
            part = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": self._text}]}
            whole = {**whole, "output": self._items + ([part] if self._text else [])}
        chat.set_response(span, whole)
        if self._error is not None:
            span.set_status("ERROR", str(read(self._error, "message") or "error"))


ENDPOINTS = {
    "/chat/completions": Endpoint(
        "Completions", spans.CHAT_MODEL, chat.request_attributes, chat.conclude, chat.Completion
    ),
    "/completions": Endpoint("Completions", spans.LLM, chat.request_attributes, chat.conclude, Text),
    "/responses": Endpoint("Responses", spans.CHAT_MODEL, chat.request_attributes, chat.conclude, _Response),
    "/embeddings": Endpoint("Embeddings", spans.EMBEDDING, _embedding_attributes, conclude_embeddings),
    "/images/generations": Endpoint("Images", spans.TOOL, _embedding_attributes, _conclude_images),
}


def install(patches: Wrapping) -> None:
    Client("openai", ENDPOINTS, provider).install(patches)


def install_agents(patches: Wrapping) -> None:
    openai_agents.install(patches)
