"""Agent frameworks, each with a tool where it has tools; with and without the client below traced too."""

from __future__ import annotations

import gc
import time
from typing import Any

import pytest
from conventions.calls import Call, of_request

from provider import Provider
from recorded import Recorded
from stand_in import Events, answering

MESSAGES: Any = [{"role": "user", "content": "Hello there"}]
MODEL_INFO: Any = {
    "vision": False,
    "function_calling": True,
    "json_output": False,
    "family": "unknown",
    "structured_output": False,
}
OLLAMA = {
    "model": "llama3.2",
    "message": {"role": "assistant", "content": "You said: Hello there"},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 9,
    "eval_count": 5,
}


@pytest.fixture(params=[False, True], ids=["alone", "with the client"])
def turn_on(request: pytest.FixtureRequest, autolog: Any) -> Any:
    def turn_on(*libraries: str) -> None:
        autolog(*libraries, *(["openai"] if request.param else []))

    return turn_on


def check(provider: Provider, recorded: Recorded, has_usage: bool = True) -> list[Call]:
    """Each call once, with its messages; and its tokens, if the framework passes them on."""
    made = [of_request(request) for request in provider.requests]
    assert made
    calls = recorded.calls()
    assert [(call.input, call.output) for call in calls] == [(call.input, call.output) for call in made]
    if has_usage:
        assert calls == made
        assert recorded.dollars() == pytest.approx(sum(call.cost for call in made), rel=1e-9)
    return calls


def kinds(recorded: Recorded) -> list[str]:
    return [line.rpartition(" ")[2] for line in recorded.tree()]


async def test_litellm(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    import litellm

    turn_on("litellm")
    ask: Any = {
        "model": "openai/gpt-4o-mini",
        "messages": MESSAGES,
        "api_base": f"{provider.url}/v1",
        "api_key": "secret",
    }
    litellm.completion(**ask)
    stream = litellm.completion(**ask, stream=True, stream_options={"include_usage": True})
    assert type(stream) is litellm.CustomStreamWrapper
    for _ in stream:
        pass
    await litellm.acompletion(**ask)
    async for _ in await litellm.acompletion(**ask, stream=True, stream_options={"include_usage": True}):
        pass
    check(provider, recorded)
    assert len(recorded.rows()) == 4
    assert "secret" not in str(recorded.spans())


def test_litellm_embeddings(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    import litellm

    turn_on("litellm")
    model = "openai/text-embedding-3-small"
    litellm.embedding(model=model, input=["hello", "world"], api_base=f"{provider.url}/v1", api_key="x")
    [span] = recorded.spans()
    assert (span["type"], span["tokens"]["input"], len(span["outputs"]["data"])) == ("EMBEDDING", 2, 2)


async def test_litellm_text_completions(turn_on: Any, recorded: Recorded) -> None:
    import litellm

    turn_on("litellm")
    model = "text-completion-openai/gpt-3.5-turbo-instruct"
    head = {"id": "c", "object": "text_completion", "created": 1, "model": "gpt-3.5-turbo-instruct"}
    usage = {"prompt_tokens": 2, "completion_tokens": 5, "total_tokens": 7}
    pieces = Events(
        {**head, "choices": [{"index": 0, "text": text, "finish_reason": reason, "logprobs": None}]}
        for text, reason in (("You said: ", None), ("Hello there", None), ("", "stop"))
    )
    pieces.append("[DONE]")
    said = {"index": 0, "text": "You said: Hello there", "finish_reason": "stop", "logprobs": None}
    answers = {"/completions#stream": pieces, "/completions": {**head, "choices": [said], "usage": usage}}
    with answering(answers) as server:
        ask: Any = {"model": model, "prompt": "Hello there", "api_base": server.url, "api_key": "secret"}
        litellm.text_completion(**ask)
        await litellm.atext_completion(**ask)
        for _ in litellm.text_completion(**ask, stream=True):
            pass
        async for _ in await litellm.atext_completion(**ask, stream=True):
            pass
    calls = recorded.calls()
    assert [call.input[0].text for call in calls] == ["Hello there"] * 4
    assert [call.output[0].text for call in calls] == ["You said: Hello there"] * 4
    assert [call.output_tokens for call in calls[:2]] == [5, 5]
    assert len(recorded.rows()) == 4
    assert "secret" not in str(recorded.spans())


def test_litellm_stream_left_early(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    import litellm

    turn_on("litellm")
    stream = litellm.completion(
        model="openai/gpt-4o-mini", messages=MESSAGES, api_base=f"{provider.url}/v1", api_key="x", stream=True
    )
    next(stream)
    del stream
    # LiteLLM's own logging, on another thread, may hold the stream for a while.
    deadline = time.monotonic() + 10
    while not recorded.rows() and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.1)
    assert recorded.span("litellm-completion")["status"]["code"] == "OK"


def test_dspy_tool(autolog: Any, recorded: Recorded) -> None:
    import dspy

    def get_weather(city: str) -> str:
        return f"{city}: 18 C"

    autolog("dspy")
    dspy.Tool(get_weather)(city="Paris")
    span = recorded.span("get_weather")
    assert (span["type"], span["inputs"], span["outputs"]) == ("TOOL", {"city": "Paris"}, "Paris: 18 C")


def test_dspy(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    import dspy

    turn_on("dspy")
    model = dspy.LM("openai/gpt-4o-mini", api_base=f"{provider.url}/v1", api_key="secret", cache=False)
    with dspy.context(lm=model):
        dspy.ChainOfThought("question -> answer")(question="What?")
    assert recorded.tree()[:2] == ["ChainOfThought.forward CHAIN", "  Predict.forward CHAIN"]
    assert kinds(recorded).count("CHAT_MODEL") == len(provider.requests)
    made = [of_request(request) for request in provider.requests]
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))
    assert "secret" not in str(recorded.spans())


def test_dspy_evaluation(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    """Runs on threads of its own."""
    import dspy

    turn_on("dspy")
    model = dspy.LM("openai/gpt-4o-mini", api_base=f"{provider.url}/v1", api_key="secret", cache=False)
    questions = [dspy.Example(question=f"What is {i}?", answer="It").with_inputs("question") for i in range(3)]

    def metric(example: Any, prediction: Any, trace: Any = None) -> bool:
        return True

    with dspy.context(lm=model):
        dspy.Evaluate(devset=questions, metric=metric, num_threads=2)(dspy.Predict("question -> answer"))
    made = [of_request(request) for request in provider.requests]
    assert recorded.tree()[:2] == ["Evaluate.__call__ EVALUATOR", "  Predict.forward CHAIN"]
    assert kinds(recorded).count("CHAT_MODEL") == len(made)
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))
    assert len(recorded.rows()) == 1


