"""OpenAI's Agents SDK, through its own trace processors."""

from __future__ import annotations

import json
from typing import Any

from . import chat, spans
from .calls import Switch, Wrapping
from .errors import guard
from .patching import find
from .usage import token_usage

_TYPES = {
    "agent": spans.AGENT,
    "function": spans.TOOL,
    "mcp_tools": spans.TOOL,
    "generation": spans.CHAT_MODEL,
    "response": spans.CHAT_MODEL,
    "guardrail": "GUARDRAIL",
}
# Steps of the runner without a content of their own: what is below them belongs to the agent.
_FOLDED = frozenset({"task", "turn"})


class Processor:
    """Told of every trace and span of the Agents SDK, on the thread and in the context where they happen."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._running: dict[str, tuple[spans.Span, Any]] = {}
        self._folded: dict[str, str] = {}
        self._said: dict[str, list[Any]] = {}

    def on_trace_start(self, trace: Any) -> None:
        with guard("openai-agents"):
            if self._switch.on and spans.is_on():
                span = spans.begin(trace.name or "Agent workflow", spans.AGENT)
                spans.set_session(span, getattr(trace, "group_id", None))
                self._said[trace.trace_id] = [None, None]
                self._running[trace.trace_id] = (span, spans.enter(span))

    def on_trace_end(self, trace: Any) -> None:
        with guard("openai-agents"):
            running = self._running.pop(trace.trace_id, None)
            asked, answered = self._said.pop(trace.trace_id, (None, None))
            if running is None:
                return
            span, token = running
            if asked is not None:
                span.set_inputs(asked)
            if answered is not None:
                span.set_outputs(answered)
            spans.leave(span, token)
            spans.end(span)

    def on_span_start(self, span: Any) -> None:
        with guard("openai-agents"):
            if not self._switch.on or not spans.is_on():
                return
            above: Any = span.parent_id or span.trace_id
            above = self._folded.get(above, above)
            if span.span_data.type in _FOLDED:
                self._folded[span.span_id] = above
                return
            parent = self._running.get(above)
            data = span.span_data
            span_type = _TYPES.get(data.type, spans.CHAIN)
            parent_span = parent[0] if parent else spans.parent_of_context()
            begun = spans.begin(_name(data), span_type, parent=parent_span)
            self._running[span.span_id] = (begun, spans.enter(begun))

    def on_span_end(self, span: Any) -> None:
        self._folded.pop(span.span_id, None)
        with guard("openai-agents"):
            running = self._running.pop(span.span_id, None)
            if running is None:
                return
            begun, token = running
            with guard("openai-agents"):
                self._conclude(begun, span)
            spans.leave(begun, token)
            spans.end(begun)

    def _conclude(self, begun: spans.Span, span: Any) -> None:
        data = span.span_data
        conclude = {"response": _conclude_response, "generation": _conclude_generation}.get(data.type, _conclude_other)
        asked, answered = conclude(begun, data)
        if data.type in ("response", "generation") and span.trace_id in self._said:
            said = self._said[span.trace_id]
            said[:] = [asked if said[0] is None else said[0], answered]
        if error := span.error:
            begun.set_status("ERROR", str(error.get("message")))
            begun.add_event("exception", {"exception.message": _text(error), "exception.type": "AgentsError"})

    def shutdown(self, timeout: float | None = None) -> None:
        """Nothing is held back here."""

    def force_flush(self) -> None:
        """Nothing is held back here."""


def _name(data: Any) -> str:
    named = getattr(data, "name", None) or {"response": "Response", "generation": "Generation"}.get(data.type)
    return str(named or data.type)


def _text(error: Any) -> str:
    details = error.get("data")
    return f"{error.get('message')}: {json.dumps(details, default=str)}" if details else str(error.get("message"))


def _conclude_response(span: spans.Span, data: Any) -> tuple[Any, Any]:
    response = data.response
    if response is None:
        span.set_inputs({"input": data.input})
        return data.input, None
    whole = chat.plain(response)
    asked = {name: whole.get(name) for name in ("model", "instructions", "tools") if whole.get(name)}
    asked["input"] = data.input
    span.set_inputs(asked)
    span.set_attributes(chat.request_attributes(asked) | {spans.PROVIDER: "openai"})
    chat.set_response(span, whole)
    return data.input, whole.get("output")


def _conclude_generation(span: spans.Span, data: Any) -> tuple[Any, Any]:
    span.set_inputs({"model": data.model, "messages": data.input, **(data.model_config or {})})
    span.set_outputs({"choices": [{"message": message} for message in data.output or ()]})
    span.set_attributes(spans.known({spans.MODEL: data.model, spans.FORMAT: "openai"}))
    if (usage := token_usage(data.usage)) is not None:
        span.set_attribute(spans.USAGE, usage)
    return data.input, data.output


def _conclude_other(span: spans.Span, data: Any) -> tuple[Any, Any]:
    if data.type == "function":
        span.set_inputs(_json(data.input))
        span.set_outputs(_json(data.output))
        return None, None
    exported = {name: value for name, value in data.export().items() if name not in ("type", "name") and value}
    if (result := exported.pop("result", None)) is not None:
        span.set_outputs(result)
    span.set_attributes(exported)
    return None, None


def _json(text: Any) -> Any:
    """Arguments come as JSON text."""
    if isinstance(text, str) and text[:1] in "{[":
        try:
            return json.loads(text)
        except ValueError:
            pass
    return text


def install(patches: Wrapping) -> None:
    processor = Processor(patches.switch)
    provider_of = find("agents.tracing:get_trace_provider") or find("agents.tracing.setup:get_trace_provider")
    provider = provider_of() if provider_of is not None else find("agents.tracing.setup:GLOBAL_TRACE_PROVIDER")
    if not hasattr(provider, "register_processor"):
        return
    provider.register_processor(processor)

    def remove_processor() -> None:
        several = getattr(provider, "_multi_processor", None)
        known = getattr(several, "_processors", ())
        if several is not None and processor in known:
            provider.set_processors([it for it in known if it is not processor])

    patches.on_undo(remove_processor)
