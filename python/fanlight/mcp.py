"""Clients of the Model Context Protocol: `autolog()` turns its traces on."""

from __future__ import annotations

from fanlight import _autolog

__all__ = ["autolog"]

autolog = _autolog.of("mcp")
