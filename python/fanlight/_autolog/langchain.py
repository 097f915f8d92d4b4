"""LangChain and LangGraph, through a callback handler that every run inherits."""

from __future__ import annotations

import contextvars
from collections.abc import Sequence
from typing import Any

from . import langchain_values as values
from . import spans
from .calls import Switch, Wrapping
from .errors import guard
from .patching import find

_MAX_OPEN = 20_000
"""Runs that never end are forgotten, the oldest first."""

# How LangGraph leaves a node on purpose.
_NO_ERRORS = frozenset({"GeneratorExit", "GraphInterrupt", "NodeInterrupt", "ParentCommand", "GraphBubbleUp"})


class Run:
    """A run under way. One that is folded has the span of the run around it."""

    __slots__ = ("first_token", "is_folded", "name", "span", "token")

    def __init__(self, name: str, span: spans.Span, token: Any, is_folded: bool = False) -> None:
        self.name = name
        self.span = span
        self.token = token
        self.is_folded = is_folded
        self.first_token = False


class Runs:
    """Runs by their ids; the callbacks of LangChain as starts and ends of spans."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._open: dict[Any, Run] = {}

    def start(
        self, span_type: str, name: str, inputs: Any, ids: dict[str, Any], attributes: dict[str, Any] | None = None
    ) -> None:
        with guard("langchain"):
            if not self._switch.on or not spans.is_on():
                return
            above = self._open.get(ids.get("parent_run_id"))
            if above is not None and _is_doubled(above, span_type, name, ids):
                self._keep(ids["run_id"], Run(name, above.span, None, is_folded=True))
                return
            parent = above.span if above is not None else spans.parent_of_context()
            metadata = ids.get("metadata") or {}
            span = spans.begin(name, span_type, inputs, {**(attributes or {}), **_details(ids)}, parent=parent)
            if above is None:
                spans.set_session(span, metadata.get("thread_id") or metadata.get("session_id"))
            self._keep(ids["run_id"], Run(name, span, spans.enter(span)))

    def _keep(self, run_id: Any, run: Run) -> None:
        while len(self._open) >= _MAX_OPEN:
            self._open.pop(next(iter(self._open)))
        self._open[run_id] = run

    def token(self, run_id: Any) -> None:
        run = self._open.get(run_id)
        if run is not None and not run.first_token:
            run.first_token = True
            with guard("langchain"):
                run.span.add_event("new_token", {})

    def end(self, run_id: Any, outputs: Any, attributes: dict[str, Any] | None = None) -> None:
        with guard("langchain"):
            run = self._open.pop(run_id, None)
            if run is None or run.is_folded:
                return
            with guard("langchain"):
                run.span.set_outputs(outputs)
                run.span.set_attributes(attributes or {})
            spans.leave(run.span, run.token)
            spans.end(run.span)

    def fail(self, run_id: Any, error: BaseException, outputs: Any = None) -> None:
        with guard("langchain"):
            run = self._open.pop(run_id, None)
            if run is None or run.is_folded:
                return
            if outputs is not None:
                run.span.set_outputs(outputs)
            spans.leave(run.span, run.token)
            if type(error).__name__ in _NO_ERRORS:
                run.span.add_event(type(error).__name__, {"message": str(error)})
                spans.end(run.span)
            else:
                spans.fail(run.span, error)


def _is_doubled(above: Run, span_type: str, name: str, ids: dict[str, Any]) -> bool:
    """LangGraph runs a node, and in it the node's own runnable under the same name."""
    metadata = ids.get("metadata") or {}
    return span_type == spans.CHAIN and name == above.name and metadata.get("langgraph_node") == name


def _details(ids: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in (ids.get("metadata") or {}).items() if value is not None}
    return spans.known({"metadata": metadata or None, "tags": ids.get("tags") or None})


def _name(serialized: Any, kwargs: dict[str, Any], otherwise: str) -> str:
    named = kwargs.get("name") or (serialized or {}).get("name")
    if not named and (path := (serialized or {}).get("id")):
        named = path[-1]
    return str(named or otherwise)


