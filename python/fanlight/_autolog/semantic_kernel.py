"""Semantic Kernel: prompts, functions, and the models they ask."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

from . import chat, spans
from .calls import Call, Method, Wrapping
from .streams import Collector
from .usage import read, token_usage


class _Kernel(Method):
    span_type = spans.CHAIN
    library = "semantic_kernel"

    def inputs(self, call: Call) -> Any:
        return {name: _plain(value) for name, value in call.arguments.items() if value is not None}

    def conclude(self, span: spans.Span, result: Any) -> None:
        span.set_outputs(_plain(result))


class _Function(_Kernel):
    """A function of a plugin is a tool; one made of a prompt is a step."""

    def skips(self, call: Call) -> bool:
        return read(call.subject, "is_prompt") is True

    def name(self, call: Call) -> str:
        return str(read(call.subject, "fully_qualified_name") or read(call.subject, "name"))

    def inputs(self, call: Call) -> Any:
        arguments = call.arguments.get("arguments")
        return dict(arguments) if isinstance(arguments, dict) else None


class _Model(Method):
    span_type = spans.CHAT_MODEL
    library = "semantic_kernel"

    def name(self, call: Call) -> str:
        return f"{type(call.subject).__name__}.{call.function.__name__}"

    def inputs(self, call: Call) -> Any:
        arguments = call.arguments
        history = read(arguments.get("chat_history"), "messages") or ()
        return {"messages": [_message(message) for message in history]}

    def attributes(self, call: Call) -> Any:
        return spans.known({spans.MODEL: read(call.subject, "ai_model_id"), spans.FORMAT: "semantic_kernel"})

    def collector(self, call: Call) -> Collector:
        return _Pieces()

    def conclude(self, span: spans.Span, result: Any) -> None:
        _set_answer(span, list(result or ()))


class _Pieces:
    """Pieces of several answers, each with its index."""

    def __init__(self) -> None:
        self._answers: dict[int, Any] = {}

    def add(self, piece: Any) -> bool:
        for part in piece if isinstance(piece, list) else [piece]:
            index = read(part, "choice_index") or 0
            self._answers[index] = self._answers[index] + part if index in self._answers else part
        return True

    def conclude(self, span: spans.Span) -> None:
        _set_answer(span, list(self._answers.values()))


def _set_answer(span: spans.Span, answers: list[Any]) -> None:
    span.set_outputs({"choices": [{"message": _message(answer)} for answer in answers]})
    for answer in answers:
        if (usage := token_usage(read(read(answer, "metadata"), "usage"))) is not None:
            span.set_attribute(spans.USAGE, usage)


def _message(message: Any) -> dict[str, Any]:
    """One message in the shape of chat completions."""
    role = read(message, "role")
    items = read(message, "items") or ()
    calls = [
        {"id": read(it, "id"), "type": "function", "function": {"name": read(it, "name"), "arguments": _arguments(it)}}
        for it in items
        if type(it).__name__ == "FunctionCallContent"
    ]
    results = [it for it in items if type(it).__name__ == "FunctionResultContent"]
    found = {"role": getattr(role, "value", role), "content": read(message, "content"), "tool_calls": calls or None}
    if results:
        found |= {"tool_call_id": read(results[0], "id"), "content": str(read(results[0], "result"))}
    return spans.known(found)


def _arguments(call: Any) -> Any:
    arguments = read(call, "arguments")
    return arguments if isinstance(arguments, str) or arguments is None else dict(arguments)


def _plain(value: Any) -> Any:
    kind = type(value).__name__
    if kind == "FunctionResult":
        return _plain(read(value, "value"))
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if kind.endswith("ChatMessageContent"):
        return _message(value)
    if kind in ("KernelFunctionFromPrompt", "KernelFunctionFromMethod"):
        return read(value, "name")
    return chat.plain(value) if kind in ("KernelArguments",) else str(value) if _is_foreign(value) else value


def _is_foreign(value: Any) -> bool:
    return not isinstance(value, (str, int, float, bool, dict, type(None)))


def install(patches: Wrapping) -> None:
    for name in ("invoke_prompt", "invoke", "invoke_prompt_stream", "invoke_stream"):
        patches.trace(f"semantic_kernel.kernel:Kernel.{name}", _Kernel(f"Kernel.{name}"))
    for name in ("invoke", "invoke_stream"):
        function = "semantic_kernel.functions.kernel_function:KernelFunction"
        patches.trace(f"{function}.{name}", _Function(span_type=spans.TOOL))
    client = "semantic_kernel.connectors.ai.chat_completion_client_base:ChatCompletionClientBase"
    # The inner ones are called once for each request, also when functions are called in between.
    for name in ("get_chat_message_contents", "get_streaming_chat_message_contents"):
        patches.trace(f"{client}.{name}", _Model())
