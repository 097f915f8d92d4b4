"""Google's frameworks through OpenInference's instrumentors."""

from __future__ import annotations

from typing import Any

import pytest

from recorded import Recorded
from stand_in import answering

SAID = "You said: Hello there"


def gemini(part: dict[str, Any]) -> dict[str, Any]:
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"}


@pytest.mark.parametrize("libraries", [["google_adk"], ["google_adk", "gemini"]], ids="+".join)
async def test_google_adk(libraries: list[str], autolog: Any, recorded: Recorded, monkeypatch: Any) -> None:
    from google.adk.agents import Agent
    from google.adk.runners import InMemoryRunner
    from google.genai.types import Content, Part

    def get_weather(city: str) -> str:
        """Weather."""
        return "18 C"

    autolog(*libraries)
    asked = gemini({"functionCall": {"name": "get_weather", "args": {"city": "Paris"}}})
    with answering({":generateContent": (asked, gemini({"text": "It is 18 C"}))}) as server:
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        monkeypatch.setenv("GOOGLE_API_KEY", "secret")
        agent = Agent(name="helper", model="gemini-2.5-flash", instruction="Help.", tools=[get_weather])
        runner = InMemoryRunner(agent=agent, app_name="app")
        await runner.session_service.create_session(app_name="app", user_id="u", session_id="s-1")
        message = Content(role="user", parts=[Part(text="Weather in Paris?")])
        async for _ in runner.run_async(user_id="u", session_id="s-1", new_message=message):
            pass
    kinds = [line.rpartition(" ")[2] for line in recorded.tree()]
    assert [kind for kind in kinds if kind != "CHAIN"] == ["AGENT", "LLM", "TOOL", "LLM"]
    assert recorded.tokens() == (18, 10)
    assert [call.output[0].calls for call in recorded.calls()] == [[("get_weather", {"city": "Paris"})], []]
    assert recorded.row()["session"] == "s-1"


def test_vertexai(autolog: Any, recorded: Recorded) -> None:
    import vertexai
    from google.auth.credentials import AnonymousCredentials
    from vertexai.generative_models import GenerativeModel

    autolog("vertexai")
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14}
    candidate = {"content": {"role": "model", "parts": [{"text": SAID}]}, "finishReason": "STOP"}
    answer = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"}
    with answering({":generateContent": answer}) as server:
        vertexai.init(
            project="p",
            location="us-central1",
            api_endpoint=server.url,
            api_transport="rest",
            credentials=AnonymousCredentials(),
        )
        GenerativeModel("gemini-2.5-flash").generate_content("Hello there")
    assert recorded.tree() == ["generate_content LLM"]
    [call] = recorded.calls()
    assert (call.input[0].text, call.output[0].text) == ("Hello there", SAID)
    assert recorded.tokens() == (9, 5)
