"""IBM watsonx.ai: `autolog()` turns its traces on."""

from __future__ import annotations

from fanlight import _autolog

__all__ = ["autolog"]

autolog = _autolog.of("watsonx")
