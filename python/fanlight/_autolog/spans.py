"""Spans as the integrations make them: below the span that is current, one for each call of a model."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import fanlight._core as _core

from .errors import guard

INPUTS = "mlflow.spanInputs"
OUTPUTS = "mlflow.spanOutputs"
USAGE = "mlflow.chat.tokenUsage"
TOOLS = "mlflow.chat.tools"
MODEL = "mlflow.llm.model"
PROVIDER = "mlflow.llm.provider"
FORMAT = "mlflow.message.format"
FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
SESSION = "mlflow.trace.session"
FUNCTION_NAME = "mlflow.tool.function_name"

CHAT_MODEL, LLM, EMBEDDING = "CHAT_MODEL", "LLM", "EMBEDDING"
CHAIN, AGENT, TOOL, RETRIEVER = "CHAIN", "AGENT", "TOOL", "RETRIEVER"
_MODEL_CALLS = frozenset({CHAT_MODEL, LLM, EMBEDDING})

Span = Any
"""A span of the core, while it runs."""

_asking: WeakSet[Any] = WeakSet()
_asking_elsewhere: WeakSet[Any] = WeakSet()
"""Of OpenTelemetry."""
_parents: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
_other_contexts: list[Callable[[Any], Any]] = []
_askers: list[Callable[[Any], bool]] = []
_other_askers: list[Callable[[Any], bool]] = []
_is_silent: ContextVar[bool] = ContextVar("fanlight_silence", default=False)
_CURRENT: Any = object()


def parent_of_context() -> Any:
    """The span a new one belongs below, also when OpenTelemetry knows a nearer one."""
    parent = _core.current_parent()
    for nearer in _other_contexts:
        parent = nearer(parent)
    return parent


def ask_also(nearer: Callable[[Any], Any]) -> None:
    """`nearer(parent)` answers another span that is current in its own way, or `parent`."""
    _other_contexts.append(nearer)


def is_asking() -> bool:
    """Whether the innermost span is a call of a model already: a client below it would tell of the same call."""
    current = parent_of_context()
    return is_told() or current in _asking_elsewhere or any(asks(current) for asks in _other_askers)


def is_told() -> bool:
    """The same, when an integration written here tells of the call."""
    current = parent_of_context()
    return _is_silent.get() or current in _asking or any(asks(current) for asks in _askers)


@contextmanager
def silence(wanted: bool) -> Iterator[None]:
    """Somebody else tells of the calls of models in the block."""
    token = _is_silent.set(wanted or _is_silent.get())
    try:
        yield
    finally:
        _is_silent.reset(token)


def mark_asking(span: Span) -> None:
    """It is a call of a model that OpenTelemetry tells of."""
    _asking_elsewhere.add(span)


def ask_whether_asking(asks: Callable[[Any], bool], is_elsewhere: bool = False) -> None:
    """`asks(current)` knows of a call of a model that cannot be current; of OpenTelemetry's with `is_elsewhere`."""
    (_other_askers if is_elsewhere else _askers).append(asks)


def is_inside(span_type: str) -> bool:
    """Whether the innermost span has this type."""
    current = _core.current_parent()
    return current is not None and getattr(current, "span_type", None) == span_type


def is_on() -> bool:
    """Whether anybody records."""
    return bool(_core.is_enabled())


def begin(
    name: str,
    span_type: str,
    inputs: Any = None,
    attributes: Mapping[str, Any] | None = None,
    parent: Any = _CURRENT,
    start_time_ns: int | None = None,
) -> Span:
    """A running span. It is current only after `enter`."""
    if parent is _CURRENT:
        parent = parent_of_context()
    if span_type == TOOL:
        attributes = {FUNCTION_NAME: name, **(attributes or {})}
    span = _core.start(
        name, parent, span_type=span_type, inputs=inputs, attributes=attributes, start_time_ns=start_time_ns
    )
    _parents[span] = parent
    if span_type in _MODEL_CALLS:
        _asking.add(span)
    return span


def enter(span: Span) -> Any:
    """Makes it current in this context; answers what `leave` needs."""
    return _core.set_current(span)


def leave(span: Span, token: Any) -> None:
    """Makes current what was before. Spans that overlap may leave in any order, in another context than they came."""
    if _core.current_parent() is span:
        _core.reset_current(token)
    current: Any = _core.current_parent()
    while current is not None and current in _parents and not current.is_recording():
        current = _parents[current]
        _core.set_current(current)


def end(span: Span, end_time_ns: int | None = None) -> None:
    with guard("the end of a span"):
        span.end(end_time_ns=end_time_ns)


def fail(span: Span, error: BaseException) -> None:
    """Ends it with the error."""
    with guard("the end of a failed span"):
        span.record_exception(error)
        span.end()


def set_session(span: Span, session: Any) -> None:
    """Which conversation the trace belongs to."""
    if session is not None and session != "":
        span.edit_trace(metadata={SESSION: str(session)})


def known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is `None`."""
    return {name: value for name, value in attributes.items() if value is not None}
