"""Threads and executors go on with the trace they were started in."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from . import _core
from ._imports import when_imported

_is_on = os.environ.get("FANLIGHT_PROPAGATE_THREADS", "true").lower() not in ("false", "0")


def propagate_to_threads(enable: bool = True) -> None:
    """Whether work handed to `threading.Thread` and `concurrent.futures` joins the trace it was handed over in. On by
    default; `FANLIGHT_PROPAGATE_THREADS=false` turns it off from the start."""
    global _is_on
    _is_on = enable


class _Under:
    """A function that runs with a span as the current one."""

    __slots__ = ("function", "parent")

    def __init__(self, function: Callable[..., Any], parent: Any) -> None:
        self.function = function
        self.parent = parent

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        token = _core.set_current(self.parent)
        try:
            return self.function(*args, **kwargs)
        finally:
            _core.reset_current(token)


def _patch_threads(threading: Any) -> None:
    start = threading.Thread.start

    def start_with_trace(self: Any) -> None:
        parent = _core.current_parent() if _is_on else None
        # Workers of an executor live longer than the work that made them; each piece of work has its own trace.
        if parent is not None and not type(self).__module__.startswith("concurrent.") and not _is_worker(self):
            self.run = _Once(self, self.run, parent)
        start(self)

    start_with_trace.__wrapped__ = start  # type: ignore[attr-defined]
    threading.Thread.start = start_with_trace


def _is_worker(thread: Any) -> bool:
    target = getattr(thread, "_target", None)
    return getattr(target, "__module__", "") == "concurrent.futures.thread"


class _Once(_Under):
    """`run` of a thread; forgets itself when it is called, because it is part of a cycle."""

    __slots__ = ("thread",)

    def __init__(self, thread: Any, function: Callable[..., Any], parent: Any) -> None:
        super().__init__(function, parent)
        self.thread = thread

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.thread.__dict__.pop("run", None)
        self.thread = None
        return super().__call__(*args, **kwargs)


def _patch_executors(module: Any) -> None:
    submit = module.ThreadPoolExecutor.submit

    def submit_with_trace(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        parent = _core.current_parent() if _is_on else None
        return submit(self, fn if parent is None else _Under(fn, parent), *args, **kwargs)

    submit_with_trace.__wrapped__ = submit  # type: ignore[attr-defined]
    module.ThreadPoolExecutor.submit = submit_with_trace


when_imported("threading", _patch_threads)
when_imported("concurrent.futures.thread", _patch_executors)
