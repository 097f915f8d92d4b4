"""Several integrations at once: one tree, each call and its tokens once, as the server sums them up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import fanlight
import openai
import pytest
from conventions.calls import of_request
from fanlight._autolog import otel
from fanlight._autolog.calls import Wrapping
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from provider import Provider
from recorded import Recorded

MESSAGES: Any = [{"role": "user", "content": "Hello there"}]


@pytest.fixture
def instrumentor() -> Iterator[None]:
    """OpenInference's, for the client that all below use."""
    patches = Wrapping()
    otel.instrument("openinference.instrumentation.openai:OpenAIInstrumentor", patches)
    yield
    patches.undo()
    forget_instrumentor()


def forget_instrumentor() -> None:
    """What it leaves behind hides patches of the class above."""
    for client in (openai.OpenAI, openai.AsyncOpenAI):
        if "request" in vars(client):
            del client.request


def once(provider: Provider, recorded: Recorded) -> None:
    """All that the provider was asked, and nothing twice."""
    made = [of_request(request) for request in provider.requests]
    assert made
    assert len(recorded.rows()) == 1
    assert recorded.calls() == made
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))
    assert recorded.dollars() == pytest.approx(sum(call.cost for call in made), rel=1e-9)


def model(provider: Provider, **others: Any) -> ChatOpenAI:
    settings: Any = {"model": "gpt-4o-mini", "base_url": f"{provider.url}/v1", "api_key": "x"}
    return ChatOpenAI(**settings, **others)


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
async def test_langchain_over_a_client_that_two_trace(
    way: str, provider: Provider, autolog: Any, recorded: Recorded, instrumentor: None
) -> None:
    autolog("langchain", "openai")
    chat = model(provider, stream_usage=True)
    match way:
        case "invoke":
            chat.invoke("Hello there")
        case "ainvoke":
            await chat.ainvoke("Hello there")
        case "stream":
            list(chat.stream("Hello there"))
        case _:
            _ = [piece async for piece in chat.astream("Hello there")]
    assert recorded.tree() == ["ChatOpenAI CHAT_MODEL"]
    once(provider, recorded)


def test_a_client_that_somebody_else_traces_elsewhere(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    """Their wrapper, which was there first, does not hide calls from us."""
    from openinference.instrumentation.openai import OpenAIInstrumentor
    from opentelemetry.sdk.trace import TracerProvider

    OpenAIInstrumentor().instrument(tracer_provider=TracerProvider())
    try:
        autolog("openai")
        openai.OpenAI(base_url=f"{provider.url}/v1").chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
        once(provider, recorded)
    finally:
        OpenAIInstrumentor().uninstrument()
        forget_instrumentor()


def test_a_tool_of_an_agent_asks_the_client_itself(
    provider: Provider, autolog: Any, recorded: Recorded, instrumentor: None
) -> None:
    from langchain.agents import create_agent

    client = openai.OpenAI(base_url=f"{provider.url}/v1")

    @tool
    def get_weather(city: str) -> str:
        """Weather."""
        with fanlight.start_span("look out"):
            client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
        return "18 C"

    autolog("langchain", "openai")
    with fanlight.start_span("request"):
        create_agent(model(provider), [get_weather]).invoke({"messages": [("user", "Weather in Paris?")]})
    tree = recorded.tree()
    assert tree[0] == "request UNKNOWN"
    assert [line.strip() for line in tree if "CHAIN" not in line][1:] == [
        "ChatOpenAI CHAT_MODEL",
        "get_weather TOOL",
        "look out UNKNOWN",
        "Completions CHAT_MODEL",
        "ChatOpenAI CHAT_MODEL",
    ]
    once(provider, recorded)


async def test_agents_of_two_frameworks(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    """A tool of the Agents SDK runs an agent of Pydantic AI, which has a tool with a chain of LangChain."""
    import agents
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    settings: Any = {"base_url": f"{provider.url}/v1", "api_key": "x"}
    inner = Agent(OpenAIChatModel("gpt-4o-mini", provider=OpenAIProvider(**settings)), name="inner")

    @inner.tool_plain
    async def ask_chain(city: str) -> str:
        return str((await model(provider).ainvoke(f"Hello {city}")).content)

    @agents.function_tool
    async def ask_inner(city: str) -> str:
        """Weather."""
        return (await inner.run(f"Weather in {city}?")).output

    autolog("openai", "pydantic_ai", "langchain")
    agents.set_default_openai_api("chat_completions")
    agents.set_default_openai_client(openai.AsyncOpenAI(**settings), use_for_tracing=False)
    outer: Any = agents.Agent(name="outer", tools=[ask_inner], model="gpt-4o-mini")
    try:
        await agents.Runner.run(outer, "Weather in Paris?")
    finally:
        agents.set_default_openai_api("responses")
    kinds = [line.strip().rpartition(" ")[2] for line in recorded.tree()]
    assert [kind for kind in kinds if kind != "CHAIN"] == [
        "AGENT",
        "AGENT",
        "CHAT_MODEL",
        "TOOL",
        "AGENT",
        "CHAT_MODEL",
        "TOOL",
        "CHAT_MODEL",
        "CHAT_MODEL",
        "CHAT_MODEL",
    ]
    made = [of_request(request) for request in provider.requests]
    assert len(made) == 5
    assert len(recorded.rows()) == 1
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))


async def test_tasks_and_threads_stay_below_their_span(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from concurrent.futures import ThreadPoolExecutor

    autolog("langchain", "openai")
    chat = model(provider)
    client = openai.OpenAI(base_url=f"{provider.url}/v1")

    def ask(number: int) -> None:
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, seed=number)

    with fanlight.start_span("request"):
        await asyncio.gather(*(chat.ainvoke(f"Hello {number}") for number in range(3)), asyncio.to_thread(ask, 3))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(ask, range(2)))
        chat.batch(["Hello", "there"])
    tree = recorded.tree()
    assert tree[0] == "request UNKNOWN"
    assert len(tree) == 1 + 3 + 1 + 2 + 2
    assert all(line.startswith("  ") and "CHAT_MODEL" in line for line in tree[1:])
    made = [of_request(request) for request in provider.requests]
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))
