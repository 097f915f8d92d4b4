"""Spans of functions and blocks, and what is said of the trace they are in."""

from __future__ import annotations

from . import _core
from ._core import start_span as start_span

# `typing` takes longer to import than all of this package: only type checkers do.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeVar, overload

    F = TypeVar("F", bound=Callable[..., Any])
else:

    def overload(function):
        return function


SESSION = "mlflow.trace.session"
USER = "mlflow.trace.user"
MODEL = "mlflow.modelId"
RUN = "mlflow.sourceRun"
LOG_LEVEL = "mlflow.spanLogLevel"
DESCRIPTION = "mlflow.spanDescription"


def _experiment_of(destination: Any) -> str | None:
    """The experiment's id of a `trace_destination`."""
    found = getattr(destination, "experiment_id", None) if destination is not None else None
    return None if found is None else str(found)


def _all_attributes(
    attributes: Mapping[str, Any] | None, log_level: Any, description: str | None
) -> dict[str, Any] | None:
    if log_level is None and description is None:
        return None if attributes is None else dict(attributes)
    found = dict(attributes or {})
    if log_level is not None:
        found[LOG_LEVEL] = log_level
    if description is not None:
        found[DESCRIPTION] = description
    return found


@overload
def trace(func: F, /) -> F: ...
@overload
def trace(
    func: None = None,
    name: str | None = None,
    span_type: str = "UNKNOWN",
    attributes: Mapping[str, Any] | None = None,
    output_reducer: Callable[[list[Any]], Any] | None = None,
    trace_destination: Any = None,
    sampling_ratio_override: float | None = None,
    log_level: Any = None,
    links: Iterable[Any] | None = None,
    description: str | None = None,
) -> Callable[[F], F]: ...
@overload
def trace(
    func: F,
    name: str | None = None,
    span_type: str = "UNKNOWN",
    attributes: Mapping[str, Any] | None = None,
    output_reducer: Callable[[list[Any]], Any] | None = None,
    trace_destination: Any = None,
    sampling_ratio_override: float | None = None,
    log_level: Any = None,
    links: Iterable[Any] | None = None,
    description: str | None = None,
) -> F: ...
def trace(
    func: Any = None,
    name: str | None = None,
    span_type: str = "UNKNOWN",
    attributes: Mapping[str, Any] | None = None,
    output_reducer: Callable[[list[Any]], Any] | None = None,
    trace_destination: Any = None,
    sampling_ratio_override: float | None = None,
    log_level: Any = None,
    links: Iterable[Any] | None = None,
    description: str | None = None,
) -> Any:
    """Makes each call of a callable a span: a decorator with or without arguments, or `trace(math.pow)(2, 3)`.

    Functions, coroutine functions, generators, async generators, methods, static and class methods, builtins and
    other callables; of a class, its public methods. Arguments become the inputs, by name and with defaults; the
    result becomes the outputs. A generator's span ends with the stream, also when it is closed early; its outputs are
    the list of items, or what `output_reducer` makes of that list.

    An exception passes through untouched and leaves the status `ERROR`. `span_type` is a `SpanType` or a word of your
    own; `sampling_ratio_override` (0 to 1) holds for traces that begin here; `trace_destination` has an
    `experiment_id`.
    """
    from ._decorate import wrap

    def decorate(function: Any) -> Any:
        return wrap(
            function,
            name=name,
            span_type=str(span_type or "UNKNOWN"),
            attributes=_all_attributes(attributes, log_level, description),
            output_reducer=output_reducer,
            experiment_id=_experiment_of(trace_destination),
            sampling_ratio=sampling_ratio_override,
            links=None if links is None else list(links),
        )

    return decorate if func is None else decorate(func)


def start_span_no_context(
    name: str = "span",
    span_type: str = "UNKNOWN",
    parent_span: Any = None,
    inputs: Any = None,
    attributes: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    experiment_id: str | None = None,
    start_time_ns: int | None = None,
    log_level: Any = None,
    links: Iterable[Any] | None = None,
    description: str | None = None,
    trace_id: str | None = None,
) -> _core.Span:
    """A span that is not current anywhere: a child of `parent_span`, or the root of a new trace.

    It must be ended with `span.end()`. `tags` and `metadata` are the trace's. For a root, `trace_id` (`tr-` and 32
    hex digits) is its id.
    """
    span = _core.start(
        name,
        parent_span,
        span_type=span_type,
        inputs=inputs,
        attributes=_all_attributes(attributes, log_level, description),
        start_time_ns=start_time_ns,
        experiment_id=None if experiment_id is None else str(experiment_id),
        trace_id=trace_id,
        links=None if links is None else list(links),
    )
    if tags or metadata:
        span.edit_trace(tags=dict(tags or {}), metadata=dict(metadata or {}))
    return span


def get_current_active_span() -> _core.Span | None:
    """The span this code runs in, or `None`."""
    return _core.current_span()


def get_active_trace_id() -> str | None:
    """The id of the trace this code runs in, or `None`."""
    current = _core.current_parent()
    return None if current is None else current.trace_id


def get_last_active_trace_id(thread_local: bool = False) -> str | None:
    """The id of the trace that ended last, in this process or in this thread only."""
    return _core.last_trace_id(thread_local)


def get_traceparent() -> str | None:
    """The value of a `traceparent` header for a request made here, or `None` outside of a trace."""
    current = _core.current_parent()
    return None if current is None else current.traceparent


def update_current_trace(
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    client_request_id: str | None = None,
    request_preview: str | None = None,
    response_preview: str | None = None,
    state: Any = None,
    model_id: str | None = None,
    session_id: str | None = None,
    user: str | None = None,
) -> None:
    """Says something of the whole trace this code runs in; it is sent with the trace's first span.

    Values of `tags` and `metadata` that are not texts become texts. `state` is `"OK"` or `"ERROR"`. Outside of a
    trace a warning says that nothing happened. Raises `ValueError` for another state.
    """
    word = None if state is None else str(getattr(state, "value", state))
    if word not in (None, "OK", "ERROR"):
        raise ValueError(f"the state of a trace is OK or ERROR, not {word!r}")
    span = _core.current_span()
    if span is None:
        import warnings

        warnings.warn("fanlight: there is no active trace to update", RuntimeWarning, stacklevel=2)
        return
    said = dict(metadata or {})
    for key, value in ((SESSION, session_id), (USER, user), (MODEL, model_id)):
        if value is not None:
            said[key] = value
    span.edit_trace(
        tags=dict(tags or {}),
        metadata=said,
        client_request_id=client_request_id,
        request_preview=request_preview,
        response_preview=response_preview,
        state=word,
    )
