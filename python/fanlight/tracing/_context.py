"""Tags and metadata of a block, told to the traces that start in it."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

from .. import _hooks
from .._core import Span

Said = tuple[dict[str, Any], dict[str, Any]]

_said: ContextVar[Said | None] = ContextVar("fanlight_said", default=None)


def push(tags: dict[str, Any], metadata: dict[str, Any]) -> Token[Said | None]:
    _hooks.on_trace_start(_tell)
    around = _said.get()
    if around is not None:
        tags, metadata = {**around[0], **tags}, {**around[1], **metadata}
    return _said.set((tags, metadata))


def pop(token: Token[Said | None]) -> None:
    _said.reset(token)


def _tell(span: Span) -> None:
    said = _said.get()
    if said is not None:
        span.edit_trace(tags=said[0], metadata=said[1])
