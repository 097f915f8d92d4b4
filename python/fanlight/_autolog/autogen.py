"""AutoGen: agents and teams, their tools and models."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import chat, spans
from .calls import Call, Method, Wrapping
from .streams import Collector
from .usage import read, token_usage


class _Agent(Method):
    span_type = spans.AGENT
    library = "autogen"

    def name(self, call: Call) -> str:
        return f"{read(call.subject, 'name') or type(call.subject).__name__}.{call.function.__name__}"

    def inputs(self, call: Call) -> Any:
        return {name: value for name, value in call.arguments.items() if name != "cancellation_token"}

    def collector(self, call: Call) -> Collector:
        return _Last()


class _Last:
    """The last piece is the result of the whole run."""

    def __init__(self) -> None:
        self._last: Any = None

    def add(self, piece: Any) -> bool:
        self._last = piece
        return True

    def conclude(self, span: spans.Span) -> None:
        span.set_outputs(self._last)


class _Tool(_Agent):
    span_type = spans.TOOL

    def name(self, call: Call) -> str:
        return str(read(call.subject, "name") or type(call.subject).__name__)

    def inputs(self, call: Call) -> Any:
        return call.arguments.get("args")


class _Model(Method):
    span_type = spans.CHAT_MODEL
    library = "autogen"

    def name(self, call: Call) -> str:
        return f"{type(call.subject).__name__}.{call.function.__name__}"

    def inputs(self, call: Call) -> Any:
        arguments = call.arguments
        return {
            "messages": [message for several in map(_messages, arguments.get("messages") or ()) for message in several]
        }

    def attributes(self, call: Call) -> Mapping[str, Any]:
        tools = [read(tool, "schema") or tool for tool in call.arguments.get("tools") or ()]
        model = read(getattr(call.subject, "_create_args", None), "model")
        return spans.known({spans.MODEL: model, spans.TOOLS: chat.tools(tools), spans.FORMAT: "autogen"})

    def collector(self, call: Call) -> Collector:
        return _Result()

    def conclude(self, span: spans.Span, result: Any) -> None:
        _set_result(span, result)


class _Result(_Last):
    """Texts, and then the result."""

    def conclude(self, span: spans.Span) -> None:
        _set_result(span, self._last)


def _set_result(span: spans.Span, result: Any) -> None:
    content = read(result, "content")
    span.set_outputs({"choices": [{"message": _assistant(content), "finish_reason": read(result, "finish_reason")}]})
    if (usage := token_usage(read(result, "usage"))) is not None:
        span.set_attribute(spans.USAGE, usage)


def _messages(message: Any) -> list[dict[str, Any]]:
    """One message in the shape of chat completions; results of tools are one each."""
    kind, content = read(message, "type"), read(message, "content")
    if kind == "FunctionExecutionResultMessage":
        return [{"role": "tool", "tool_call_id": read(it, "call_id"), "content": read(it, "content")} for it in content]
    if kind == "AssistantMessage":
        return [_assistant(content)]
    role = "system" if kind == "SystemMessage" else "user"
    return [{"role": role, "content": content}]


def _assistant(content: Any) -> dict[str, Any]:
    if not isinstance(content, list):
        return {"role": "assistant", "content": content}
    calls = [
        {
            "id": read(call, "id"),
            "type": "function",
            "function": {"name": read(call, "name"), "arguments": read(call, "arguments")},
        }
        for call in content
    ]
    return {"role": "assistant", "tool_calls": calls}


def install(patches: Wrapping) -> None:
    """Agents and teams. An agent's `run` does not call its `run_stream`, a team's does: then that one is seen twice."""
    for name in ("run", "run_stream"):
        patches.trace(f"autogen_agentchat.agents:BaseChatAgent.{name}", _Agent())
    patches.trace("autogen_agentchat.teams:BaseGroupChat.run_stream", _Agent())


def install_tools(patches: Wrapping) -> None:
    patches.trace("autogen_core.tools:BaseTool.run_json", _Tool())


def _trace_model(patches: Wrapping, path: str) -> None:
    for name in ("create", "create_stream"):
        patches.trace(f"autogen_ext.models.{path}.{name}", _Model())


def install_openai(patches: Wrapping) -> None:
    _trace_model(patches, "openai._openai_client:BaseOpenAIChatCompletionClient")


def install_anthropic(patches: Wrapping) -> None:
    _trace_model(patches, "anthropic._anthropic_client:BaseAnthropicChatCompletionClient")


def install_ollama(patches: Wrapping) -> None:
    _trace_model(patches, "ollama._ollama_client:BaseOllamaChatCompletionClient")
