"""Clients of the Model Context Protocol: calls of tools, prompts and resources."""

from __future__ import annotations

from . import spans
from .calls import Wrapping
from .calls import Method as _Method


class _Request(_Method):
    library = "mcp"


_TYPES = {
    "call_tool": spans.TOOL,
    "list_tools": spans.CHAIN,
    "get_prompt": spans.CHAIN,
    "read_resource": spans.RETRIEVER,
}


def install(patches: Wrapping) -> None:
    for name, span_type in _TYPES.items():
        patches.trace(f"mcp.client.session:ClientSession.{name}", _Request(f"mcp.{name}", span_type))
