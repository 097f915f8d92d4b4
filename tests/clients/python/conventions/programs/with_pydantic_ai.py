"""A Pydantic AI agent with a tool."""

import os

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"18 degrees in {city}, sunny"


def run() -> None:
    provider = OpenAIProvider(base_url=os.environ["FAKELLM_URL"] + "/v1", api_key="none")
    model = OpenAIChatModel("gpt-4o-mini", provider=provider)
    agent = Agent(model, instructions="Be brief.", tools=[get_weather], name="weather_agent")
    agent.run_sync("How is the weather in Paris?")
