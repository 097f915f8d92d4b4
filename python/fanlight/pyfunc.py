"""Base classes of chat agents and chat models: calls of their `predict` are traced."""

from __future__ import annotations

from typing import Any

from ._decorate import wrap
from .types.agent import ChatAgentMessage, ChatAgentRequest, ChatContext
from .types.llm import ChatMessage, ChatParams

__all__ = ["ChatAgent", "ChatModel", "PythonModel", "ResponsesAgent"]


def _traced(cls: type, name: str, span_type: str) -> None:
    method = cls.__dict__.get(name)
    # One that is decorated by hand keeps its name and type.
    if method is None or hasattr(method, "__wrapped__"):
        return
    traced = wrap(
        method,
        name=f"{cls.__name__}.{name}",
        span_type=span_type,
        attributes=None,
        output_reducer=None,
        experiment_id=None,
        sampling_ratio=None,
    )
    setattr(cls, name, traced)


class PythonModel:
    """A model as a class with `predict`."""

    def load_context(self, context: Any) -> None:
        """Called with the model's files, where there are any."""


class ChatAgent(PythonModel):
    """An agent whose `predict` takes messages and gives messages.

    `predict` of a subclass is traced as an `AGENT` span, and may be called with `ChatAgentMessage` objects, with a
    list of dicts, or with one dict: `{"messages": […], "context": …, "custom_inputs": …}`.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("predict", "predict_stream"):
            _traced(cls, name, "AGENT")
            _accept_dicts(cls, name)

    def _convert_messages_to_dict(self, messages: list[Any]) -> list[dict[str, Any]]:
        return [each.to_dict() if hasattr(each, "to_dict") else dict(each) for each in messages]

    def predict(self, messages: Any, context: Any = None, custom_inputs: Any = None) -> Any:
        raise NotImplementedError

    def predict_stream(self, messages: Any, context: Any = None, custom_inputs: Any = None) -> Any:
        raise NotImplementedError


def _accept_dicts(cls: type, name: str) -> None:
    method = cls.__dict__.get(name)
    if method is None:
        return
    import functools

    @functools.wraps(method)
    def call(self: Any, messages: Any, context: Any = None, custom_inputs: Any = None, **more: Any) -> Any:
        if isinstance(messages, dict):
            request = ChatAgentRequest(**messages)
            messages, context = request.messages, context or request.context
            custom_inputs = custom_inputs or request.custom_inputs
        else:
            messages = [ChatAgentMessage(**each) if isinstance(each, dict) else each for each in messages]
        if isinstance(context, dict):
            context = ChatContext(**context)
        given = {"context": context, "custom_inputs": custom_inputs, **more}
        # Agents may leave out what they do not use.
        given = {key: value for key, value in given.items() if value is not None}
        return method(self, messages, **given)

    setattr(cls, name, call)


class ChatModel(PythonModel):
    """A chat model: `predict(context, messages, params)`, traced as a `CHAT_MODEL` span."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("predict", "predict_stream"):
            _traced(cls, name, "CHAT_MODEL")

    def predict(self, context: Any, messages: list[ChatMessage], params: ChatParams | None = None) -> Any:
        raise NotImplementedError


class ResponsesAgent(PythonModel):
    """An agent in the shape of OpenAI's Responses: `predict(request)`, traced as an `AGENT` span."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("predict", "predict_stream"):
            _traced(cls, name, "AGENT")

    def predict(self, request: Any) -> Any:
        raise NotImplementedError
