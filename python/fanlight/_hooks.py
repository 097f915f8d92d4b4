"""Who wants to know when traces start and end. The native module has one slot for each; here it is shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import _core

_started: list[Callable[[_core.Span], Any]] = []
_ended: list[Callable[[str], Any]] = []


def on_trace_start(hook: Callable[[_core.Span], Any]) -> None:
    """Called with the first span of each trace, in the context it starts in."""
    if hook not in _started:
        _started.append(hook)
        _install()


def on_trace_end(hook: Callable[[str], Any]) -> None:
    """Called with the id of each trace of this process that ended, on the thread that ended it."""
    if hook not in _ended:
        _ended.append(hook)
        _install()


def forget(hook: Callable[..., Any]) -> None:
    for hooks in (_started, _ended):
        if hook in hooks:
            hooks.remove(hook)
    _install()


def _install() -> None:
    _core.set_trace_hooks(_run_started if _started else None, _run_ended if _ended else None)


def _run_started(span: _core.Span) -> None:
    for hook in list(_started):
        hook(span)


def _run_ended(trace_id: str) -> None:
    for hook in list(_ended):
        hook(trace_id)
