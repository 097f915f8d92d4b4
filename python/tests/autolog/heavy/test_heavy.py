"""Libraries that are too large for every run: CrewAI, and two vector stores through OpenLLMetry's instrumentors."""

from __future__ import annotations

import os
from typing import Any

# CrewAI's own telemetry.
os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_TRACING_ENABLED="false")

import pytest
from conventions.calls import of_request

from provider import Provider
from recorded import Recorded


def test_crewai(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from crewai import LLM, Agent, Crew, Task
    from crewai.tools import tool

    @tool("get_weather")
    def get_weather(city: str) -> str:
        """Weather of a city."""
        return "18 C"

    autolog("crewai", "openai")
    model = LLM(model="openai/gpt-4o-mini", base_url=f"{provider.url}/v1", api_key="secret")
    agent = Agent(role="Helper", goal="Help", backstory="Helpful.", llm=model, tools=[get_weather])
    task = Task(description="Weather in Paris?", expected_output="A text.", agent=agent)
    Crew(agents=[agent], tasks=[task]).kickoff()
    assert recorded.tree() == [
        "crew CHAIN",
        "  Task CHAIN",
        "    Helper AGENT",
        "      Completions CHAT_MODEL",
        "      get_weather TOOL",
        "      Completions CHAT_MODEL",
    ]
    assert recorded.calls() == [of_request(request) for request in provider.requests]
    assert "secret" not in str(recorded.spans())


def test_crewai_flow(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    """Steps of a flow, one of which starts a crew, whose tool asks DSPy, which asks through LiteLLM."""
    import dspy
    from crewai import LLM, Agent, Crew, Task
    from crewai.flow.flow import Flow, listen, start
    from crewai.tools import tool

    @tool("get_weather")
    def get_weather(city: str) -> str:
        """Weather of a city."""
        model = dspy.LM("openai/gpt-4o-mini", api_base=f"{provider.url}/v1", api_key="x", cache=False)
        with dspy.context(lm=model):
            return str(model("Hello there")[0])

    class Trip(Flow):
        @start()
        def choose(self) -> str:
            return "Paris"

        @listen(choose)
        def look(self, city: str) -> str:
            model = LLM(model="openai/gpt-4o-mini", base_url=f"{provider.url}/v1", api_key="x")
            agent = Agent(role="Helper", goal="Help", backstory="Helpful.", llm=model, tools=[get_weather])
            task = Task(description=f"Weather in {city}?", expected_output="A text.", agent=agent)
            return Crew(agents=[agent], tasks=[task]).kickoff().raw

    autolog("crewai", "dspy", "litellm", "openai")
    Trip().kickoff()
    assert recorded.tree() == [
        "Trip.kickoff CHAIN",
        "  choose CHAIN",
        "  look CHAIN",
        "    crew CHAIN",
        "      Task CHAIN",
        "        Helper AGENT",
        "          Completions CHAT_MODEL",
        "          get_weather TOOL",
        "            LM.__call__ CHAT_MODEL",
        "          Completions CHAT_MODEL",
    ]
    choose, look = recorded.span("choose"), recorded.span("look")
    assert (choose["outputs"], look["inputs"]) == ("Paris", ["Paris"])
    made = [of_request(request) for request in provider.requests]
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))
    assert len(recorded.rows()) == 1


def test_chroma(autolog: Any, recorded: Recorded) -> None:
    chromadb = pytest.importorskip("chromadb", reason="Chroma has an environment of its own")

    autolog("chromadb")
    collection = chromadb.EphemeralClient().create_collection("things")
    collection.add(ids=["a"], embeddings=[[0.1, 0.2]], documents=["a thing"])
    collection.query(query_embeddings=[[0.1, 0.2]], n_results=1)
    assert [line.partition(" ")[0] for line in recorded.tree() if line.startswith("chroma")] == [
        "chroma.add",
        "chroma.query",
    ]


def test_qdrant(autolog: Any, recorded: Recorded) -> None:
    qdrant = pytest.importorskip("qdrant_client", reason="Qdrant has an environment of its own")

    autolog("qdrant")
    client = qdrant.QdrantClient(":memory:")
    size = qdrant.models.VectorParams(size=2, distance=qdrant.models.Distance.COSINE)
    client.create_collection("things", vectors_config=size)
    client.upsert("things", points=[qdrant.models.PointStruct(id=1, vector=[0.1, 0.2])])
    client.query_points("things", query=[0.1, 0.2])
    assert any(line.startswith("qdrant.") for line in recorded.tree())
