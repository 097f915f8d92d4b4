"""LlamaIndex, through its dispatcher of spans and events."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import contextvars
import inspect
import weakref
from typing import Any

from . import chat, spans
from .calls import Switch, Wrapping
from .errors import guard
from .patching import find
from .usage import read, token_usage

_TYPES = {
    "chat": spans.CHAT_MODEL,
    "achat": spans.CHAT_MODEL,
    "complete": spans.LLM,
    "acomplete": spans.LLM,
    "stream_chat": spans.CHAT_MODEL,
    "astream_chat": spans.CHAT_MODEL,
    "stream_complete": spans.LLM,
    "astream_complete": spans.LLM,
    "retrieve": spans.RETRIEVER,
    "aretrieve": spans.RETRIEVER,
    "_retrieve": spans.RETRIEVER,
    "_aretrieve": spans.RETRIEVER,
    "call": spans.TOOL,
    "acall": spans.TOOL,
    "get_query_embedding": spans.EMBEDDING,
    "aget_query_embedding": spans.EMBEDDING,
    "get_text_embedding_batch": spans.EMBEDDING,
    "aget_text_embedding_batch": spans.EMBEDDING,
    "postprocess_nodes": "RERANKER",
}
_UUID = len("-00000000-0000-0000-0000-000000000000")
"""At the end of every id, behind the name."""
_MODEL_TYPES = (spans.CHAT_MODEL, spans.LLM)


class _Run:
    __slots__ = ("above", "is_model", "span", "token", "waits_for_stream")

    def __init__(self, span: spans.Span, above: Any, is_model: bool) -> None:
        self.span = span
        self.above = above
        self.is_model = is_model
        self.token: Any = None
        self.waits_for_stream = False


# The stream of a model in this context, which asks its client only when it is read, after the span was left.
_streaming: contextvars.ContextVar[_Run | None] = contextvars.ContextVar("fanlight_llama_index_stream", default=None)


def _is_asking(current: Any) -> bool:
    run = _streaming.get()
    return run is not None and run.waits_for_stream and run.above is current


spans.ask_whether_asking(_is_asking)


class Runs:
    """Spans of LlamaIndex under way, by their ids."""

    def __init__(self, switch: Switch) -> None:
        self.switch = switch
        self._open: dict[str, _Run] = {}

    def enter(self, id_: str, arguments: Any, instance: Any, parent_id: str | None) -> None:
        with guard("llama_index"):
            if not self.switch.on or not spans.is_on():
                return
            name = id_[:-_UUID] or id_
            method = name.rpartition(".")[2]
            span_type = _type(method, instance)
            parent = self._open.get(parent_id or "")
            is_model = span_type in _MODEL_TYPES
            attributes = _attributes_of_model(instance) if is_model else None
            above = spans.parent_of_context()
            parent_span = parent.span if parent is not None else above
            span = spans.begin(name, span_type, _inputs(arguments, is_model), attributes, parent=parent_span)
            run = self._open[id_] = _Run(span, above, is_model)
            # A workflow's `run` answers at once with what can be waited for: the caller goes on in this context.
            if not (method == "run" and hasattr(instance, "_get_steps")):
                run.token = spans.enter(span)

    def exit(self, id_: str, result: Any) -> None:
        with guard("llama_index"):
            run = self._open.get(id_)
            if run is None:
                return
            self._leave(run)
            if run.is_model and (inspect.isgenerator(result) or inspect.isasyncgen(result)):
                run.waits_for_stream = True
                _streaming.set(run)
                weakref.finalize(result, self._abandon, id_)
                return
            self._open.pop(id_, None)
            with guard("llama_index"):
                if run.is_model:
                    _set_answer(run.span, result)
                else:
                    run.span.set_outputs(_outputs(result))
            spans.end(run.span)

    def drop(self, id_: str, error: BaseException | None) -> None:
        with guard("llama_index"):
            run = self._open.pop(id_, None)
            if run is not None:
                self._leave(run)
                spans.fail(run.span, error or RuntimeError("dropped"))

    def _abandon(self, id_: str) -> None:
        """A stream that nobody read to its end."""
        if (run := self._open.pop(id_, None)) is not None:
            run.waits_for_stream = False
            spans.end(run.span)

    @staticmethod
    def _leave(run: _Run) -> None:
        if run.token is not None:
            spans.leave(run.span, run.token)

    def event(self, event: Any) -> None:
        """Streams end with an event, long after the call that began them."""
        with guard("llama_index"):
            kind = type(event).__name__
            run = self._open.get(event.span_id or "")
            if run is None or not run.is_model:
                return
            if kind in ("LLMChatEndEvent", "LLMCompletionEndEvent") and run.waits_for_stream:
                self._open.pop(event.span_id, None)
                run.waits_for_stream = False
                _set_answer(run.span, event.response)
                spans.end(run.span)


def _type(method: str, instance: Any) -> str:
    kinds = [kind.__name__ for kind in type(instance).__mro__]
    if method in ("call", "acall") and not any("Tool" in kind for kind in kinds):
        return spans.CHAIN
    if method == "run" and any(kind.endswith("Agent") or kind == "AgentWorkflow" for kind in kinds):
        return spans.AGENT
    return _TYPES.get(method, spans.CHAIN)


def _inputs(arguments: Any, is_model: bool) -> Any:
    given = dict(getattr(arguments, "arguments", {}))
    for name in ("args", "kwargs"):
        value = given.get(name)
        if not value:
            given.pop(name, None)
        elif name == "kwargs":
            given |= given.pop(name)
    given = {name: value for name, value in given.items() if name not in ("self", "ctx", "api_key")}
    if is_model and isinstance(given.get("messages"), (list, tuple)):
        given["messages"] = [_message(message) for message in given["messages"]]
    return given


def _outputs(result: Any) -> Any:
    return str(result) if inspect.isgenerator(result) or inspect.isasyncgen(result) else result


def _message(message: Any) -> dict[str, Any]:
    role = read(message, "role")
    extra = read(message, "additional_kwargs") or {}
    calls = [chat.plain(call) for call in extra.get("tool_calls") or ()]
    calls = calls or [
        _call(block) for block in read(message, "blocks") or () if read(block, "block_type") == "tool_call"
    ]
    found = {
        "role": getattr(role, "value", role),
        "content": read(message, "content"),
        "tool_calls": calls or None,
        "tool_call_id": extra.get("tool_call_id"),
    }
    return spans.known(found)


def _call(block: Any) -> dict[str, Any]:
    function = {"name": read(block, "tool_name"), "arguments": read(block, "tool_kwargs")}
    return {"id": read(block, "tool_call_id"), "type": "function", "function": function}


def _attributes_of_model(instance: Any) -> dict[str, Any]:
    provider = type(instance).__module__.split(".")
    known = provider[2] if len(provider) > 2 and provider[:2] == ["llama_index", "llms"] else None
    return spans.known({spans.MODEL: read(instance, "model"), spans.PROVIDER: known, spans.FORMAT: "llamaindex"})


def _set_answer(span: spans.Span, response: Any) -> None:
    if (message := read(response, "message")) is not None:
        span.set_outputs({"choices": [{"message": _message(message)}]})
    elif (text := read(response, "text")) is not None:
        span.set_outputs(text)
    raw = read(response, "raw")
    if (usage := token_usage(read(raw, "usage") or read(response, "additional_kwargs"))) is not None:
        span.set_attribute(spans.USAGE, usage)
    if isinstance(model := read(raw, "model"), str):
        span.set_attribute(spans.MODEL, model)


def _handlers(runs: Runs) -> tuple[Any, Any]:
    span_base: Any = find("llama_index.core.instrumentation.span_handlers:BaseSpanHandler")
    event_base: Any = find("llama_index.core.instrumentation.event_handlers:BaseEventHandler")

    class FanlightSpanHandler(span_base):  # type: ignore[misc, valid-type]
        """Tells Fanlight of LlamaIndex's spans."""

        @classmethod
        def class_name(cls) -> str:
            return "FanlightSpanHandler"

        def span_enter(self, id_: str, bound_args: Any, instance: Any = None, parent_id: Any = None, **kw: Any) -> None:
            runs.enter(id_, bound_args, instance, parent_id)

        def span_exit(self, id_: str, bound_args: Any, instance: Any = None, result: Any = None, **kw: Any) -> None:
            runs.exit(id_, result)

        def span_drop(self, id_: str, bound_args: Any, instance: Any = None, err: Any = None, **kw: Any) -> None:
            runs.drop(id_, err)

        def new_span(self, *args: Any, **kwargs: Any) -> None:
            return None

        def prepare_to_exit_span(self, *args: Any, **kwargs: Any) -> None:
            return None

        def prepare_to_drop_span(self, *args: Any, **kwargs: Any) -> None:
            return None

    class FanlightEventHandler(event_base):  # type: ignore[misc, valid-type]
        """Tells Fanlight of LlamaIndex's events."""

        @classmethod
        def class_name(cls) -> str:
            return "FanlightEventHandler"

        def handle(self, event: Any, **kwargs: Any) -> None:
            runs.event(event)

    return FanlightSpanHandler(), FanlightEventHandler()


def install(patches: Wrapping) -> None:
    dispatcher_of: Any = find("llama_index.core.instrumentation:get_dispatcher")
    if dispatcher_of is None:
        return
    dispatcher = dispatcher_of()
    span_handler, event_handler = _handlers(Runs(patches.switch))
    dispatcher.add_span_handler(span_handler)
    dispatcher.add_event_handler(event_handler)

    def remove_handlers() -> None:
        for handlers, ours in ((dispatcher.span_handlers, span_handler), (dispatcher.event_handlers, event_handler)):
            handlers[:] = [handler for handler in handlers if handler is not ours]

    patches.on_undo(remove_handlers)
