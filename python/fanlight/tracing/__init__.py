"""Turning tracing on and off, what is done to spans before they are sent, and what all traces of a block are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .. import _core
from .._fluent import SESSION, USER
from .._threads import propagate_to_threads as propagate_to_threads

__all__ = [
    "configure",
    "context",
    "disable",
    "disable_notebook_display",
    "enable",
    "enable_notebook_display",
    "is_enabled",
    "propagate_to_threads",
    "reset",
    "set_destination",
    "set_span_processors",
]


def disable() -> None:
    """No span is recorded from now on; spans that run go on."""
    _core.set_enabled(False)


def enable() -> None:
    """Spans are recorded from now on."""
    _core.set_enabled(True)


def is_enabled() -> bool:
    return _core.is_enabled()


def set_span_processors(processors: Iterable[Callable[[_core.Span], Any]]) -> None:
    """Called with each span before it ends, in this order, on the thread that ends it; they may change it. One that
    raises is passed over, and a warning says so."""
    _core.set_processors(tuple(processors))


def configure(span_processors: Iterable[Callable[[_core.Span], Any]] | None = None, **_ignored: Any) -> None:
    """See `set_span_processors`. `None` leaves things as they are."""
    if span_processors is not None:
        set_span_processors(span_processors)


def reset() -> None:
    """No processors; tracing is on."""
    _core.set_processors(())
    _core.set_enabled(True)


def set_destination(destination: Any, **_ignored: Any) -> None:
    """Traces that start from now on go to this experiment: anything with an `experiment_id`, or the id."""
    _core.configure(experiment_id=str(getattr(destination, "experiment_id", destination)))


@contextmanager
def context(
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    session_id: str | None = None,
    user: str | None = None,
    enabled: bool | None = None,
) -> Iterator[None]:
    """Traces that start in this block, in this context, get these tags and metadata; with `enabled=False`, none are
    recorded in this process meanwhile."""
    from . import _context

    said = dict(metadata or {})
    if session_id is not None:
        said[SESSION] = session_id
    if user is not None:
        said[USER] = user
    token = _context.push(dict(tags or {}), said)
    was_enabled = _core.is_enabled()
    if enabled is not None:
        _core.set_enabled(enabled)
    try:
        yield
    finally:
        if enabled is not None:
            _core.set_enabled(was_enabled)
        _context.pop(token)


def disable_notebook_display() -> None:
    """Cells of a notebook that made traces do not show them."""
    from .. import _notebook

    _notebook.disable()


def enable_notebook_display() -> None:
    """Cells of a notebook that made traces show them."""
    from .. import _notebook

    _notebook.enable()
