"""Amazon Bedrock's runtime, in boto3."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from . import chat, spans
from .anthropic import Message
from .calls import Call, Method, Wrapping
from .patching import find
from .streams import Collector, Listing, Watch, observe
from .usage import read, token_usage

_NAMES = {
    "Converse": "converse",
    "ConverseStream": "converse_stream",
    "InvokeModel": "invoke_model",
    "InvokeModelWithResponseStream": "invoke_model_with_response_stream",
}


class _ApiCall(Method):
    """Every call of boto3 goes through one method; only a few are for models."""

    span_type = spans.LLM
    library = "bedrock"

    def skips(self, call: Call) -> bool:
        return _operation(call) not in _NAMES or _service(call.subject) != "bedrock-runtime"

    def name(self, call: Call) -> str:
        return f"BedrockRuntime.{_NAMES[_operation(call)]}"

    def inputs(self, call: Call) -> Any:
        given = dict(call.args[2])
        if "body" in given:
            given["body"] = _json(given["body"])
        return given

    def attributes(self, call: Call) -> Mapping[str, Any]:
        given = call.args[2]
        tools = (given.get("toolConfig") or {}).get("tools") or ()
        known = {spans.MODEL: given.get("modelId"), spans.FORMAT: "bedrock", spans.PROVIDER: "bedrock"}
        return spans.known({**known, spans.TOOLS: chat.tools([_tool(tool) for tool in tools])})

    def streams(self, call: Call, result: Any) -> bool:
        return _operation(call).endswith("Stream")

    def collector(self, call: Call) -> Collector:
        return _Conversation() if _operation(call) == "ConverseStream" else _Chunks()

    def observed(self, stream: Any, watch: Watch) -> Any:
        """The answer holds the stream."""
        place = "stream" if "stream" in stream else "body"
        stream[place] = observe(stream[place], watch)
        return stream

    def conclude(self, span: spans.Span, result: Any) -> None:
        said = {name: value for name, value in result.items() if name != "ResponseMetadata"}
        if "body" in said:
            said = _reread(result)
        _set_response(span, said)


def _operation(call: Call) -> str:
    return str(call.args[1]) if len(call.args) > 2 else ""


def _service(client: Any) -> str | None:
    return getattr(getattr(client, "_service_model", None), "service_name", None)


def _tool(tool: Any) -> Any:
    specification = tool.get("toolSpec") or {}
    schema = (specification.get("inputSchema") or {}).get("json")
    return {"name": specification.get("name"), "description": specification.get("description"), "parameters": schema}


def _json(body: Any) -> Any:
    try:
        return json.loads(body)
    except (TypeError, ValueError):
        return body


def _reread(result: Any) -> Any:
    """The body can be read once: the application gets another one with the same content."""
    content = result["body"].read()
    body_class: Any = find("botocore.response:StreamingBody")
    result["body"] = body_class(io.BytesIO(content), len(content))
    return _json(content)


def _set_response(span: spans.Span, said: Any) -> None:
    span.set_outputs(said)
    if (usage := token_usage(read(said, "usage"))) is not None:
        span.set_attribute(spans.USAGE, usage)


class _Conversation:
    """The events of `converse_stream` as one answer."""

    def __init__(self) -> None:
        self._blocks: dict[int, dict[str, Any]] = {}
        self._arguments: dict[int, str] = {}
        self._answer: dict[str, Any] = {}
        self._role = "assistant"

    def add(self, piece: Any) -> bool:
        for kind, event in piece.items():
            if kind == "messageStart":
                self._role = event.get("role", self._role)
            elif kind == "contentBlockStart" and "toolUse" in (event.get("start") or {}):
                self._blocks[event["contentBlockIndex"]] = {"toolUse": dict(event["start"]["toolUse"])}
            elif kind == "contentBlockDelta":
                self._add_delta(event["contentBlockIndex"], event["delta"])
            elif kind == "messageStop":
                self._answer["stopReason"] = event.get("stopReason")
            elif kind == "metadata":
                self._answer.update({name: event[name] for name in ("usage", "metrics") if name in event})
        return "contentBlockDelta" in piece

    def _add_delta(self, index: int, delta: Mapping[str, Any]) -> None:
        block = self._blocks.setdefault(index, {})
        if "text" in delta:
            block["text"] = block.get("text", "") + delta["text"]
        if "toolUse" in delta:
            self._arguments[index] = self._arguments.get(index, "") + delta["toolUse"].get("input", "")
        if "reasoningContent" in delta:
            thought = block.setdefault("reasoningContent", {"reasoningText": {"text": ""}})["reasoningText"]
            thought["text"] += delta["reasoningContent"].get("text", "")

    def conclude(self, span: spans.Span) -> None:
        for index, text in self._arguments.items():
            self._blocks[index].setdefault("toolUse", {})["input"] = _json(text)
        content = [self._blocks[index] for index in sorted(self._blocks)]
        _set_response(span, {"output": {"message": {"role": self._role, "content": content}}, **self._answer})


class _Chunks:
    """The chunks of a model's own stream, each a piece of JSON: events of Anthropic's, or whatever another model says.
    The last one counts tokens."""

    def __init__(self) -> None:
        self._message = Message()
        self._others = Listing()
        self._is_message = False
        self._usage: dict[str, int] | None = None

    def add(self, piece: Any) -> bool:
        chunk = _json((piece.get("chunk") or {}).get("bytes"))
        counts = read(chunk, "amazon-bedrock-invocationMetrics")
        self._usage = token_usage(counts) or self._usage
        if read(chunk, "type") == "message_start":
            self._is_message = True
        return self._message.add(chunk) if self._is_message else self._others.add(chunk)

    def conclude(self, span: spans.Span) -> None:
        if self._is_message:  # which counts by itself, and what came from a cache too
            self._message.conclude(span)
            return
        self._others.conclude(span)
        if self._usage is not None:
            span.set_attribute(spans.USAGE, self._usage)


def install(patches: Wrapping) -> None:
    patches.trace("botocore.client:BaseClient._make_api_call", _ApiCall())
