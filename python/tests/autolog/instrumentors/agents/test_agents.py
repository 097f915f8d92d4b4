"""Agent frameworks through OpenInference's instrumentors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from conventions.calls import of_request

from provider import Provider
from recorded import Recorded
from stand_in import answering


def kinds(recorded: Recorded) -> list[str]:
    return [line.rpartition(" ")[2] for line in recorded.tree()]


def completion(content: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": json.dumps(content)}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini"}
    return {**head, "choices": [choice], "usage": usage}


@pytest.mark.parametrize("libraries", [["beeai"], ["beeai", "litellm", "openai"]], ids="+".join)
async def test_beeai(libraries: list[str], autolog: Any, recorded: Recorded, provider: Provider) -> None:
    from beeai_framework.adapters.openai import OpenAIChatModel
    from beeai_framework.agents.tool_calling import ToolCallingAgent
    from beeai_framework.memory import UnconstrainedMemory
    from beeai_framework.tools import tool

    @tool
    def get_weather(city: str) -> str:
        """Weather."""
        return "18 C"

    autolog(*libraries)
    called = {"item": {"name": "get_weather", "parameters": {"city": "Paris"}}}
    final = {"item": {"name": "final_answer", "parameters": {"response": "It is 18 C"}}}
    with answering({"/chat/completions": (completion(called), completion(final))}) as server:
        model = OpenAIChatModel("gpt-4o-mini", api_key="secret", base_url=server.url)
        await ToolCallingAgent(llm=model, tools=[get_weather], memory=UnconstrainedMemory()).run("Weather in Paris?")
    assert kinds(recorded) == ["AGENT", "LLM", "TOOL", "LLM", "TOOL"]
    assert recorded.tokens() == (18, 10)


class ClaudeCode:
    """Speaks what Claude Code's command speaks with the SDK, which asks it for one turn with one tool."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[Any] = asyncio.Queue()

    async def connect(self) -> None:
        pass

    async def write(self, data: str) -> None:
        asked = json.loads(data)
        if asked["type"] == "control_request":
            response = {"subtype": "success", "request_id": asked["request_id"], "response": {"commands": []}}
            await self._said.put({"type": "control_response", "response": response})
        elif asked["type"] == "user":
            for message in [*self._turn(), None]:
                await self._said.put(message)

    @staticmethod
    def _turn() -> list[dict[str, Any]]:
        head = {"role": "assistant", "model": "claude-sonnet-4-5", "usage": {"input_tokens": 9, "output_tokens": 5}}
        call = {"type": "tool_use", "id": "t-1", "name": "Bash", "input": {"command": "ls"}}
        result = {"type": "tool_result", "tool_use_id": "t-1", "content": "a file"}
        told: dict[str, Any] = {
            "is_error": False,
            "num_turns": 2,
            "duration_ms": 10,
            "duration_api_ms": 5,
            "total_cost_usd": 0.0123,
        }
        told |= {"usage": {"input_tokens": 18, "output_tokens": 10}}
        messages: list[dict[str, Any]] = [
            {"type": "system", "subtype": "init", "model": "claude-sonnet-4-5"},
            {"type": "assistant", "message": {**head, "content": [call]}},
            {"type": "user", "message": {"role": "user", "content": [result]}},
            {"type": "assistant", "message": {**head, "content": [{"type": "text", "text": "It is a file"}]}},
            {"type": "result", "subtype": "success", **told, "result": "It is a file"},
        ]
        return [{**message, "session_id": "s-1"} for message in messages]

    async def read_messages(self) -> AsyncIterator[Any]:
        while (message := await self._said.get()) is not None:
            yield message

    async def end_input(self) -> None:
        pass

    async def close(self) -> None:
        pass

    def is_ready(self) -> bool:
        return True


