"""Anthropic's client in every form of call."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest
from conventions.calls import of_request

from provider import Provider
from recorded import Recorded

ASK: Any = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 100,
    "system": "Be brief.",
    "messages": [{"role": "user", "content": "Hello there"}],
}
TOOLS: Any = [
    {
        "name": "get_weather",
        "description": "Weather.",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
]


@pytest.fixture
def client(provider: Provider, autolog: Any) -> anthropic.Anthropic:
    autolog("anthropic")
    return anthropic.Anthropic(base_url=provider.url, max_retries=0)


def stream_of_create(client: anthropic.Anthropic) -> None:
    for _ in client.messages.create(**ASK, stream=True):
        pass


def stream_of_text(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ASK) as stream:
        for _ in stream.text_stream:
            pass


def stream_to_the_message(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ASK) as stream:
        stream.get_final_message()


def stream_of_tools(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ASK, tools=TOOLS) as stream:
        stream.until_done()


FORMS = {
    "create": lambda client: client.messages.create(**ASK),
    "tools": lambda client: client.messages.create(**ASK, tools=TOOLS),
    "beta": lambda client: client.beta.messages.create(**ASK),
    "raw": lambda client: client.messages.with_raw_response.create(**ASK).parse(),
    "stream of create": stream_of_create,
    "stream of text": stream_of_text,
    "stream to the message": stream_to_the_message,
    "stream of tools": stream_of_tools,
}


@pytest.mark.parametrize("form", FORMS)
def test_messages_tokens_and_dollars_are_those_the_provider_saw(
    form: str, client: anthropic.Anthropic, provider: Provider, recorded: Recorded
) -> None:
    FORMS[form](client)
    made = [of_request(request) for request in provider.requests]
    assert recorded.calls() == made
    assert recorded.dollars() == pytest.approx(sum(call.cost for call in made), rel=1e-9)
    assert recorded.span("Messages.create")["provider"] == "anthropic"


async def test_async_twins(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    autolog("anthropic")
    client = anthropic.AsyncAnthropic(base_url=provider.url, max_retries=0)
    await client.messages.create(**ASK)
    async for _ in await client.messages.create(**ASK, stream=True):
        pass
    async with client.messages.stream(**ASK) as stream:
        async for _ in stream.text_stream:
            pass
    assert recorded.calls() == [of_request(request) for request in provider.requests]


def test_a_stream_left_early_has_what_came(client: anthropic.Anthropic, recorded: Recorded) -> None:
    with client.messages.stream(**ASK) as stream:
        for _ in stream.text_stream:
            break
    span = recorded.span("Messages.create")
    assert (span["status"]["code"], span["messages"]["output"][0]["parts"][0]["content"]) == ("OK", "You ")


def test_an_error_is_the_applications_own(provider: Provider, client: anthropic.Anthropic, recorded: Recorded) -> None:
    with pytest.raises(anthropic.APIStatusError):
        client.messages.create(**{**ASK, "messages": [{"role": "user", "content": "[error:529]"}]})
    assert recorded.row()["state"] == "ERROR"


def test_thoughts_and_cached_tokens_are_told(recorded: Recorded) -> None:
    """The stand-in neither thinks nor caches: the events are made here."""
    from fanlight._autolog import spans
    from fanlight._autolog.anthropic import Message

    usage = {"input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20, "output_tokens": 1}
    message = {"model": "claude-sonnet-4-5", "role": "assistant", "content": [], "usage": usage}
    collector = Message()
    for event in (
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Yes."}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
    ):
        collector.add(event)
    span = spans.begin("Messages.create", spans.CHAT_MODEL, ASK)
    collector.conclude(span)
    spans.end(span)
    shown = recorded.span("Messages.create")
    assert [part["type"] for part in shown["messages"]["output"][0]["parts"]] == ["reasoning", "text"]
    tokens = shown["tokens"]
    assert (tokens["input"], tokens["output"], tokens["cache_read"], tokens["cache_write"]) == (130, 7, 100, 20)
