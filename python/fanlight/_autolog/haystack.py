"""Haystack, through its own interface for tracers."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from typing import Any

from . import spans
from .calls import Switch, Wrapping
from .errors import guard
from .patching import find
from .usage import read, token_usage

_TYPE, _NAME = "haystack.component.type", "haystack.component.name"
_INPUT = ("haystack.component.input", "haystack.pipeline.input_data")
_OUTPUT = ("haystack.component.output", "haystack.pipeline.output_data")


def _span_type(component: str) -> str:
    for word, span_type in (
        ("Generator", spans.CHAT_MODEL),
        ("Retriever", spans.RETRIEVER),
        ("Embedder", spans.EMBEDDING),
        ("Ranker", "RERANKER"),
        ("Agent", spans.AGENT),
        ("Tool", spans.TOOL),
    ):
        if word in component:
            return span_type
    return spans.CHAIN


def _classes() -> tuple[Any, Any]:
    tracer_base: Any = find("haystack.tracing:Tracer")
    span_base: Any = find("haystack.tracing:Span")

    class HaystackSpan(span_base):  # type: ignore[misc, valid-type]
        """What Haystack calls a span, on one of ours."""

        def __init__(self, span: spans.Span | None) -> None:
            self.span = span

        def set_tag(self, key: str, value: Any) -> None:
            if self.span is None:
                return
            with guard("haystack"):
                if key in _INPUT:
                    self.span.set_inputs(_plain(value))
                elif key in _OUTPUT:
                    _conclude(self.span, value)
                else:
                    self.span.set_attribute(key, value)

        def set_content_tag(self, key: str, value: Any) -> None:
            self.set_tag(key, value)

        def raw_span(self) -> Any:
            return self.span

    class HaystackTracer(tracer_base):  # type: ignore[misc, valid-type]
        """Gives Haystack our spans."""

        def __init__(self, switch: Switch) -> None:
            self._switch = switch

        @contextlib.contextmanager
        def trace(
            self, operation_name: str, tags: dict[str, Any] | None = None, parent_span: Any = None
        ) -> Generator[Any]:
            span = _begin(operation_name, tags or {}) if self._switch.on else None
            if span is None:
                yield HaystackSpan(None)
                return
            token = spans.enter(span)
            wrapped = HaystackSpan(span)
            for key, value in (tags or {}).items():
                wrapped.set_tag(key, value)
            try:
                yield wrapped
            except BaseException as error:
                spans.fail(span, error)
                raise
            finally:
                spans.leave(span, token)
                spans.end(span)

        def current_span(self) -> Any:
            return None

    return HaystackTracer, HaystackSpan


def _begin(operation: str, tags: Mapping[str, Any]) -> spans.Span | None:
    with guard("haystack"):
        component = str(tags.get(_TYPE) or "")
        if spans.is_on():
            return spans.begin(component or operation, _span_type(component))
    return None


def _plain(value: Any) -> Any:
    """Messages in the shape of chat completions."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.to_openai_dict_format() if hasattr(value, "to_openai_dict_format") else value


def _conclude(span: spans.Span, outputs: Any) -> None:
    """Generators tell of tokens and model beside the replies, as their provider did."""
    replies = read(outputs, "replies") or ()
    if replies and all(hasattr(reply, "to_openai_dict_format") for reply in replies):
        span.set_outputs({"choices": [{"message": _plain(reply)} for reply in replies]})
    else:
        span.set_outputs(_plain(outputs))
    metas = [read(reply, "meta") for reply in replies] + list(read(outputs, "meta") or ())
    for meta in metas:
        if (usage := token_usage(read(meta, "usage"))) is not None:
            span.set_attributes(spans.known({spans.USAGE: usage, spans.MODEL: read(meta, "model")}))
            return


def install(patches: Wrapping) -> None:
    tracing: Any = find("haystack.tracing")
    proxy: Any = find("haystack.tracing:tracer")
    if proxy is None or not hasattr(proxy, "actual_tracer"):
        return
    before = (proxy.actual_tracer, proxy.is_content_tracing_enabled)
    tracer_class, _ = _classes()
    ours = tracer_class(patches.switch)
    tracing.enable_tracing(ours)
    proxy.is_content_tracing_enabled = True

    def trace_as_before() -> None:
        if proxy.actual_tracer is ours:
            proxy.actual_tracer, proxy.is_content_tracing_enabled = before

    patches.on_undo(trace_as_before)
