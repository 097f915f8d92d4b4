"""How traces are collected, changed while the program runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

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


def enable_pii_redaction(
    enable: bool = True,
    *,
    kinds: Iterable[str] | None = None,
    patterns: Mapping[str, str] | Iterable[str] | None = None,
    functions: Iterable[Callable[[str], str | None]] = (),
) -> None:
    """On: personal data and secrets are taken out of spans before they leave the process. Off: spans leave as they are.

    It is looked for in names, inputs, outputs, attributes, events, previews, tags and status of every span that is not
    sent yet, whoever made it, and a placeholder such as `[EMAIL]` takes its place. JSON stays JSON.

    `kinds`: some of `secret` (keys, tokens, passwords), `email`, `iban`, `credit_card`, `us_ssn`, `phone`,
    `ip_address`; all of them when not given. `patterns`: regular expressions in the syntax of Rust's `regex`, with what
    takes their place (`[REDACTED]` when not said). `functions`: called with every text on another thread; they return
    another text, or `None` to leave it. A text for which one raises becomes `[REDACTED]`.

    Raises `ValueError` for a kind or pattern that is not understood; then nothing has changed.
    """
    if not enable:
        _core.clear_redaction()
        return
    if isinstance(patterns, str):
        patterns = [patterns]
    given: Any = patterns
    if isinstance(patterns, Mapping):
        pairs: list[tuple[str, str]] = list(given.items())
    else:
        pairs = [(str(pattern), "[REDACTED]") for pattern in patterns or ()]
    _core.set_redaction(None if kinds is None else list(kinds), pairs, list(functions))
