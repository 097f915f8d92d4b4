"""LangGraph: a graph with a tool and a conditional edge, streamed and asynchronous, and a thread as a session."""

import asyncio

import mlflow
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode

mlflow.langchain.autolog()
model = ChatOpenAI(model="gpt-4o-mini", max_retries=0)


@mlflow.trace(span_type="RETRIEVER")
def look_out(city):
    return f"{city}: 18 C"


@tool
def get_weather(city: str) -> str:
    """Weather in a city."""
    return look_out(city)


def agent(state):
    return {"messages": [model.bind_tools([get_weather]).invoke(state["messages"])]}


def has_calls(state):
    return "tools" if state["messages"][-1].tool_calls else END


builder = StateGraph(MessagesState)
builder.add_node("agent", agent)
builder.add_node("tools", ToolNode([get_weather]))
builder.add_edge(START, "agent")
builder.add_conditional_edges("agent", has_calls)
builder.add_edge("tools", "agent")
graph = builder.compile()

QUESTION = {"messages": [{"role": "user", "content": "Weather in Paris?"}]}
graph.invoke(QUESTION, {"configurable": {"thread_id": "t-1"}})
for _ in graph.stream(QUESTION):
    pass
with mlflow.start_span("outer"):
    graph.invoke(QUESTION)


async def later():
    await graph.ainvoke(QUESTION)


asyncio.run(later())
