"""Bedrock's runtime, against a small stand-in: whole answers, streams, and bodies that can be read once."""

from __future__ import annotations

import base64
import binascii
import json
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest

from recorded import Recorded

USAGE = {"inputTokens": 12, "outputTokens": 5, "totalTokens": 17}
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
ASK: Any = {"modelId": MODEL, "messages": [{"role": "user", "content": [{"text": "Hello there"}]}]}
INVOKED = {
    "role": "assistant",
    "content": [{"type": "text", "text": "You said"}],
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
EVENTS = [
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "You said: "}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hello there"}}),
    ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "t-1", "name": "get_weather"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"city": '}}}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '"Paris"}'}}}),
    ("contentBlockStop", {"contentBlockIndex": 1}),
    ("messageStop", {"stopReason": "end_turn"}),
    ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}}),
]


METRICS = {"amazon-bedrock-invocationMetrics": {"inputTokenCount": 12, "outputTokenCount": 5}}
OF_CLAUDE: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"role": "assistant", "content": [], "usage": {"input_tokens": 12}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "You said: "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello there"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop", **METRICS},
]
OF_TITAN: list[dict[str, Any]] = [{"outputText": "You said: "}, {"outputText": "Hello there", **METRICS}]


def chunk(content: dict[str, Any]) -> bytes:
    return framed("chunk", {"bytes": base64.b64encode(json.dumps(content).encode()).decode()})


def framed(kind: str, payload: dict) -> bytes:
    """One message of the event stream encoding."""
    headers = b""
    for name, value in ((":message-type", "event"), (":event-type", kind), (":content-type", "application/json")):
        headers += bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", len(headers) + len(body) + 16, len(headers))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + headers + body
    return message + struct.pack(">I", binascii.crc32(message))


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        kind = "application/json"
        if self.path.endswith("/converse-stream"):
            kind, content = "application/vnd.amazon.eventstream", b"".join(framed(*event) for event in EVENTS)
        elif self.path.endswith("/converse"):
            message = {"role": "assistant", "content": [{"text": "You said: Hello there"}]}
            content = json.dumps({"output": {"message": message}, "stopReason": "end_turn", "usage": USAGE}).encode()
        elif self.path.endswith("/invoke-with-response-stream"):
            kind = "application/vnd.amazon.eventstream"
            content = b"".join(map(chunk, OF_TITAN if "titan" in self.path else OF_CLAUDE))
        else:
            content = json.dumps(INVOKED).encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def client(autolog: Any) -> Iterator[Any]:
    autolog("bedrock")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        aws_access_key_id="x",
        aws_secret_access_key="secret",
    )
    server.shutdown()


def test_converse(client: Any, recorded: Recorded) -> None:
    client.converse(**ASK)
    [call] = recorded.calls()
    assert (call.input[0].text, call.output[0].text) == ("Hello there", "You said: Hello there")
    assert recorded.tokens() == (12, 5)
    assert recorded.span("BedrockRuntime.converse")["provider"] == "bedrock"


def test_a_stream_is_one_message(client: Any, recorded: Recorded) -> None:
    pieces = list(client.converse_stream(**ASK)["stream"])
    assert len(pieces) == len(EVENTS)
    [call] = recorded.calls()
    assert call.output[0].text == "You said: Hello there"
    assert call.output[0].calls == [("get_weather", {"city": "Paris"})]
    assert recorded.tokens() == (12, 5)


def test_a_body_can_still_be_read(client: Any, recorded: Recorded) -> None:
    asked = {"max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}
    answer = client.invoke_model(modelId=MODEL, body=json.dumps(asked))
    assert json.loads(answer["body"].read()) == INVOKED
    assert recorded.span("BedrockRuntime.invoke_model")["inputs"]["body"] == asked
    assert recorded.tokens() == (3, 2)


def test_the_stream_of_a_model_in_its_own_words(client: Any, recorded: Recorded) -> None:
    asked = {"max_tokens": 10, "messages": [{"role": "user", "content": "Hello there"}]}
    answer = client.invoke_model_with_response_stream(modelId=MODEL, body=json.dumps(asked))
    assert [json.loads(event["chunk"]["bytes"]) for event in answer["body"]] == OF_CLAUDE
    [call] = recorded.calls()
    assert (call.input[0].text, call.output[0].text) == ("Hello there", "You said: Hello there")
    assert recorded.tokens() == (12, 5)


def test_a_stream_of_other_words(client: Any, recorded: Recorded) -> None:
    body = json.dumps({"inputText": "Hello there"})
    answer = client.invoke_model_with_response_stream(modelId="amazon.titan-text-express-v1", body=body)
    assert len(list(answer["body"])) == 2
    span = recorded.span("BedrockRuntime.invoke_model_with_response_stream")
    assert span["inputs"]["body"] == {"inputText": "Hello there"}
    assert span["outputs"] == OF_TITAN
    assert recorded.tokens() == (12, 5)


def test_other_services_leave_no_span(client: Any, recorded: Recorded) -> None:
    other = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=client.meta.endpoint_url,
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    with pytest.raises(Exception):  # noqa: B017
        other.get_caller_identity()
    assert recorded.rows() == []
