"""The native half: spans while they run, values as JSON, the tracer, requests to the server."""

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any, final

from .entities import SpanEvent, SpanStatus

__all__ = [
    "Block",
    "Recipe",
    "RemoteParent",
    "Span",
    "__version__",
    "after_fork_in_child",
    "clear_redaction",
    "configure",
    "context_variable",
    "current_parent",
    "current_span",
    "experiment",
    "find_span",
    "flush",
    "is_enabled",
    "last_trace_id",
    "nothing",
    "redacted",
    "request",
    "reset_current",
    "server_url",
    "set_ambient",
    "set_current",
    "set_enabled",
    "set_last_trace_id",
    "set_processors",
    "set_redaction",
    "set_trace_hooks",
    "shut_down",
    "start",
    "start_span",
    "stats",
    "to_json",
]

__version__: str
context_variable: ContextVar[Any]

@final
class Span:
    """A running span. Everything set after its end is ignored, and nothing it does raises because of a value."""

    @property
    def trace_id(self) -> str: ...
    @property
    def request_id(self) -> str: ...
    @property
    def span_id(self) -> str | None: ...
    @property
    def parent_id(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def start_time_ns(self) -> int | None: ...
    @property
    def end_time_ns(self) -> int | None: ...
    @property
    def start_time_unix_ms(self) -> int | None: ...
    @property
    def end_time_unix_ms(self) -> int | None: ...
    @property
    def span_type(self) -> str: ...
    @property
    def inputs(self) -> Any: ...
    @property
    def outputs(self) -> Any: ...
    @property
    def attributes(self) -> dict[str, Any]: ...
    @property
    def status(self) -> SpanStatus: ...
    @property
    def events(self) -> list[SpanEvent]: ...
    @property
    def is_root(self) -> bool: ...
    @property
    def trace_tags(self) -> list[tuple[str, str]]: ...
    @property
    def trace_metadata(self) -> list[tuple[str, str]]: ...
    @property
    def traceparent(self) -> str | None: ...
    def is_recording(self) -> bool: ...
    def get_attribute(self, key: str) -> Any: ...
    def set_name(self, name: str) -> None: ...
    def set_span_type(self, span_type: str) -> None: ...
    def set_inputs(self, inputs: Any) -> None: ...
    def set_outputs(self, outputs: Any) -> None: ...
    def set_attribute(self, key: str, value: Any) -> None: ...
    def set_attributes(self, attributes: Mapping[str, Any]) -> None: ...
    def set_status(self, status: Any, description: str | None = None) -> None: ...
    def record_exception(self, exception: BaseException | str) -> None: ...
    def add_event(
        self, event: SpanEvent | str, attributes: Mapping[str, Any] | None = None, timestamp: int | None = None
    ) -> None: ...
    def add_link(self, link: Any) -> None: ...
    def end(
        self,
        outputs: Any = None,
        attributes: Mapping[str, Any] | None = None,
        status: Any = None,
        end_time_ns: int | None = None,
    ) -> None: ...
    def edit_trace(
        self,
        *,
        tags: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        request_preview: str | None = None,
        response_preview: str | None = None,
        state: str | None = None,
        client_request_id: str | None = None,
    ) -> None: ...
    def _done(self, result: Any) -> None: ...
    def _fail(self, error: BaseException) -> None: ...
    def _activate(self) -> None: ...
    def _deactivate(self) -> None: ...

@final
class RemoteParent:
    """A span of another process, as a parent."""

    def __new__(cls, traceparent: str) -> RemoteParent: ...
    @property
    def trace_id(self) -> str: ...
    @property
    def span_id(self) -> str: ...
    @property
    def traceparent(self) -> str: ...

@final
class Block:
    """`with start_span(…)`: the span starts with the block and ends with it."""

    def __enter__(self) -> Span: ...
    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> bool: ...

@final
class Recipe:
    """How the spans of one function begin."""

    def __new__(
        cls,
        name: str,
        span_type: str,
        function: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        *,
        experiment_name: str | None = None,
        experiment_id: str | None = None,
        sampling_ratio: float | None = None,
        signature: bool = True,
        skips_first: bool = False,
        positional: list[tuple[str, bool, Any]] = ...,
        more_positional: str | None = None,
        keyword: list[tuple[str, bool, Any]] = ...,
        more_keyword: str | None = None,
        links: list[Any] | None = None,
    ) -> Recipe: ...
    def enter(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span | None: ...
    def start(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span | None: ...

def start_span(
    name: str = "span",
    span_type: str | None = "UNKNOWN",
    attributes: Mapping[str, Any] | None = None,
    trace_destination: Any = None,
    run_id: str | None = None,
    log_level: Any = None,
    links: Iterable[Any] | None = None,
    description: str | None = None,
    sampling_ratio_override: float | None = None,
) -> Block:
    """A span around a `with` block: `with start_span("search") as span: …`.

    A child of the current span, or the root of a new trace. An exception passes through and leaves the status
    `ERROR`. `run_id` says what run a new trace belongs to, `trace_destination` has an `experiment_id`.
    """

def to_json(value: Any) -> str: ...
def start(
    name: str,
    parent: Span | RemoteParent | None = None,
    *,
    span_type: str | None = None,
    inputs: Any = None,
    attributes: Mapping[str, Any] | None = None,
    start_time_ns: int | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    trace_id: str | None = None,
    sampling_ratio: float | None = None,
    links: list[Any] | None = None,
) -> Span: ...
def nothing() -> Span: ...
def current_span() -> Span | None: ...
def current_parent() -> Span | RemoteParent | None: ...
def set_current(span: Span | RemoteParent | None) -> Any: ...
def reset_current(token: Any) -> None: ...
def find_span(span_id: str) -> Span | None: ...
def last_trace_id(thread_local: bool = False) -> str | None: ...
def set_last_trace_id(trace_id: str) -> None: ...
def set_ambient(tags: dict[str, Any] | None, metadata: dict[str, Any] | None) -> None: ...
def set_trace_hooks(started: Callable[[Span], Any] | None, ended: Callable[[str], Any] | None) -> None: ...
def set_processors(processors: tuple[Callable[[Span], Any], ...]) -> None: ...
def configure(
    *,
    server: str | None = None,
    headers: list[tuple[str, str]] | None = None,
    workspace: str | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    sampling_ratio: float | None = None,
    exporters: list[tuple[str, list[tuple[str, str]]]] | None = None,
    spool_dir: str | None = None,
    resource: list[tuple[str, str]] | None = None,
) -> None: ...
def server_url() -> str: ...
def experiment() -> tuple[str | None, str | None]: ...
def set_enabled(enabled: bool) -> None: ...
def is_enabled() -> bool: ...
def flush(seconds: float) -> str | None: ...
def shut_down(seconds: float) -> None: ...
def stats() -> dict[str, Any]: ...
def after_fork_in_child() -> None: ...
def request(method: str, path: str, body: str | None = None, seconds: float = 30.0) -> tuple[int, str]: ...
def set_redaction(
    kinds: list[str] | None, patterns: list[tuple[str, str]], functions: list[Callable[[str], str | None]]
) -> None: ...
def clear_redaction() -> None: ...
def redacted(text: str) -> str: ...
