"""LangChain's agent, which is a LangGraph graph, with a tool; and a chain with another provider."""

import os

from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

URL = os.environ["FAKELLM_URL"]


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"18 degrees in {city}, sunny"


def run() -> None:
    model = ChatOpenAI(model="gpt-4o-mini", base_url=f"{URL}/v1", api_key="none")
    agent = create_agent(model, [get_weather], system_prompt="Be brief.")
    agent.invoke({"messages": [{"role": "user", "content": "How is the weather in Paris?"}]})

    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("user", "What is a {thing}?")])
    claude = ChatAnthropic(model="claude-sonnet-4-5", base_url=URL, api_key="none", max_tokens=100)
    (prompt | claude | StrOutputParser()).invoke({"thing": "fanlight"})
