"""Anthropic's client: messages, tools, errors; also asynchronous and below a span."""

import asyncio

import anthropic
import mlflow

mlflow.anthropic.autolog()
client = anthropic.Anthropic(max_retries=0)
ASKED = {"model": "claude-sonnet-4-5", "max_tokens": 100}
WEATHER = {
    "name": "get_weather",
    "description": "Weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}

client.messages.create(messages=[{"role": "user", "content": "Why?"}], system="Be brief.", **ASKED)
client.messages.create(messages=[{"role": "user", "content": "Weather in Paris?"}], tools=[WEATHER], **ASKED)
with mlflow.start_span("outer"):
    client.messages.create(messages=[{"role": "user", "content": [{"type": "text", "text": "Nested?"}]}], **ASKED)

try:
    client.messages.create(messages=[{"role": "user", "content": "[error:500]"}], **ASKED)
except anthropic.APIStatusError:
    pass


async def later():
    async with anthropic.AsyncAnthropic(max_retries=0) as client:
        await client.messages.create(messages=[{"role": "user", "content": "Later?"}], **ASKED)


asyncio.run(later())