def _handler_class() -> type[Any]:
    base = find("langchain_core.callbacks:BaseCallbackHandler")

    class FanlightHandler(base):  # type: ignore[misc, valid-type]
        """Tells Fanlight of every run."""

        run_inline = True
        """In the context of the run itself, also when that is asynchronous: spans below find their parent."""

        def __init__(self, runs: Runs) -> None:
            super().__init__()
            self.runs = runs

        def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
            self.runs.start(spans.CHAIN, _name(serialized, kwargs, "Chain"), values.content(inputs), kwargs)

        def on_chain_end(self, outputs: Any, **kwargs: Any) -> None:
            self.runs.end(kwargs.get("run_id"), values.content(outputs))

        def on_chain_error(self, error: BaseException, **kwargs: Any) -> None:
            self.runs.fail(kwargs.get("run_id"), error)

        def on_chat_model_start(self, serialized: Any, messages: Sequence[Sequence[Any]], **kwargs: Any) -> None:
            with guard("langchain"):
                attributes = values.request_attributes(kwargs)
                asked = values.conversations(messages)
                self.runs.start(spans.CHAT_MODEL, _name(serialized, kwargs, "ChatModel"), asked, kwargs, attributes)

        def on_llm_start(self, serialized: Any, prompts: list[str], **kwargs: Any) -> None:
            with guard("langchain"):
                attributes = values.request_attributes(kwargs)
                asked = prompts[0] if len(prompts) == 1 else prompts
                self.runs.start(spans.LLM, _name(serialized, kwargs, "LLM"), asked, kwargs, attributes)

        def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
            self.runs.token(kwargs.get("run_id"))

        def on_llm_end(self, response: Any, **kwargs: Any) -> None:
            with guard("langchain"):
                self.runs.end(kwargs.get("run_id"), values.answer(response), values.response_attributes(response))

        def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
            partial = kwargs.get("response")
            outputs = None
            with guard("langchain"):
                outputs = values.answer(partial) if getattr(partial, "generations", None) else None
            self.runs.fail(kwargs.get("run_id"), error, outputs)

        def on_tool_start(self, serialized: Any, input_str: str, **kwargs: Any) -> None:
            given = kwargs.get("inputs")
            asked = given if given is not None else input_str
            attributes = spans.known({"tool_call_id": kwargs.get("tool_call_id")})
            self.runs.start(spans.TOOL, _name(serialized, kwargs, "Tool"), values.content(asked), kwargs, attributes)

        def on_tool_end(self, output: Any, **kwargs: Any) -> None:
            self.runs.end(kwargs.get("run_id"), values.content(output))

        def on_tool_error(self, error: BaseException, **kwargs: Any) -> None:
            self.runs.fail(kwargs.get("run_id"), error)

        def on_retriever_start(self, serialized: Any, query: str, **kwargs: Any) -> None:
            self.runs.start(spans.RETRIEVER, _name(serialized, kwargs, "Retriever"), query, kwargs)

        def on_retriever_end(self, documents: Sequence[Any], **kwargs: Any) -> None:
            with guard("langchain"):
                self.runs.end(kwargs.get("run_id"), [values.document(document) for document in documents])

        def on_retriever_error(self, error: BaseException, **kwargs: Any) -> None:
            self.runs.fail(kwargs.get("run_id"), error)

    return FanlightHandler


def install(patches: Wrapping) -> None:
    hooks = find("langchain_core.tracers.context:_configure_hooks")
    register = find("langchain_core.tracers.context:register_configure_hook")
    if register is None:
        return
    handler = _handler_class()(Runs(patches.switch))
    # The default holds in every context, those of other threads as well.
    variable: contextvars.ContextVar[Any] = contextvars.ContextVar("fanlight_langchain", default=handler)
    register(variable, inheritable=True)

    def remove_handler() -> None:
        for hook in [hook for hook in hooks or () if hook[0] is variable]:
            hooks.remove(hook)

    patches.on_undo(remove_handler)
