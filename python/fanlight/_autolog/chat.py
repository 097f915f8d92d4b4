"""Chat completions, which most providers answer like the first one that had them."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import spans
from .usage import read, token_usage

_CONTENT = frozenset({"messages", "input", "prompt", "tools", "functions", "instructions", "system", "contents"})


def request_attributes(body: Mapping[str, Any], message_format: str | None = "openai") -> dict[str, Any]:
    """Model, tools and parameters of a request."""
    attributes = {name: value for name, value in body.items() if name not in _CONTENT and _is_plain(value)}
    attributes |= spans.known(
        {
            spans.MODEL: body.get("model"),
            spans.FORMAT: message_format,
            spans.TOOLS: tools(body.get("tools")),
        }
    )
    return attributes


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool, Mapping, list)) and value != []


def tools(given: Any) -> list[dict[str, Any]] | None:
    """Definitions of tools in the shape of chat completions, whichever provider's they are."""
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, Mapping)):
        return None
    found = [tool for tool in map(_tool, given) if tool is not None]
    return found or None


def _tool(tool: Any) -> dict[str, Any] | None:
    if not isinstance(tool, Mapping):
        return None
    if isinstance(tool.get("function"), Mapping):
        return {"type": "function", "function": dict(tool["function"])}
    if not isinstance(tool.get("name"), str):
        return None
    function = {
        "name": tool["name"],
        "description": tool.get("description"),
        "parameters": tool.get("parameters") or tool.get("input_schema"),
        "strict": tool.get("strict"),
    }
    return {"type": "function", "function": spans.known(function)}


def plain(value: Any) -> Any:
    """An object of a client library as plain JSON. Its serializer's remarks on parsed content are nobody's business."""
    if hasattr(type(value), "model_dump"):
        try:
            return value.model_dump(mode="json", warnings=False)
        except TypeError:  # pydantic 1 under its later name
            return value.model_dump()
    return value


def conclude(span: spans.Span, response: Any) -> None:
    """What a whole completion says."""
    set_response(span, plain(response))


def set_response(span: spans.Span, response: Any) -> None:
    """The same of plain JSON."""
    span.set_outputs(response)
    if (usage := token_usage(read(response, "usage"))) is not None:
        span.set_attribute(spans.USAGE, usage)
    if model := read(response, "model"):
        span.set_attribute(spans.MODEL, model)


class Completion:
    """The chunks of a chat completion as one."""

    def __init__(self, body: Mapping[str, Any] | None = None) -> None:
        self._whole: dict[str, Any] = {"object": "chat.completion", "choices": []}
        self._choices: dict[int, dict[str, Any]] = {}

    def add(self, piece: Any) -> bool:
        for name in ("id", "created", "model", "system_fingerprint", "service_tier", "usage"):
            if (value := read(piece, name)) is not None:
                self._whole[name] = plain(value)
        speaks = False
        for choice in _listed(read(piece, "choices")):
            speaks = self._add_choice(choice) or speaks
        return speaks

    def _add_choice(self, choice: Any) -> bool:
        index = read(choice, "index") or 0
        whole = self._choices.setdefault(index, {"index": index, "message": {"role": "assistant", "content": None}})
        if (reason := read(choice, "finish_reason")) is not None:
            whole["finish_reason"] = reason
        message, delta = whole["message"], read(choice, "delta")
        if role := read(delta, "role"):
            message["role"] = role
        speaks = False
        for name in ("content", "refusal", "reasoning_content", "reasoning"):
            text = read(delta, name)
            if isinstance(text, str):
                message[name] = (message.get(name) or "") + text
                speaks = speaks or text != ""
        for call in _listed(read(delta, "tool_calls")):
            self._add_tool_call(message, call)
            speaks = True
        if (call := read(delta, "function_call")) is not None:
            _add_function(message.setdefault("function_call", {}), call)
        return speaks

    @staticmethod
    def _add_tool_call(message: dict[str, Any], call: Any) -> None:
        calls: list[dict[str, Any]] = message.setdefault("tool_calls", [])
        index = read(call, "index")
        if index is None:
            index = len(calls) if read(call, "id") else max(len(calls) - 1, 0)
        found: Any = next((known for known in calls if known["index"] == index), None)
        if found is None:
            found = {"index": index, "id": None, "type": "function", "function": {"name": None, "arguments": ""}}
            calls.append(found)
        for name in ("id", "type"):
            if value := read(call, name):
                found[name] = value
        _add_function(found["function"], read(call, "function"))

    def response(self) -> dict[str, Any]:
        choices = [self._choices[index] for index in sorted(self._choices)]
        for choice in choices:
            for call in choice["message"].get("tool_calls", ()):
                call.pop("index", None)
        return {**self._whole, "choices": choices}

    def conclude(self, span: spans.Span) -> None:
        set_response(span, self.response())


def _listed(value: Any) -> Iterable[Any]:
    """Some clients have a word of their own for what is not there."""
    return value if isinstance(value, (list, tuple)) else ()


def _add_function(whole: dict[str, Any], piece: Any) -> None:
    if name := read(piece, "name"):
        whole["name"] = name
    arguments = read(piece, "arguments")
    if isinstance(arguments, str):
        whole["arguments"] = (whole.get("arguments") or "") + arguments