async def test_claude_agent_sdk(autolog: Any, recorded: Recorded) -> None:
    import claude_agent_sdk

    autolog("claude_agent_sdk")
    transport: Any = ClaudeCode()
    async for _ in claude_agent_sdk.query(prompt="What is there?", transport=transport):
        pass
    assert recorded.tree() == ["ClaudeAgentSDK.query AGENT", "  Bash TOOL"]
    assert recorded.tokens() == (18, 10)
    agent, tool = recorded.spans()
    assert (agent["inputs"], agent["outputs"]) == ("What is there?", "It is a file")
    assert (tool["inputs"], tool["outputs"]) == ({"command": "ls"}, "a file")
    assert recorded.row()["session"] == "s-1"


@pytest.mark.parametrize("libraries", [["agentspec"], ["agentspec", "langchain", "openai"]], ids="+".join)
def test_agentspec(libraries: list[str], autolog: Any, recorded: Recorded, provider: Provider) -> None:
    """An agent of the specification, run by LangGraph."""
    from pyagentspec.adapters.langgraph import AgentSpecLoader
    from pyagentspec.agent import Agent
    from pyagentspec.llms import OpenAiCompatibleConfig
    from pyagentspec.property import StringProperty
    from pyagentspec.tools import ServerTool

    autolog(*libraries)
    tool = ServerTool(
        name="get_weather",
        description="Weather",
        inputs=[StringProperty(title="city")],
        outputs=[StringProperty(title="weather")],
    )
    model = OpenAiCompatibleConfig(name="m", model_id="gpt-4o-mini", url=provider.url, api_key="secret")
    agent = Agent(name="helper", system_prompt="Help.", llm_config=model, tools=[tool])
    loaded = AgentSpecLoader(tool_registry={"get_weather": lambda city: "18 C"}).load_component(agent)
    loaded.invoke({"messages": [{"role": "user", "content": "Weather in Paris?"}]})
    made = [of_request(request) for request in provider.requests]
    if libraries == ["agentspec"]:
        assert kinds(recorded) == ["AGENT", "LLM", "TOOL", "LLM"]
        assert [call.output[0].text for call in recorded.calls()] == ["", "The tool said: 18 C"]
        assert recorded.tokens() == (0, 0)
    else:
        assert kinds(recorded).count("CHAT_MODEL") == 2
        assert recorded.calls() == made
        assert recorded.tokens() == (sum(it.input_tokens for it in made), sum(it.output_tokens for it in made))
    assert "secret" not in str(recorded.spans())


@pytest.mark.parametrize("libraries", [["pipecat"], ["pipecat", "openai"]], ids="+".join)
async def test_pipecat(libraries: list[str], provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from pipecat.frames.frames import EndFrame, LLMRunFrame
    from pipecat.pipeline.pipeline import Pipeline
    from pipecat.pipeline.runner import PipelineRunner
    from pipecat.pipeline.worker import PipelineParams, PipelineWorker
    from pipecat.processors.aggregators.llm_context import LLMContext
    from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
    from pipecat.services.openai.llm import OpenAILLMService

    autolog(*libraries)
    pair = LLMContextAggregatorPair(LLMContext([{"role": "user", "content": "Hello there"}]))
    settings = OpenAILLMService.Settings(model="gpt-4o-mini")
    model = OpenAILLMService(api_key="secret", base_url=f"{provider.url}/v1", settings=settings)
    parameters = PipelineParams(enable_metrics=True, enable_usage_metrics=True)
    worker = PipelineWorker(Pipeline([pair.user(), model, pair.assistant()]), params=parameters)

    @pair.assistant().event_handler("on_assistant_turn_stopped")
    async def answered(*args: Any) -> None:
        await worker.queue_frame(EndFrame())

    await worker.queue_frame(LLMRunFrame())
    await PipelineRunner(handle_sigint=False).run(worker)
    assert recorded.tree() == ["pipecat.conversation.turn CHAIN", "  pipecat.llm LLM"]
    [call] = recorded.calls()
    assert (call.input[0].text, call.output[0].text) == ("Hello there", "You said: Hello there")
    assert recorded.tokens() == (9, 5)
