"""smolagents: agents, their models and tools."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from . import chat, spans
from .calls import Call, Method, Wrapping
from .patching import find
from .streams import Collector
from .usage import read, token_usage


class _Agent(Method):
    span_type = spans.AGENT
    library = "smolagents"

    def name(self, call: Call) -> str:
        return f"{type(call.subject).__name__}.run"


class _Tool(Method):
    span_type = spans.TOOL
    library = "smolagents"

    def name(self, call: Call) -> str:
        return str(getattr(call.subject, "name", None) or type(call.subject).__name__)

    def inputs(self, call: Call) -> Any:
        return call.kwargs if not call.args[1:] else call.arguments


class _Model(Method):
    span_type = spans.CHAT_MODEL
    library = "smolagents"

    def name(self, call: Call) -> str:
        return f"{type(call.subject).__name__}.{call.function.__name__}"

    def attributes(self, call: Call) -> Mapping[str, Any]:
        known = {spans.MODEL: getattr(call.subject, "model_id", None), spans.FORMAT: "smolagents"}
        return spans.known(known)

    def inputs(self, call: Call) -> Any:
        return {name: _plain(value) for name, value in call.arguments.items() if value is not None}

    def collector(self, call: Call) -> Collector:
        return _Deltas()

    def conclude(self, span: spans.Span, result: Any) -> None:
        span.set_outputs({"choices": [{"message": _message(result)}]})
        if (usage := token_usage(read(result, "token_usage"))) is not None:
            span.set_attribute(spans.USAGE, usage)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_message(item) if hasattr(item, "role") else _tool_or(item) for item in value]
    return value


def _tool_or(item: Any) -> Any:
    if not hasattr(item, "forward"):
        return item
    return {"name": read(item, "name"), "description": read(item, "description"), "parameters": read(item, "inputs")}


def _message(message: Any) -> dict[str, Any]:
    role = read(message, "role")
    calls = [
        {
            "id": read(call, "id"),
            "type": "function",
            "function": {
                "name": read(read(call, "function"), "name"),
                "arguments": read(read(call, "function"), "arguments"),
            },
        }
        for call in read(message, "tool_calls") or ()
    ]
    text = {"role": getattr(role, "value", role), "content": read(message, "content"), "tool_calls": calls or None}
    return spans.known(text)


class _Deltas(chat.Completion):
    """Pieces that have their content and tokens at the top."""

    def add(self, piece: Any) -> bool:
        delta = {"content": read(piece, "content"), "tool_calls": list(read(piece, "tool_calls") or ())}
        usage = read(piece, "token_usage")
        return super().add({"choices": [{"index": 0, "delta": delta}], "usage": token_usage(usage)})


def install(patches: Wrapping) -> None:
    patches.trace("smolagents.agents:MultiStepAgent.run", _Agent())
    patches.trace("smolagents.tools:Tool.__call__", _Tool())
    for name, model in list(vars(find("smolagents.models") or object).items()):
        # Some classes have a second name.
        if inspect.isclass(model) and model.__module__ == "smolagents.models" and model.__name__ == name:
            for method in ("generate", "generate_stream"):
                if name != "Model" and method in vars(model):
                    patches.trace(f"smolagents.models:{name}.{method}", _Model())
