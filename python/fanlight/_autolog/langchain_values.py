"""Messages, documents and results of LangChain as plain JSON."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from . import chat, spans
from .usage import read, token_usage

_ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant", "HumanMessageChunk": "user"}


def document(document: Any) -> dict[str, Any]:
    """What a retriever found, as MLflow's clients read it."""
    return spans.known(
        {
            "page_content": read(document, "page_content"),
            "metadata": read(document, "metadata"),
            "id": read(document, "id"),
        }
    )


def conversations(batches: Sequence[Sequence[Any]]) -> Any:
    """The messages a model was asked with; LangChain calls once for each conversation."""
    asked = [{"messages": [message(it) for it in batch]} for batch in batches]
    return asked[0] if len(asked) == 1 else asked


def message(given: Any) -> dict[str, Any]:
    """One message in the shape of chat completions."""
    kind = str(read(given, "type") or "user")
    role = read(given, "role") if kind in ("chat", "ChatMessageChunk") else _ROLES.get(kind, kind)
    calls = [_tool_call(call) for call in read(given, "tool_calls") or ()]
    found = {
        "role": role,
        "content": read(given, "content"),
        "name": read(given, "name"),
        "tool_calls": calls or None,
        "tool_call_id": read(given, "tool_call_id"),
    }
    if calls and isinstance(found["content"], list):
        # Providers repeat calls as parts of the content.
        found["content"] = [
            part for part in found["content"] if read(part, "type") not in ("tool_use", "function_call")
        ]
    if calls and not found["content"]:
        found.pop("content")
    return spans.known(found)


def _tool_call(call: Any) -> dict[str, Any]:
    function = {"name": read(call, "name"), "arguments": json.dumps(read(call, "args"), default=str)}
    return {"id": read(call, "id"), "type": "function", "function": function}


def request_attributes(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Model, provider, tools and parameters of a call."""
    parameters = {**(kwargs.get("invocation_params") or {})}
    metadata = kwargs.get("metadata") or {}
    model = metadata.get("ls_model_name") or parameters.get("model") or parameters.get("model_name")
    return spans.known(
        {
            "invocation_params": parameters or None,
            spans.MODEL: model,
            spans.PROVIDER: metadata.get("ls_provider"),
            spans.FORMAT: "langchain",
            spans.TOOLS: chat.tools(parameters.get("tools")),
        }
    )


def answer(response: Any) -> Any:
    """What a model answered: an `LLMResult` as choices."""
    choices = [_choice(generation) for batch in response.generations for generation in batch]
    if choices and all("message" not in choice for choice in choices):
        texts = [choice["text"] for choice in choices]
        return texts[0] if len(texts) == 1 else texts
    return {"choices": choices}


def partial_answer(response: Any) -> Any:
    """What a model answered before it failed; `None` when it said nothing."""
    batches: Any = getattr(response, "generations", None) or []
    has_begun = any(
        read(generation, "text") or read(read(generation, "message"), "tool_calls")
        for batch in batches
        for generation in batch
    )
    return answer(response) if has_begun else None


def _choice(generation: Any) -> dict[str, Any]:
    said = read(generation, "message")
    if said is None:
        return {"text": read(generation, "text")}
    metadata = read(said, "response_metadata") or {}
    reason = metadata.get("finish_reason") or metadata.get("stop_reason")
    return spans.known({"message": message(said), "finish_reason": reason})


def response_attributes(response: Any) -> dict[str, Any]:
    """Tokens and the model that answered."""
    output = response.llm_output or {}
    said = [read(generation, "message") for batch in response.generations for generation in batch]
    first = next((it for it in said if it is not None), None)
    usage = read(first, "usage_metadata") or output.get("token_usage") or output.get("usage")
    metadata = read(first, "response_metadata") or {}
    model = metadata.get("model_name") or metadata.get("model") or output.get("model_name") or output.get("model")
    return spans.known({spans.USAGE: token_usage(usage), spans.MODEL: model})
