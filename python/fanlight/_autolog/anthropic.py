"""Anthropic's client: messages, whole and in every form of stream."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import chat, spans
from .calls import Wrapping
from .stainless import Client, Endpoint
from .usage import read


class Message:
    """The events of a message as one."""

    def __init__(self, body: Mapping[str, Any] | None = None) -> None:
        self._message: dict[str, Any] = {"type": "message", "role": "assistant"}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._arguments: dict[int, str] = {}

    def add(self, piece: Any) -> bool:
        kind = read(piece, "type")
        if kind == "message_start":
            self._message = dict(chat.plain(read(piece, "message")))
        elif kind == "content_block_start":
            self._blocks[read(piece, "index")] = dict(chat.plain(read(piece, "content_block")))
        elif kind == "content_block_delta":
            self._add_delta(read(piece, "index"), read(piece, "delta"))
            return True
        elif kind == "message_delta":
            self._message.update(spans.known(chat.plain(read(piece, "delta")) or {}))
            usage = spans.known(chat.plain(read(piece, "usage")) or {})
            self._message["usage"] = {**(self._message.get("usage") or {}), **usage}
        return False

    def _add_delta(self, index: int, delta: Any) -> None:
        block = self._blocks.setdefault(index, {})
        for name in ("text", "thinking"):
            text = read(delta, name)
            if isinstance(text, str):
                block[name] = (block.get(name) or "") + text
        if signature := read(delta, "signature"):
            block["signature"] = signature
        if isinstance(part := read(delta, "partial_json"), str):
            self._arguments[index] = self._arguments.get(index, "") + part
        if (citation := read(delta, "citation")) is not None:
            block["citations"] = [*(block.get("citations") or ()), chat.plain(citation)]

    def conclude(self, span: spans.Span) -> None:
        for index, text in self._arguments.items():
            self._blocks[index]["input"] = _arguments(text)
        content = [self._blocks[index] for index in sorted(self._blocks)]
        chat.set_response(span, {**self._message, "content": content})


def _arguments(text: str) -> Any:
    """A stream that was cut leaves half of them."""
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text


def _attributes(body: Mapping[str, Any]) -> dict[str, Any]:
    return chat.request_attributes(body, message_format="anthropic")


def _provider(client: Any) -> str | None:
    kind = type(client).__name__
    for word, name in (("Bedrock", "bedrock"), ("Vertex", "vertex_ai"), ("Foundry", "azure")):
        if word in kind:
            return name
    return "anthropic"


ENDPOINTS = {
    "/v1/messages": Endpoint("Messages.create", spans.CHAT_MODEL, _attributes, chat.conclude, Message),
    # Anthropic's older text completions.
    "/v1/complete": Endpoint("Completions.create", spans.LLM, _attributes, chat.conclude),
}


def install(patches: Wrapping) -> None:
    Client("anthropic", ENDPOINTS, _provider).install(patches)
