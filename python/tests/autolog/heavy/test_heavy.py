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


def test_chroma(autolog: Any, recorded: Recorded) -> None:
    chromadb = pytest.importorskip("chromadb")

    autolog("chromadb")
    collection = chromadb.EphemeralClient().create_collection("things")
    collection.add(ids=["a"], embeddings=[[0.1, 0.2]], documents=["a thing"])
    collection.query(query_embeddings=[[0.1, 0.2]], n_results=1)
    assert [line.partition(" ")[0] for line in recorded.tree() if line.startswith("chroma")] == [
        "chroma.add",
        "chroma.query",
    ]


def test_qdrant(autolog: Any, recorded: Recorded) -> None:
    qdrant = pytest.importorskip("qdrant_client")

    autolog("qdrant")
    client = qdrant.QdrantClient(":memory:")
    size = qdrant.models.VectorParams(size=2, distance=qdrant.models.Distance.COSINE)
    client.create_collection("things", vectors_config=size)
    client.upsert("things", points=[qdrant.models.PointStruct(id=1, vector=[0.1, 0.2])])
    client.query_points("things", query=[0.1, 0.2])
    assert any(line.startswith("qdrant.") for line in recorded.tree())
