"""Other clients and agents: Gemini, Mistral, Groq, Bedrock, MCP, the Agents SDK, Pydantic AI."""

from __future__ import annotations

from typing import Any

import pytest
from conventions.calls import of_request
from support import fakellm

from provider import Provider
from recorded import Recorded
from stand_in import Events, answering

SAID = "You said: Hello there"
MESSAGES: Any = [{"role": "user", "content": "Hello there"}]


def texts(recorded: Recorded) -> list[tuple[str, str]]:
    return [(call.input[-1].text, call.output[-1].text) for call in recorded.calls()]


def said(recorded: Recorded, count: int) -> None:
    assert texts(recorded) == [("Hello there", "You said: Hello there")] * count


async def test_gemini(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from google import genai

    autolog("gemini")
    client = genai.Client(api_key="secret", http_options={"base_url": provider.url})
    ask: Any = {"model": "gemini-2.5-flash", "contents": "Hello there"}
    client.models.generate_content(**ask)
    for _ in client.models.generate_content_stream(**ask):
        pass
    client.chats.create(model="gemini-2.5-flash").send_message("Hello there")
    await client.aio.models.generate_content(**ask)
    async for _ in await client.aio.models.generate_content_stream(**ask):
        pass
    said(recorded, 5)
    plans = [fakellm.gemini_plan(request["body"]) for request in provider.requests]
    assert recorded.tokens() == (sum(it.input_tokens for it in plans), sum(it.output_tokens for it in plans))
    assert recorded.dollars() > 0
    assert "secret" not in str(recorded.spans())


def test_gemini_calls_functions_in_between(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from google import genai

    def get_weather(city: str) -> str:
        """Weather."""
        return "18 C"

    autolog("gemini")
    client = genai.Client(api_key="secret", http_options={"base_url": provider.url})
    config: Any = {"tools": [get_weather]}
    client.models.generate_content(model="gemini-2.5-flash", contents="Weather in Paris?", config=config)
    first, second = recorded.calls()
    assert first.output[0].calls[0][0] == "get_weather"
    assert second.output[0].text.startswith("The tool said")
    assert "secret" not in str(recorded.spans())


async def test_gemini_embeddings(autolog: Any, recorded: Recorded) -> None:
    from google import genai

    autolog("gemini")
    vector = {"values": [0.1, 0.2]}
    answers = {":batchEmbedContents": {"embeddings": [vector]}, ":embedContent": {"embedding": vector}}
    with answering(answers) as server:
        client = genai.Client(api_key="secret", http_options={"base_url": server.url})
        ask: Any = {"model": "gemini-embedding-001", "contents": "Hello there"}
        client.models.embed_content(**ask)
        await client.aio.models.embed_content(**ask)
    for span in recorded.spans():
        assert (span["type"], span["model"]) == ("EMBEDDING", "gemini-embedding-001")
        assert span["outputs"] == {"embeddings": [{"dimensions": 2}]}
    assert [span["name"] for span in recorded.spans()] == ["Models.embed_content", "AsyncModels.embed_content"]
    assert "secret" not in str(recorded.spans())


async def test_mistral(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from mistralai.client import Mistral

    autolog("mistral")
    client = Mistral(api_key="x", server_url=provider.url)
    ask: Any = {"model": "mistral-small-latest", "messages": MESSAGES}
    client.chat.complete(**ask)
    with client.chat.stream(**ask) as events:
        for _ in events:
            pass
    await client.chat.complete_async(**ask)
    async for _ in await client.chat.stream_async(**ask):
        pass
    said(recorded, 4)
    usage = fakellm.chat_completion(provider.requests[0]["body"])["usage"]
    # The client does not ask for the tokens of a stream.
    assert recorded.tokens() == (2 * usage["prompt_tokens"], 2 * usage["completion_tokens"])


async def test_other_calls_of_mistral(autolog: Any, recorded: Recorded) -> None:
    from mistralai.client import Mistral

    autolog("mistral")
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    choice = {"index": 0, "message": {"role": "assistant", "content": SAID}, "finish_reason": "stop"}
    whole = {"id": "c", "object": "chat.completion", "model": "codestral-latest", "created": 1, "usage": usage}
    piece = {"index": 0, "delta": {"role": "assistant", "content": SAID}, "finish_reason": "stop"}
    completion = {**whole, "choices": [choice]}
    stream = Events([{**whole, "object": "chat.completion.chunk", "choices": [piece]}, "[DONE]"])
    vector = {"object": "embedding", "embedding": [0.1, 0.2], "index": 0}
    counts = {"prompt_tokens": 2, "completion_tokens": 0, "total_tokens": 2}
    answers = {
        "/agents/completions": (completion, completion),
        "/fim/completions": (completion,),
        "/agents/completions#stream": (stream,),
        "/fim/completions#stream": (stream, stream),
        "/embeddings": {"id": "e", "object": "list", "model": "mistral-embed", "data": [vector], "usage": counts},
    }
    with answering(answers) as server:
        client = Mistral(api_key="secret", server_url=server.url)
        client.agents.complete(agent_id="ag-1", messages=MESSAGES)
        await client.agents.complete_async(agent_id="ag-1", messages=MESSAGES)
        with client.agents.stream(agent_id="ag-1", messages=MESSAGES) as events:
            assert len(list(events)) == 1
        client.fim.complete(model="codestral-latest", prompt="def add(", suffix="return a + b")
        with client.fim.stream(model="codestral-latest", prompt="def add(") as events:
            assert len(list(events)) == 1
        async for _ in await client.fim.stream_async(model="codestral-latest", prompt="def add("):
            pass
        client.embeddings.create(model="mistral-embed", inputs=["Hello"])
    spans = recorded.spans()
    assert [span["name"] for span in spans] == [
        "Agents.complete",
        "Agents.complete_async",
        "Agents.stream",
        "Fim.complete",
        "Fim.stream",
        "Fim.stream_async",
        "Embeddings.create",
    ]
    assert [call.output[0].text for call in recorded.calls()] == [SAID] * 6
    assert [call.input[0].text for call in recorded.calls()] == ["Hello there"] * 3 + ["def add("] * 3
    assert recorded.tokens() == (6 * 9 + 2, 6 * 5)
    assert (spans[-1]["type"], len(spans[-1]["outputs"]["data"])) == ("EMBEDDING", 1)
    assert "secret" not in str(spans)


def test_groq(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from groq import Groq, Stream

    autolog("groq")
    client = Groq(api_key="x", base_url=provider.url)
    ask: Any = {"model": "llama-3.3-70b-versatile", "messages": MESSAGES}
    client.chat.completions.create(**ask)
    stream = client.chat.completions.create(**ask, stream=True)
    assert type(stream) is Stream
    list(stream)
    client.chat.completions.with_raw_response.create(**ask).parse()
    said(recorded, 3)
    assert recorded.spans()[0]["provider"] == "groq"


async def test_other_calls_of_groq(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from groq import AsyncGroq

    autolog("groq")
    client = AsyncGroq(api_key="x", base_url=provider.url)
    ask: Any = {"model": "llama-3.3-70b-versatile", "messages": MESSAGES}
    await client.chat.completions.create(**ask)
    async for _ in await client.chat.completions.create(**ask, stream=True):
        pass
    said(recorded, 2)
    await client.embeddings.create(model="nomic-embed-text-v1_5", input=["hello", "world"])
    span = recorded.span("AsyncEmbeddings")
    assert (span["type"], span["provider"], span["tokens"]["input"]) == ("EMBEDDING", "groq", 2)


async def test_agents_sdk(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    import agents
    import openai

    @agents.function_tool
    def get_weather(city: str) -> str:
        """Weather."""
        return "18 C"

    autolog("openai")
    agents.set_default_openai_client(openai.AsyncOpenAI(base_url=f"{provider.url}/v1"), use_for_tracing=False)
    agent = agents.Agent(name="helper", instructions="Help.", tools=[get_weather], model="gpt-4o-mini")
    await agents.Runner.run(agent, "Weather in Paris?", run_config=agents.RunConfig(group_id="g-1"))
    assert recorded.tree() == [
        "Agent workflow AGENT",
        "  helper AGENT",
        "    Response CHAT_MODEL",
        "    get_weather TOOL",
        "    Response CHAT_MODEL",
    ]
    plans = [fakellm.responses_plan(request["body"]) for request in provider.requests]
    assert recorded.tokens() == (sum(it.input_tokens for it in plans), sum(it.output_tokens for it in plans))
    first, second = recorded.calls()
    assert first.output[0].calls == [("get_weather", {"city": "Paris"})]
    assert second.output[0].text == "The tool said: 18 C"
    assert recorded.row()["session"] == "g-1"
    assert "The tool said: 18 C" in recorded.row()["response_preview"]


async def test_agents_hand_over_and_are_guarded(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    import agents
    import openai

    @agents.input_guardrail
    async def polite(context: Any, agent: Any, asked: Any) -> agents.GuardrailFunctionOutput:
        return agents.GuardrailFunctionOutput(output_info="fine", tripwire_triggered=False)

    @agents.output_guardrail
    async def refused(context: Any, agent: Any, answer: Any) -> agents.GuardrailFunctionOutput:
        return agents.GuardrailFunctionOutput(output_info="too long", tripwire_triggered=True)

    autolog("openai")
    agents.set_default_openai_client(openai.AsyncOpenAI(base_url=f"{provider.url}/v1"), use_for_tracing=False)
    expert: Any = agents.Agent(name="expert", model="gpt-4o-mini", output_guardrails=[refused])
    desk: Any = agents.Agent(name="desk", model="gpt-4o-mini", handoffs=[expert], input_guardrails=[polite])
    with pytest.raises(agents.OutputGuardrailTripwireTriggered):
        await agents.Runner.run(desk, "Hello there")
    assert recorded.tree() == [
        "Agent workflow AGENT",
        "  desk AGENT",
        "    polite GUARDRAIL",
        "    Response CHAT_MODEL",
        "    handoff CHAIN",
        "  expert AGENT",
        "    Response CHAT_MODEL",
        "    refused GUARDRAIL",
    ]
    handoff = recorded.span("handoff")["attributes"]
    assert (handoff["from_agent"], handoff["to_agent"]) == ("desk", "expert")
    assert recorded.span("refused")["attributes"]["triggered"] is True
    assert recorded.span("expert")["status"] == {"code": "ERROR", "message": "Guardrail tripwire triggered"}
    plans = [fakellm.responses_plan(request["body"]) for request in provider.requests]
    assert recorded.tokens() == (sum(it.input_tokens for it in plans), sum(it.output_tokens for it in plans))


@pytest.mark.parametrize("libraries", [["pydantic_ai"], ["pydantic_ai", "openai"]], ids="+".join)
async def test_pydantic_ai(libraries: list[str], provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    autolog(*libraries)
    model = OpenAIChatModel("gpt-4o-mini", provider=OpenAIProvider(base_url=f"{provider.url}/v1", api_key="x"))
    agent = Agent(model, name="helper")

    @agent.tool_plain
    def get_weather(city: str) -> str:
        return "18 C"

    await agent.run("Weather in Paris?")
    assert [line.strip().rpartition(" ")[2] for line in recorded.tree()] == [
        "AGENT",
        "CHAT_MODEL",
        "TOOL",
        "CHAT_MODEL",
    ]
    assert recorded.calls() == [of_request(request) for request in provider.requests]


async def test_mcp(autolog: Any, recorded: Recorded) -> None:
    mcp = pytest.importorskip("mcp", reason="mcp is not installed")
    client_class = getattr(mcp, "Client", None)
    server_class = getattr(__import__("mcp.server", fromlist=["MCPServer"]), "MCPServer", None)
    if client_class is None or server_class is None:
        pytest.skip("this version has no client in memory")
    server = server_class("sums")

    @server.tool()
    def add(a: int, b: int) -> int:
        return a + b

    autolog("mcp")

    @server.prompt()
    def greet(name: str) -> str:
        return f"Greet {name}"

    @server.resource("memory://note")
    def note() -> str:
        return "a note"

    async with client_class(server) as client:
        await client.call_tool("add", {"a": 1, "b": 2})
        await client.get_prompt("greet", {"name": "Ada"})
        await client.read_resource("memory://note")
    span = recorded.span("mcp.call_tool")
    assert (span["type"], span["inputs"]) == ("TOOL", {"name": "add", "arguments": {"a": 1, "b": 2}})
    assert "3" in str(span["outputs"])
    assert "Greet Ada" in str(recorded.span("mcp.get_prompt")["outputs"])
    assert "a note" in str(recorded.span("mcp.read_resource")["outputs"])
