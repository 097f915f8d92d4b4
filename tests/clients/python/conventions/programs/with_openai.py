"""The OpenAI client: a text, a tool and its result, a stream."""

import os

from openai import OpenAI

MODEL = "gpt-4o-mini"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def run() -> None:
    client = OpenAI(base_url=os.environ["FAKELLM_URL"] + "/v1", api_key="none")
    client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is a fanlight?"}],
    )

    messages: list = [{"role": "user", "content": "How is the weather in Paris?"}]
    answer = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER]).choices[0].message
    messages.append(answer.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}))
    messages.append({"role": "tool", "tool_call_id": answer.tool_calls[0].id, "content": "18 degrees, sunny"})
    client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])

    stream = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Count to three, slowly."}],
        stream=True,
        stream_options={"include_usage": True},
    )
    for _ in stream:
        pass
