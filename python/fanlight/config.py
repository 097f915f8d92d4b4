"""How traces are collected, changed while the program runs."""

from __future__ import annotations

from . import _core, _hooks

_is_async = True


def enable_async_logging(enable: bool = True) -> None:
    """On (the default): ending a span waits for nothing. Off: ending a trace waits until it has arrived."""
    global _is_async
    _is_async = enable
    if enable:
        _hooks.forget(_wait)
    else:
        _hooks.on_trace_end(_wait)


def _wait(_trace_id: str) -> None:
    _core.flush(10.0)


def is_async_logging_enabled() -> bool:
    return _is_async


def set_sampling_ratio(ratio: float) -> None:
    """The share of traces that is sent, 0 to 1, for traces that start from now on.

    Traces with an error are always sent: that is decided when their first span ends. Raises `ValueError` for another
    number.
    """
    _core.configure(sampling_ratio=float(ratio))
