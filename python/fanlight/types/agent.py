"""Messages of chat agents."""

from __future__ import annotations

from typing import Any

from ._messages import Message
from .llm import ToolCall


class ChatAgentMessage(Message):
    """One message: `role`, `content`, and `tool_calls` of an assistant or `tool_call_id` of a tool."""

    role: str
    content: str | None
    tool_calls: list[ToolCall] | None
    _fields = {
        "role": None,
        "content": None,
        "id": None,
        "name": None,
        "tool_calls": None,
        "tool_call_id": None,
        "attachments": None,
    }
    _required = ("role",)
    _nested = {"tool_calls": ToolCall}


class ChatContext(Message):
    """Whose conversation it is."""

    conversation_id: str | None
    user_id: str | None
    _fields = {"conversation_id": None, "user_id": None}


class ChatAgentRequest(Message):
    messages: list[ChatAgentMessage]
    context: ChatContext | None
    custom_inputs: dict[str, Any] | None
    _fields = {"messages": [], "context": None, "custom_inputs": None, "stream": None}
    _nested = {"messages": ChatAgentMessage, "context": ChatContext}


class ChatAgentResponse(Message):
    """The messages an agent adds to a conversation."""

    messages: list[ChatAgentMessage]
    custom_outputs: dict[str, Any] | None
    _fields = {"messages": [], "finish_reason": None, "custom_outputs": None, "usage": None}
    _nested = {"messages": ChatAgentMessage}


class ChatAgentChunk(Message):
    delta: ChatAgentMessage
    _fields = {"delta": None, "finish_reason": None, "custom_outputs": None, "usage": None}
    _nested = {"delta": ChatAgentMessage}