def test_dspy_optimizer(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    import dspy

    turn_on("dspy")
    model = dspy.LM("openai/gpt-4o-mini", api_base=f"{provider.url}/v1", api_key="secret", cache=False)
    examples = [dspy.Example(question=f"What is {i}?", answer="It").with_inputs("question") for i in range(2)]
    with dspy.context(lm=model):
        optimizer = dspy.BootstrapFewShot(metric=lambda *args: True, max_bootstrapped_demos=1, max_labeled_demos=1)
        optimizer.compile(dspy.Predict("question -> answer"), trainset=examples)
    assert recorded.tree()[0] == "BootstrapFewShot.compile CHAIN"
    made = [of_request(request) for request in provider.requests]
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))


async def test_llama_index(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai import OpenAI

    turn_on("llama_index")
    model = OpenAI(model="gpt-4o-mini", api_base=f"{provider.url}/v1", api_key="x")
    message = ChatMessage(role="user", content="Hello there")
    model.chat([message])
    await model.achat([message])
    check(provider, recorded)
    for _ in model.stream_chat([message]):
        pass
    async for _ in await model.astream_chat([message]):
        pass
    check(provider, recorded, has_usage=False)


async def test_llama_index_agent(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    import fanlight
    from llama_index.core.agent.workflow import FunctionAgent
    from llama_index.llms.openai import OpenAI

    def get_weather(city: str) -> str:
        """Weather."""
        return fanlight.trace(lambda: "18 C", name="look_out")()

    turn_on("llama_index")
    model = OpenAI(model="gpt-4o-mini", api_base=f"{provider.url}/v1", api_key="x")
    await FunctionAgent(tools=[get_weather], llm=model).run("Weather in Paris?")
    tree = recorded.tree()
    assert tree[0] == "FunctionAgent.run AGENT"
    assert "      look_out UNKNOWN" in tree
    assert len(recorded.rows()) == 1
    assert kinds(recorded).count("CHAT_MODEL") == len(provider.requests) == 2
    assert fanlight.get_current_active_span() is None


def test_llama_index_retriever(autolog: Any, recorded: Recorded) -> None:
    from llama_index.core import Document, VectorStoreIndex
    from llama_index.core.embeddings import MockEmbedding

    index = VectorStoreIndex.from_documents([Document(text="about traces")], embed_model=MockEmbedding(embed_dim=4))
    autolog("llama_index")
    index.as_retriever().retrieve("traces")
    outer = recorded.spans()[0]
    assert outer["type"] == "RETRIEVER"
    assert "about traces" in str(outer["outputs"])


def test_smolagents(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    from smolagents import OpenAIModel, ToolCallingAgent

    turn_on("smolagents")
    model = OpenAIModel(model_id="gpt-4o-mini", api_base=f"{provider.url}/v1", api_key="x")
    ToolCallingAgent(tools=[], model=model, max_steps=2, verbosity_level=0).run("Hello there")
    assert kinds(recorded) == ["AGENT", "CHAT_MODEL", "TOOL"]
    made = [of_request(request) for request in provider.requests]
    assert [call.output for call in recorded.calls()] == [call.output for call in made]
    assert recorded.tokens() == (made[0].input_tokens, made[0].output_tokens)
    assert recorded.dollars() > 0


def test_haystack(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    from haystack import Pipeline
    from haystack.components.builders import ChatPromptBuilder
    from haystack.components.generators.chat import OpenAIChatGenerator
    from haystack.dataclasses import ChatMessage
    from haystack.utils import Secret

    turn_on("haystack")
    pipeline = Pipeline()
    pipeline.add_component("prompt", ChatPromptBuilder(template=[ChatMessage.from_user("Hello {{ who }}")]))
    key = Secret.from_token("x")
    generator = OpenAIChatGenerator(model="gpt-4o-mini", api_base_url=f"{provider.url}/v1", api_key=key)
    pipeline.add_component("model", generator)
    pipeline.connect("prompt.prompt", "model.messages")
    pipeline.run({"prompt": {"who": "there"}})
    assert recorded.tree() == [
        "haystack.pipeline.run CHAIN",
        "  ChatPromptBuilder CHAIN",
        "  OpenAIChatGenerator CHAT_MODEL",
    ]
    check(provider, recorded)


async def test_semantic_kernel(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    import openai
    from semantic_kernel import Kernel
    from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion

    turn_on("semantic_kernel")
    client = openai.AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="x")
    kernel = Kernel()
    kernel.add_service(OpenAIChatCompletion(ai_model_id="gpt-4o-mini", async_client=client))
    await kernel.invoke_prompt("Hello there")
    async for _ in kernel.invoke_prompt_stream("Hello there"):
        pass
    assert kinds(recorded) == ["CHAIN", "CHAIN", "CHAT_MODEL"] * 2
    check(provider, recorded)


async def test_semantic_kernel_function(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    from semantic_kernel import Kernel
    from semantic_kernel.functions import kernel_function

    class Weather:
        @kernel_function(name="get_weather")
        def get_weather(self, city: str) -> str:
            return f"{city}: 18 C"

    turn_on("semantic_kernel")
    kernel = Kernel()
    kernel.add_plugin(Weather(), "weather")
    await kernel.invoke(function_name="get_weather", plugin_name="weather", city="Paris")
    span = recorded.span("weather-get_weather")
    assert (span["type"], span["inputs"], span["outputs"]) == ("TOOL", {"city": "Paris"}, "Paris: 18 C")


async def test_autogen(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    async def get_weather(city: str) -> str:
        """Weather."""
        return "18 C"

    turn_on("autogen")
    model = OpenAIChatCompletionClient(model="gpt-4o-mini", base_url=f"{provider.url}/v1", api_key="x")
    agent = AssistantAgent("helper", model, tools=[get_weather], reflect_on_tool_use=True)
    await agent.run(task="Weather in Paris?")
    assert recorded.tree()[0] == "helper.run AGENT"
    assert kinds(recorded) == ["AGENT", "CHAT_MODEL", "TOOL", "CHAT_MODEL"]
    check(provider, recorded)


async def test_autogen_anthropic(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from autogen_core.models import UserMessage
    from autogen_ext.models.anthropic import AnthropicChatCompletionClient

    autolog("autogen", "anthropic")
    model = AnthropicChatCompletionClient(
        model="claude-sonnet-4-5", base_url=provider.url, api_key="secret", model_info=MODEL_INFO
    )
    message = UserMessage(content="Hello there", source="user")
    await model.create([message])
    async for _ in model.create_stream([message]):
        pass
    assert kinds(recorded) == ["CHAT_MODEL"] * 2
    check(provider, recorded)
    assert "secret" not in str(recorded.spans())


async def test_autogen_ollama(autolog: Any, recorded: Recorded) -> None:
    from autogen_core.models import UserMessage
    from autogen_ext.models.ollama import OllamaChatCompletionClient

    autolog("autogen", "ollama")
    with answering({"/api/chat": OLLAMA}) as server:
        model = OllamaChatCompletionClient(model="llama3.2", host=server.url, model_info=MODEL_INFO)
        await model.create([UserMessage(content="Hello there", source="user")])
    [call] = recorded.calls()
    assert (call.input[0].text, call.output[0].text) == ("Hello there", "You said: Hello there")
    assert recorded.tokens() == (9, 5)


async def test_autogen_team(provider: Provider, turn_on: Any, recorded: Recorded) -> None:
    from autogen_agentchat.agents import AssistantAgent
    from autogen_agentchat.conditions import MaxMessageTermination
    from autogen_agentchat.teams import RoundRobinGroupChat
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    turn_on("autogen")
    model = OpenAIChatCompletionClient(model="gpt-4o-mini", base_url=f"{provider.url}/v1", api_key="x")
    agents: Any = [AssistantAgent("one", model), AssistantAgent("two", model)]
    await RoundRobinGroupChat(agents, termination_condition=MaxMessageTermination(3)).run(task="Hello there")
    assert kinds(recorded) == ["AGENT", "CHAT_MODEL", "CHAT_MODEL"]
    assert len(recorded.rows()) == 1


@pytest.mark.parametrize("with_client", [False, True], ids=["alone", "with the client"])
def test_strands(with_client: bool, provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from strands import Agent, tool
    from strands.models.openai import OpenAIModel

    @tool
    def get_weather(city: str) -> str:
        """Weather."""
        return "18 C"

    autolog("strands", *(["openai"] if with_client else []))
    model = OpenAIModel(client_args={"base_url": f"{provider.url}/v1", "api_key": "x"}, model_id="gpt-4o-mini")
    Agent(model=model, tools=[get_weather], callback_handler=None)("Weather in Paris?")
    assert len(recorded.rows()) == 1
    assert [kind for kind in kinds(recorded) if kind in ("AGENT", "CHAT_MODEL", "TOOL")] == [
        "AGENT",
        "CHAT_MODEL",
        "TOOL",
        "CHAT_MODEL",
    ]
    made = [of_request(request) for request in provider.requests]
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))


@pytest.mark.parametrize("with_client", [False, True], ids=["alone", "with the client"])
def test_agno(with_client: bool, provider: Provider, autolog: Any, recorded: Recorded) -> None:
    """Through its OpenInference instrumentor."""
    from agno.agent import Agent
    from agno.models.openai import OpenAIChat

    def get_weather(city: str) -> str:
        """Weather."""
        return "18 C"

    autolog("agno", *(["openai"] if with_client else []))
    model = OpenAIChat(id="gpt-4o-mini", base_url=f"{provider.url}/v1", api_key="x")
    Agent(model=model, tools=[get_weather], telemetry=False).run("Weather in Paris?")
    assert kinds(recorded) == ["AGENT", "LLM", "TOOL", "LLM"]
    made = [of_request(request) for request in provider.requests]
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))


def test_instructor(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    """Through its OpenInference instrumentor; the call of the model is told by the client."""
    import instructor
    import openai
    from pydantic import BaseModel

    class City(BaseModel):
        city: str

    autolog("instructor", "openai")
    client = instructor.from_openai(openai.OpenAI(base_url=f"{provider.url}/v1", api_key="x"))
    found = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, response_model=City)
    assert found.city == "Paris"
    assert len(recorded.rows()) == 1
    made = [of_request(request) for request in provider.requests]
    assert recorded.tokens() == (made[0].input_tokens, made[0].output_tokens)


def test_ollama(autolog: Any, recorded: Recorded) -> None:
    """Through its OpenLLMetry instrumentor."""
    import ollama

    autolog("ollama")
    with answering({"/api/chat": OLLAMA}) as server:
        ollama.Client(host=server.url).chat(model="llama3.2", messages=MESSAGES)
    [call] = recorded.calls()
    assert (call.input[0].text, call.output[0].text) == ("Hello there", "You said: Hello there")
    assert recorded.tokens() == (9, 5)
