"""LangChain and LangGraph, through a callback handler that every run inherits."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import contextvars
import functools
import sys
from collections.abc import Callable, Sequence
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

    __slots__ = ("above", "has_token", "is_folded", "is_open", "name", "span")

    def __init__(self, name: str, span: spans.Span, above: Any, is_folded: bool = False) -> None:
        self.name = name
        self.span = span
        self.above = above
        """What was current when it began."""
        self.is_folded = is_folded
        self.is_open = True
        self.has_token = False


# The call of a model in this context. It is never taken back: callbacks that end a run are called in a copy of the
# context. What counts is whether the run is open.
_asking: contextvars.ContextVar[Run | None] = contextvars.ContextVar("fanlight_langchain_model", default=None)


def _is_asking(current: Any) -> bool:
    run = _asking.get()
    return run is not None and run.is_open and run.above is current


spans.ask_whether_asking(_is_asking)


class Runs:
    """Runs by their ids; the callbacks of LangChain as starts and ends of spans."""

    def __init__(self) -> None:
        self.switch = Switch()
        self._open: dict[Any, Run] = {}

    def start(
        self, span_type: str, name: str, inputs: Any, ids: dict[str, Any], attributes: dict[str, Any] | None = None
    ) -> None:
        with guard("langchain"):
            if not self.switch.on or not spans.is_on():
                return
            above = self._open.get(ids.get("parent_run_id"))
            if above is not None and _is_folded(above, span_type, name, ids):
                self._keep(ids["run_id"], Run(name, above.span, None, is_folded=True))
                return
            current = spans.parent_of_context()
            parent = above.span if above is not None else current
            metadata = ids.get("metadata") or {}
            span = spans.begin(name, span_type, inputs, {**(attributes or {}), **_details(ids)}, parent=parent)
            if above is None:
                spans.set_session(span, metadata.get("thread_id") or metadata.get("session_id"))
            run = Run(name, span, current)
            if span_type in (spans.CHAT_MODEL, spans.LLM):
                _asking.set(run)
            self._keep(ids["run_id"], run)

    def span_of(self, run_id: Any) -> spans.Span | None:
        run = self._open.get(run_id)
        return run.span if run is not None else None

    def _keep(self, run_id: Any, run: Run) -> None:
        while len(self._open) >= _MAX_OPEN:
            self._open.pop(next(iter(self._open)))
        self._open[run_id] = run

    def token(self, run_id: Any) -> None:
        run = self._open.get(run_id)
        if run is not None and not run.has_token:
            run.has_token = True
            with guard("langchain"):
                run.span.add_event("new_token", {})

    def _take(self, run_id: Any) -> Run | None:
        run = self._open.pop(run_id, None)
        if run is None or run.is_folded:
            return None
        run.is_open = False
        return run

    def end(self, run_id: Any, outputs: Any, inputs: Any = None, attributes: dict[str, Any] | None = None) -> None:
        """Streams tell their inputs with the end: before, they did not know them."""
        if (run := self._take(run_id)) is None:
            return
        with guard("langchain"):
            if inputs is not None:
                run.span.set_inputs(inputs)
            run.span.set_outputs(outputs)
            run.span.set_attributes(attributes or {})
        spans.end(run.span)

    def fail(self, run_id: Any, error: BaseException, inputs: Any = None, outputs: Any = None) -> None:
        if (run := self._take(run_id)) is None:
            return
        with guard("langchain"):
            if inputs is not None:
                run.span.set_inputs(inputs)
            if outputs is not None:
                run.span.set_outputs(outputs)
        if type(error).__name__ in _NO_ERRORS:
            with guard("langchain"):
                run.span.add_event(type(error).__name__, {"message": str(error)})
            spans.end(run.span)
        else:
            spans.fail(run.span, error)


_runs = Runs()


def _is_folded(above: Run, span_type: str, name: str, ids: dict[str, Any]) -> bool:
    """LangGraph runs a node, and in it the node's own runnable under the same name; what is only its own, it hides."""
    if "langsmith:hidden" in (ids.get("tags") or ()):
        return True
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

        runs = _runs

        def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
            self.runs.start(spans.CHAIN, _name(serialized, kwargs, "Chain"), inputs, kwargs)

        def on_chain_end(self, outputs: Any, **kwargs: Any) -> None:
            self.runs.end(kwargs.get("run_id"), outputs, kwargs.get("inputs"))

        def on_chain_error(self, error: BaseException, **kwargs: Any) -> None:
            self.runs.fail(kwargs.get("run_id"), error, kwargs.get("inputs"))

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
                attributes = values.response_attributes(response)
                self.runs.end(kwargs.get("run_id"), values.answer(response), attributes=attributes)

        def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
            partial = kwargs.get("response")
            outputs = None
            with guard("langchain"):
                outputs = values.partial_answer(partial)
            self.runs.fail(kwargs.get("run_id"), error, outputs=outputs)

        def on_tool_start(self, serialized: Any, input_str: str, **kwargs: Any) -> None:
            asked = kwargs["inputs"] if kwargs.get("inputs") is not None else input_str
            attributes = spans.known({"tool_call_id": kwargs.get("tool_call_id")})
            self.runs.start(spans.TOOL, _name(serialized, kwargs, "Tool"), asked, kwargs, attributes)

        def on_tool_end(self, output: Any, **kwargs: Any) -> None:
            self.runs.end(kwargs.get("run_id"), output)

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
    _runs.switch = patches.switch
    # The default holds in every context, those of other threads as well.
    handler = _handler_class()()
    variable: contextvars.ContextVar[Any] = contextvars.ContextVar("fanlight_langchain", default=handler)
    register(variable, inheritable=True)

    def remove_handler() -> None:
        for hook in [hook for hook in hooks or () if hook[0] is variable]:
            hooks.remove(hook)

    patches.on_undo(remove_handler)


def install_context(patches: Wrapping) -> None:
    """Older versions import the function by its name: it is replaced wherever it is."""
    function = find("langchain_core.runnables.config:_set_config_context")
    for name, module in list(sys.modules.items()):
        if name.startswith(("langchain", "langgraph")) and vars(module).get("_set_config_context") is function:
            patches.attribute(module, "_set_config_context", _makes_current)


def install_langgraph(patches: Wrapping) -> None:
    patches.at("langgraph._internal._runnable:_set_config_context", _makes_current)


def _makes_current(set_config_context: Callable[..., Any]) -> Callable[..., Any]:
    """Code inside a chain, a node or a tool runs in a context that LangChain makes for it, with its run in it: there,
    and only there, the span of the run is current."""

    @functools.wraps(set_config_context)
    def wrapper(config: Any, *args: Any, **kwargs: Any) -> Any:
        result = set_config_context(config, *args, **kwargs)
        with guard("langchain"):
            run_id = getattr((config or {}).get("callbacks"), "parent_run_id", None)
            if run_id is not None and (span := _runs.span_of(run_id)) is not None:
                spans.enter(span)
        return result

    return wrapper
