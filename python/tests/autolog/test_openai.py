"""OpenAI's client in every form of call."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fanlight
import openai
import pytest
from conventions.calls import of_request
from pydantic import BaseModel

from provider import Provider
from recorded import Recorded

MESSAGES: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello there"}]
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]
WITH_USAGE: Any = {"stream_options": {"include_usage": True}}
ASK: Any = {"model": "gpt-4o-mini", "messages": MESSAGES}


class Answer(BaseModel):
    answer: str


@pytest.fixture
def client(provider: Provider, autolog: Any) -> openai.OpenAI:
    autolog("openai")
    return openai.OpenAI(base_url=f"{provider.url}/v1", max_retries=0)


@pytest.fixture
def async_client(provider: Provider, autolog: Any) -> openai.AsyncOpenAI:
    autolog("openai")
    return openai.AsyncOpenAI(base_url=f"{provider.url}/v1", max_retries=0)


def stream(client: openai.OpenAI) -> None:
    for _ in client.chat.completions.create(**ASK, stream=True, **WITH_USAGE):
        pass


def stream_of_helper(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(**ASK, **WITH_USAGE) as events:
        for _ in events:
            pass


def stream_of_tools(client: openai.OpenAI) -> None:
    for _ in client.chat.completions.create(**ASK, stream=True, tools=TOOLS, **WITH_USAGE):
        pass


def raw_stream(client: openai.OpenAI) -> None:
    for _ in client.chat.completions.with_raw_response.create(**ASK, stream=True, **WITH_USAGE).parse():
        pass


def late_response(client: openai.OpenAI) -> None:
    with client.chat.completions.with_streaming_response.create(**ASK) as response:
        response.parse()


def two_turns(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(**ASK, tools=TOOLS)
    call = first.choices[0].message.tool_calls[0]  # type: ignore[index]
    result = {"role": "tool", "tool_call_id": call.id, "content": "18 C"}
    client.chat.completions.create(
        model="gpt-4o-mini", messages=[*MESSAGES, first.choices[0].message, result], tools=TOOLS
    )


FORMS = {
    "create": lambda client: client.chat.completions.create(**ASK),
    "tools": lambda client: client.chat.completions.create(**ASK, tools=TOOLS),
    "two turns": two_turns,
    "parse": lambda client: client.chat.completions.parse(**ASK, response_format=Answer),
    "raw": lambda client: client.chat.completions.with_raw_response.create(**ASK).parse(),
    "late": late_response,
    "stream": stream,
    "stream of helper": stream_of_helper,
    "stream of tools": stream_of_tools,
    "raw stream": raw_stream,
}


@pytest.mark.parametrize("form", FORMS)
def test_messages_tokens_and_dollars_are_those_the_provider_saw(
    form: str, client: openai.OpenAI, provider: Provider, recorded: Recorded
) -> None:
    FORMS[form](client)
    made = [of_request(request) for request in provider.requests]
    assert recorded.calls() == made
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))
    assert recorded.dollars() == pytest.approx(sum(call.cost for call in made), rel=1e-9)
    assert {span["name"] for span in recorded.spans()} == {"Completions"}


async def test_async_twins(async_client: openai.AsyncOpenAI, provider: Provider, recorded: Recorded) -> None:
    await async_client.chat.completions.create(**ASK)
    async for _ in await async_client.chat.completions.create(**ASK, stream=True, **WITH_USAGE):
        pass
    async with async_client.chat.completions.stream(**ASK, **WITH_USAGE) as events:
        async for _ in events:
            pass
    assert recorded.calls() == [of_request(request) for request in provider.requests]
    assert {span["name"] for span in recorded.spans()} == {"AsyncCompletions"}


async def test_an_asynchronous_response_that_is_read_late(
    async_client: openai.AsyncOpenAI, provider: Provider, recorded: Recorded
) -> None:
    async with async_client.chat.completions.with_streaming_response.create(**ASK) as response:
        await response.parse()
    async with async_client.chat.completions.with_streaming_response.create(
        **ASK, stream=True, **WITH_USAGE
    ) as response:
        async for _ in await response.parse():
            pass
    assert recorded.calls() == [of_request(request) for request in provider.requests]


async def test_calls_at_the_same_time_stay_apart(
    async_client: openai.AsyncOpenAI, provider: Provider, recorded: Recorded
) -> None:
    async def ask(number: int) -> None:
        message: Any = [{"role": "user", "content": f"[slow:50] number {number}"}]
        await async_client.chat.completions.create(model="gpt-4o-mini", messages=message)

    await asyncio.gather(*map(ask, range(10)))
    assert len(recorded.rows()) == 10
    made = sorted((of_request(request) for request in provider.requests), key=str)
    assert sorted(recorded.calls(), key=str) == made


def test_the_stream_stays_what_it_is(client: openai.OpenAI, recorded: Recorded) -> None:
    stream = client.chat.completions.create(**ASK, stream=True)
    assert type(stream) is openai.Stream
    stream.close()


def test_a_stream_closed_early_has_what_came(client: openai.OpenAI, recorded: Recorded) -> None:
    with client.chat.completions.create(**ASK, stream=True) as chunks:
        next(chunks)
        next(chunks)
        assert recorded.rows() == []
    span = recorded.span("Completions")
    assert (span["status"]["code"], span["messages"]["output"][0]["parts"][0]["content"]) == ("OK", "You ")


def test_a_stream_that_is_dropped_ends_its_span(client: openai.OpenAI, recorded: Recorded) -> None:
    next(client.chat.completions.create(**ASK, stream=True))
    gc.collect()
    assert recorded.span("Completions")["status"]["code"] == "OK"


def test_a_stream_that_is_cut_is_an_error(client: openai.OpenAI, recorded: Recorded) -> None:
    message: Any = [{"role": "user", "content": "[cut] Hello there you"}]
    with pytest.raises(openai.APIConnectionError):
        for _ in client.chat.completions.create(model="gpt-4o-mini", messages=message, stream=True):
            pass
    assert recorded.row()["state"] == "ERROR"


def test_an_error_is_the_applications_own(client: openai.OpenAI, recorded: Recorded) -> None:
    message: Any = [{"role": "user", "content": "[error:429]"}]
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="gpt-4o-mini", messages=message)
    span = recorded.span("Completions")
    assert span["status"]["code"] == "ERROR"
    assert "429" in span["status"]["message"]


async def test_a_call_that_is_cancelled_is_an_error(async_client: openai.AsyncOpenAI, recorded: Recorded) -> None:
    message: Any = [{"role": "user", "content": "[slow:2000]"}]
    task = asyncio.create_task(async_client.chat.completions.create(model="gpt-4o-mini", messages=message))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert recorded.row()["state"] == "ERROR"


def test_the_first_token_of_a_stream_has_a_time(client: openai.OpenAI, recorded: Recorded) -> None:
    stream(client)
    assert 0 < recorded.span("Completions")["time_to_first_token_ms"] < 5000


def test_responses(client: openai.OpenAI, recorded: Recorded) -> None:
    client.responses.create(model="gpt-4o-mini", input="Hello there", instructions="Be brief.")
    for _ in client.responses.create(model="gpt-4o-mini", input="Hello there", stream=True):
        pass
    with client.responses.stream(model="gpt-4o-mini", input="Hello there") as events:
        for _ in events:
            pass
    first, second, third = recorded.calls()
    assert [message.text for message in first.input] == ["Be brief.", "Hello there"]
    assert first.output[0].text == second.output[0].text == third.output[0].text == "You said: Hello there"
    assert (first.input_tokens, first.output_tokens) == (15, 5)
    assert (second.input_tokens, second.output_tokens) == (third.input_tokens, third.output_tokens) == (12, 5)


def test_embeddings_have_tokens_and_no_vectors(client: openai.OpenAI, recorded: Recorded) -> None:
    client.embeddings.create(model="text-embedding-3-small", input=["hello", "world"])
    span = recorded.span("Embeddings")
    assert span["outputs"]["data"][1] == {"index": 1, "object": "embedding", "dimensions": 8}
    assert span["tokens"]["input"] == 2
    assert recorded.dollars() == pytest.approx(2 * 0.02 / 1e6)


def test_plain_completions_and_images(client: openai.OpenAI, recorded: Recorded) -> None:
    client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Hello there")
    client.images.generate(model="gpt-image-1", prompt="a dot")
    completion, image = recorded.spans()
    assert completion["messages"]["output"][0]["parts"][0]["content"] == "You said: Hello there"
    assert completion["tokens"]["input"] == 2
    assert (image["type"], image["outputs"]["data"][0]["b64_json"]) == ("TOOL", "[69 bytes]")


def test_threads_stay_apart(client: openai.OpenAI, provider: Provider, recorded: Recorded) -> None:
    def ask(number: int) -> None:
        with fanlight.start_span(f"thread {number}"):
            message: Any = [{"role": "user", "content": f"number {number}"}]
            client.chat.completions.create(model="gpt-4o-mini", messages=message)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert len(recorded.rows()) == 8
    assert sorted(recorded.tree()) == sorted(
        line for number in range(8) for line in (f"thread {number} UNKNOWN", "  Completions CHAT_MODEL")
    )
