"""Frameworks inside frameworks, with everything on: one tree, each call and its tokens once, as the server sums up."""

from __future__ import annotations

from typing import Any

import pytest
from conventions.calls import of_request

from provider import Provider
from recorded import Recorded


def once(provider: Provider, recorded: Recorded, calls: int) -> None:
    """Frameworks call models and clients by names of their own; the sums are the provider's."""
    made = [of_request(request) for request in provider.requests]
    assert len(made) == calls
    assert len(recorded.rows()) == 1
    assert len(recorded.calls()) == calls
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))
    assert recorded.dollars() == pytest.approx(sum(call.cost for call in made), rel=1e-9)


def kinds(recorded: Recorded) -> list[str]:
    """Of all but steps in between."""
    found = [line.strip().rpartition(" ")[2] for line in recorded.tree()]
    return [kind for kind in found if kind not in ("CHAIN", "PARSER", "UNKNOWN")]


def predict(provider: Provider) -> str:
    """DSPy asks through LiteLLM, which asks through OpenAI's client."""
    import dspy

    model = dspy.LM("openai/gpt-4o-mini", api_base=f"{provider.url}/v1", api_key="x", cache=False)
    with dspy.context(lm=model, adapter=dspy.ChatAdapter(use_json_adapter_fallback=False)):
        try:
            return str(dspy.Predict("question -> answer")(question="What?").answer)
        except Exception:  # the stand-in does not answer in DSPy's form, which is no matter here
            return "18 C"


ALL = ("openai", "litellm", "dspy", "llama_index", "autogen", "haystack", "smolagents", "semantic_kernel", "agno")


async def test_llama_index_over_dspy_over_litellm(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from llama_index.core.agent.workflow import FunctionAgent
    from llama_index.llms.openai import OpenAI

    def get_weather(city: str) -> str:
        """Weather."""
        return predict(provider)

    autolog(*ALL)
    model = OpenAI(model="gpt-4o-mini", api_base=f"{provider.url}/v1", api_key="x")
    await FunctionAgent(tools=[get_weather], llm=model).run("Weather in Paris?")
    assert recorded.tree()[0] == "FunctionAgent.run AGENT"
    assert [kind for kind in kinds(recorded) if kind in ("CHAT_MODEL", "LLM")] == ["CHAT_MODEL"] * 3
    made = [of_request(request) for request in provider.requests]
    assert len(recorded.rows()) == 1
    assert len(made) == 3


async def test_autogen_over_dspy_over_litellm(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    async def get_weather(city: str) -> str:
        """Weather."""
        return predict(provider)

    autolog(*ALL)
    model = OpenAIChatCompletionClient(model="gpt-4o-mini", base_url=f"{provider.url}/v1", api_key="x")
    agent = AssistantAgent("helper", model, tools=[get_weather], reflect_on_tool_use=True)
    await agent.run(task="Weather in Paris?")
    assert kinds(recorded) == ["AGENT", "CHAT_MODEL", "TOOL", "CHAT_MODEL", "CHAT_MODEL"]
    once(provider, recorded, 3)


def test_agno_over_smolagents(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    """An instrumentor's spans above ours."""
    from agno.agent import Agent
    from agno.models.openai import OpenAIChat
    from smolagents import OpenAIModel, ToolCallingAgent

    def get_weather(city: str) -> str:
        """Weather."""
        model = OpenAIModel(model_id="gpt-4o-mini", api_base=f"{provider.url}/v1", api_key="x")
        return str(ToolCallingAgent(tools=[], model=model, max_steps=2, verbosity_level=0).run("Hello there"))

    autolog(*ALL)
    model = OpenAIChat(id="gpt-4o-mini", base_url=f"{provider.url}/v1", api_key="x")
    Agent(model=model, tools=[get_weather], telemetry=False).run("Weather in Paris?")
    assert kinds(recorded) == ["AGENT", "LLM", "TOOL", "AGENT", "CHAT_MODEL", "TOOL", "LLM"]
    once(provider, recorded, 3)


def test_haystack_over_litellm(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    """A component of the application asks a model by itself, on a thread of its own."""
    import threading

    import litellm
    from haystack import Pipeline, component

    @component
    class Asks:
        @component.output_types(answer=str)
        def run(self, question: str) -> dict[str, str]:
            answers: list[str] = []

            def ask() -> None:
                messages = [{"role": "user", "content": question}]
                settings: Any = {"api_base": f"{provider.url}/v1", "api_key": "x"}
                reply: Any = litellm.completion(model="openai/gpt-4o-mini", messages=messages, **settings)
                answers.append(reply.choices[0].message.content)

            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()
            return {"answer": answers[0]}

    autolog(*ALL)
    pipeline = Pipeline()
    pipeline.add_component("asks", Asks())
    pipeline.run({"asks": {"question": "Hello there"}})
    assert recorded.tree() == ["haystack.pipeline.run CHAIN", "  Asks CHAIN", "    litellm-completion LLM"]
    once(provider, recorded, 1)
