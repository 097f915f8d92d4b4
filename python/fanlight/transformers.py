"""Transformers: `autolog()` turns its traces on."""

from __future__ import annotations

from ._autolog import of

__all__ = ["autolog"]

autolog = of("transformers")
