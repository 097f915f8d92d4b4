"""Messages of chat models, in OpenAI's shape."""

from __future__ import annotations

from typing import Any

from ._messages import Message


class FunctionToolCallArguments(Message):
    _fields = {"name": None, "arguments": None}


class ToolCall(Message):
    _fields = {"function": None, "id": None, "type": "function"}
    _nested = {"function": FunctionToolCallArguments}


class ChatMessage(Message):
    """One message of a conversation: `role` and `content`, or `tool_calls`."""

    role: str
    content: Any
    tool_calls: list[ToolCall] | None
    name: str | None
    _fields = {"role": None, "content": None, "refusal": None, "name": None, "tool_calls": None, "tool_call_id": None}
    _required = ("role",)
    _nested = {"tool_calls": ToolCall}


class ChatParams(Message):
    """Parameters of a request; `custom_inputs` are the application's own."""

    custom_inputs: dict[str, Any] | None
    _fields = {
        "temperature": 1.0,
        "max_tokens": None,
        "stop": None,
        "n": 1,
        "stream": False,
        "top_p": None,
        "top_k": None,
        "frequency_penalty": None,
        "presence_penalty": None,
        "custom_inputs": None,
        "tools": None,
    }


class ChatChoice(Message):
    message: ChatMessage
    _fields = {"index": 0, "message": None, "finish_reason": "stop", "logprobs": None}
    _nested = {"message": ChatMessage}


class ChatChoiceDelta(Message):
    _fields = {"role": None, "content": None, "refusal": None, "name": None, "tool_calls": None}


class ChatChunkChoice(Message):
    _fields = {"index": 0, "delta": None, "finish_reason": None, "logprobs": None}
    _nested = {"delta": ChatChoiceDelta}


class TokenUsageStats(Message):
    _fields = {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}


class ChatCompletionResponse(Message):
    """The answer of a chat model: `choices[0].message.content`."""

    choices: list[ChatChoice]
    usage: TokenUsageStats | None
    _fields = {
        "choices": [],
        "usage": None,
        "id": None,
        "model": None,
        "object": "chat.completion",
        "created": None,
        "custom_outputs": None,
    }
    _nested = {"choices": ChatChoice, "usage": TokenUsageStats}


class ChatCompletionChunk(Message):
    _fields = {
        "choices": [],
        "usage": None,
        "id": None,
        "model": None,
        "object": "chat.completion.chunk",
        "created": None,
        "custom_outputs": None,
    }
    _nested = {"choices": ChatChunkChoice, "usage": TokenUsageStats}


class ChatCompletionRequest(ChatParams):
    _fields = {"messages": [], **ChatParams._fields}
    _nested = {"messages": ChatMessage}
