"""Clients of the Model Context Protocol: calls of tools, prompts and resources."""

from __future__ import annotations

from typing import Any

from . import spans
from .calls import Call, Method, Wrapping

_ASKED = ("name", "arguments", "uri", "cursor")


class _Request(Method):
    library = "mcp"

    def inputs(self, call: Call) -> Any:
        return {name: value for name, value in call.arguments.items() if name in _ASKED and value is not None}


_TYPES = {
    "call_tool": spans.TOOL,
    "list_tools": spans.CHAIN,
    "get_prompt": spans.CHAIN,
    "read_resource": spans.RETRIEVER,
}


def install(patches: Wrapping) -> None:
    for name, span_type in _TYPES.items():
        patches.trace(f"mcp.client.session:ClientSession.{name}", _Request(f"mcp.{name}", span_type))
