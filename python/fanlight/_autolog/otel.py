"""Spans of OpenTelemetry in Fanlight's traces, one tree with ours.

A span processor begins a span of the core with each span of OpenTelemetry and copies what that says when it ends. Below
our spans theirs find their parent, below theirs ours do. What the attributes mean, the server knows.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

import fanlight._core as _core

from . import spans
from .calls import Wrapping
from .errors import guard, log
from .patching import find

_MODEL_OPERATIONS = frozenset({"chat", "text_completion", "generate_content", "embeddings"})
_MODEL_KINDS = frozenset({"LLM", "EMBEDDING"})
_WITHOUT_TOKENS = frozenset({"openinference.instrumentation.guardrails"})
"""Instrumentors whose calls of models never have tokens: the integration of the client below shall tell of them."""


def _is_model_call(span: Any) -> bool:
    scope = getattr(span, "instrumentation_scope", None)
    if getattr(scope, "name", None) in _WITHOUT_TOKENS:
        return False
    attributes: Any = getattr(span, "attributes", None) or {}
    return (
        attributes.get("openinference.span.kind") in _MODEL_KINDS
        or attributes.get("gen_ai.operation.name") in _MODEL_OPERATIONS
        or attributes.get("llm.request.type") in ("chat", "completion", "embedding")
    )


class _Running:
    """A span of both."""

    __slots__ = ("above", "span")

    def __init__(self, span: spans.Span, above: Any) -> None:
        self.span = span
        self.above = above
        """Which of ours was current when it began."""


_running: dict[int, _Running] = {}
_ended: OrderedDict[int, spans.Span] = OrderedDict()
"""The latest that are over: some libraries begin spans below them still."""
_MAX_ENDED = 1000
_asked: list[bool] = []


def _nearer(parent: Any) -> Any:
    """The span of OpenTelemetry that is current, if it began below `parent`."""
    if not _running:
        return parent
    running = _running.get(_current().get_span_context().span_id)
    return running.span if running is not None and running.above is parent else parent


def _is_asking(parent: Any) -> bool:
    """Some spans say only after their start that they call a model."""
    if not _running:
        return False
    current = _current()
    running = _running.get(current.get_span_context().span_id)
    return running is not None and running.span is parent and _is_model_call(current)


def _current() -> Any:
    get_current_span: Any = find("opentelemetry.trace:get_current_span")
    return get_current_span()


class Bridge:
    """What a tracer provider of OpenTelemetry's SDK tells of its spans."""

    def __init__(self) -> None:
        self.users = 0

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        with guard("opentelemetry"):
            if not self.users or not spans.is_on():
                return
            if spans.is_told() and _is_model_call(span):
                return
            above = _core.current_parent()
            begun = spans.begin(span.name, "UNKNOWN", parent=self._parent(span, above), start_time_ns=span.start_time)
            if _is_model_call(span):
                spans.mark_asking(begun)
            _running[span.context.span_id] = _Running(begun, above)

    def _parent(self, span: Any, above: Any) -> Any:
        parent = span.parent
        if parent is None:
            return above
        running = _running.get(parent.span_id)
        if running is not None:
            # One of ours that began meanwhile is nearer.
            return running.span if running.above is above else above
        if above is None and parent.span_id in _ended:
            return _ended[parent.span_id]
        if parent.is_remote and above is None:
            return _core.RemoteParent(f"00-{parent.trace_id:032x}-{parent.span_id:016x}-01")
        return above

    def on_end(self, span: Any) -> None:
        running = _running.pop(span.context.span_id, None)
        if running is None:
            return
        with guard("opentelemetry"):
            _copy(span, running.span)
        spans.end(running.span, span.end_time)
        _ended[span.context.span_id] = running.span
        if len(_ended) > _MAX_ENDED:
            _ended.popitem(last=False)

    def _on_ending(self, span: Any) -> None:
        """Newer SDKs ask for it; there is nothing left to add."""

    def shutdown(self) -> None:
        """What is queued, the core sends."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


def _copy(span: Any, ours: spans.Span) -> None:
    ours.set_name(span.name)
    ours.set_attributes(dict(span.attributes or {}))
    if (scope := getattr(span, "instrumentation_scope", None)) is not None:
        ours.set_attribute("otel.scope.name", scope.name)
    for event in span.events:
        ours.add_event(event.name, dict(event.attributes or {}), event.timestamp)
    if span.status.status_code.name == "ERROR":
        ours.set_status("ERROR", span.status.description or "")


started: set[str] = set()
"""Instrumentors that run for us."""
_bridges: WeakKeyDictionary[Any, Bridge] = WeakKeyDictionary()


def listen(provider: Any, patches: Wrapping) -> None:
    """Takes over the spans of a provider until `patches` are undone. A provider keeps its processors: each has one of
    ours, which may be deaf."""
    if not _asked:
        spans.ask_also(_nearer)
        spans.ask_whether_asking(_is_asking, is_elsewhere=True)
        _asked.append(True)
    if provider not in _bridges:
        _bridges[provider] = Bridge()
        provider.add_span_processor(_bridges[provider])
    bridge = _bridges[provider]
    bridge.users += 1

    def stop_listening() -> None:
        bridge.users -= 1

    patches.on_undo(stop_listening)


def own_provider(patches: Wrapping) -> Any:
    """A tracer provider whose spans go nowhere else; the application's global one is left alone. Each start has its
    own: some instrumentors leave wrappers behind when they stop, and nobody listens to those."""
    provider_class: Any = find("opentelemetry.sdk.trace:TracerProvider")
    sampler: Any = find("opentelemetry.sdk.trace.sampling:ALWAYS_ON")
    provider = provider_class(sampler=sampler, shutdown_on_exit=False)
    listen(provider, patches)
    return provider


def instrument(path: str, patches: Wrapping) -> None:
    """Starts an instrumentor, bound to our core."""
    instrumentor_class = find(path)
    if instrumentor_class is None:
        log.warning("%s is not there: another version of the instrumentor is needed", path)
        return
    instrumentor = instrumentor_class()
    if getattr(instrumentor, "is_instrumented_by_opentelemetry", False):
        log.warning("%s is started already, with spans for somebody else: fanlight.otel.autolog() takes them too", path)
        return
    instrumentor.instrument(tracer_provider=own_provider(patches), skip_dep_check=True)
    started.add(path)

    def uninstrument() -> None:
        started.discard(path)
        instrumentor.uninstrument()

    patches.on_undo(uninstrument)


def install_global(patches: Wrapping) -> None:
    """Every span of the process: the provider that is set by then, or one that is set here."""
    trace: Any = find("opentelemetry.trace")
    provider_class: Any = find("opentelemetry.sdk.trace:TracerProvider")
    if provider_class is None:
        log.warning("spans of OpenTelemetry need its SDK: pip install opentelemetry-sdk")
        return
    provider = trace.get_tracer_provider()
    if isinstance(provider, provider_class):
        listen(provider, patches)
    else:
        trace.set_tracer_provider(own_provider(patches))
