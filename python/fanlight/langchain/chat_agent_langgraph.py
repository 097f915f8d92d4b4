"""State and tool node for agents that are LangGraph graphs and speak in chat-agent messages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, TypedDict, cast

from ..entities._wire import list_of
from ..types.agent import ChatAgentMessage


class StateMessage(dict[str, Any]):
    """A chat-agent message in the state of a graph: a dict that also answers as LangChain's messages do, so that
    LangGraph's own conditions (`tools_condition`) see the tool calls."""

    @property
    def type(self) -> str:
        role = str(self.get("role", ""))
        return {"assistant": "ai", "user": "human"}.get(role, role)

    @property
    def content(self) -> Any:
        return self.get("content")

    @property
    def id(self) -> str | None:
        return self.get("id")

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """As LangChain has them: `name`, `args`, `id`."""
        found: list[dict[str, Any]] = []
        for call in list_of(self.get("tool_calls")):
            function: dict[str, Any] = call.get("function") or {}
            try:
                args = json.loads(function.get("arguments") or "{}")
            except ValueError:
                args = {}
            found.append({"name": function.get("name"), "args": args, "id": call.get("id"), "type": "tool_call"})
        return found


def _as_message(message: Any) -> StateMessage:
    """From LangChain's messages, dicts and chat-agent messages."""
    if isinstance(message, StateMessage):
        return message
    if isinstance(message, ChatAgentMessage):
        return _with_id(StateMessage(message.to_dict()))
    if isinstance(message, dict):
        given = cast("dict[str, Any]", message)
        return _with_id(StateMessage({key: value for key, value in given.items() if value is not None}))
    from langchain_core.messages import BaseMessage, convert_to_openai_messages

    if not isinstance(message, BaseMessage):
        raise TypeError(f"{type(message).__name__} is no message")
    found = StateMessage(convert_to_openai_messages(message))
    if message.id:
        found["id"] = message.id
    if message.name:
        found["name"] = message.name
    artifact = getattr(message, "artifact", None)
    if artifact:
        found["attachments"] = artifact
    return _with_id(found)


def _as_messages(given: Any) -> list[StateMessage]:
    several = cast("list[Any]", given) if isinstance(given, (list, tuple)) else [given]
    return [_as_message(each) for each in several]


def _with_id(message: StateMessage) -> StateMessage:
    if not message.get("id"):
        import uuid

        message["id"] = str(uuid.uuid4())
    return message


def add_messages(left: Any, right: Any) -> list[StateMessage]:
    """The reducer of the state: appends, and replaces messages with the same id."""
    merged = _as_messages(left)
    for message in _as_messages(right):
        at = next((at for at, known in enumerate(merged) if known["id"] == message["id"]), None)
        if at is None:
            merged.append(message)
        else:
            merged[at] = message
    return merged


class ChatAgentState(TypedDict, total=False):
    """`messages`, and the application's own `context`, `custom_inputs`, `custom_outputs`."""

    messages: Annotated[list[Any], add_messages]
    context: dict[str, Any] | None
    custom_inputs: dict[str, Any] | None
    custom_outputs: dict[str, Any] | None


def ChatAgentToolNode(tools: Sequence[Any], **options: Any) -> Any:
    """LangGraph's `ToolNode` for this state: runs the tool calls of the last message."""
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import RunnableLambda
    from langgraph.prebuilt.tool_node import ToolNode

    node = ToolNode(tools, **options)

    def with_langchain_messages(state: dict[str, Any]) -> dict[str, Any]:
        last = _as_message(state["messages"][-1])
        message = AIMessage(content=last.content or "", tool_calls=last.tool_calls, id=last.id)
        return {**state, "messages": [message]}

    # Steps of a chain, so that the node keeps its own tracing and configuration.
    return cast(Any, RunnableLambda(with_langchain_messages)) | node
