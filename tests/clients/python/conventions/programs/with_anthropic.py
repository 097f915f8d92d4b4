"""The Anthropic client: a text, a tool and its result."""

import os

from anthropic import Anthropic

MODEL = "claude-sonnet-4-5"
WEATHER = {
    "name": "get_weather",
    "description": "The weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def run() -> None:
    client = Anthropic(base_url=os.environ["FAKELLM_URL"], api_key="none")
    client.messages.create(
        model=MODEL,
        max_tokens=100,
        system="Be brief.",
        messages=[{"role": "user", "content": "What is a fanlight?"}],
    )

    messages: list = [{"role": "user", "content": "How is the weather in Paris?"}]
    answer = client.messages.create(model=MODEL, max_tokens=100, messages=messages, tools=[WEATHER])
    call = next(part for part in answer.content if part.type == "tool_use")
    messages.append({"role": "assistant", "content": [part.model_dump(exclude_none=True) for part in answer.content]})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "18 degrees, sunny"}
    messages.append({"role": "user", "content": [result]})
    client.messages.create(model=MODEL, max_tokens=100, messages=messages, tools=[WEATHER])
