"""LangChain and LangGraph: one tree, no node twice, threads as sessions."""

from __future__ import annotations

from typing import Any

import fanlight
import pytest
from conventions.calls import of_request
from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from provider import Provider
from recorded import Recorded

CHAIN = [
    "RunnableSequence CHAIN",
    "  ChatPromptTemplate CHAIN",
    "  ChatOpenAI CHAT_MODEL",
    "  StrOutputParser CHAIN",
]
ASKED = {"mood": "brief", "question": "What is a trace?"}
QUESTION: Any = {"messages": [{"role": "user", "content": "Weather in Paris?"}]}


@fanlight.trace
def look_out(city: str) -> str:
    return f"{city}: 18 C"


@tool
def get_weather(city: str) -> str:
    """Weather in a city."""
    return look_out(city)


@pytest.fixture(params=[["langchain"], ["langchain", "openai"]], ids="+".join)
def model(request: pytest.FixtureRequest, provider: Provider, autolog: Any) -> ChatOpenAI:
    """With OpenAI's client traced too, each call is still told once."""
    autolog(*request.param)
    return ChatOpenAI(model="gpt-4o-mini", base_url=f"{provider.url}/v1", max_retries=0, stream_usage=True)


@pytest.fixture
def chain(model: ChatOpenAI) -> Any:
    prompt = ChatPromptTemplate.from_messages([("system", "Be {mood}."), ("user", "{question}")])
    return prompt | model | StrOutputParser()


def graph(model: ChatOpenAI) -> Any:
    def agent(state: Any) -> Any:
        return {"messages": [model.bind_tools([get_weather]).invoke(state["messages"])]}

    builder = StateGraph(MessagesState)
    builder.add_node("agent", RunnableLambda(agent, name="agent"))
    builder.add_node("tools", ToolNode([get_weather]))
    builder.add_edge(START, "agent")
    builder.add_conditional_edges("agent", tools_condition)
    builder.add_edge("tools", "agent")
    return builder.compile()


def check(provider: Provider, recorded: Recorded) -> None:
    made = [of_request(request) for request in provider.requests]
    assert made
    assert recorded.calls() == made
    assert recorded.tokens() == (sum(call.input_tokens for call in made), sum(call.output_tokens for call in made))
    assert recorded.dollars() == pytest.approx(sum(call.cost for call in made), rel=1e-9)


@pytest.mark.parametrize("form", ["invoke", "stream"])
def test_a_chain_is_one_tree(form: str, chain: Any, provider: Provider, recorded: Recorded) -> None:
    if form == "invoke":
        chain.invoke(ASKED)
    else:
        assert "".join(chain.stream(ASKED)) == "You said: What is a trace?"
    assert recorded.tree() == CHAIN
    assert recorded.span("RunnableSequence")["inputs"] == ASKED
    assert recorded.span("RunnableSequence")["outputs"] == "You said: What is a trace?"
    check(provider, recorded)
    assert fanlight.get_current_active_span() is None


async def test_an_asynchronous_chain_leaves_nothing_current(chain: Any, provider: Provider, recorded: Recorded) -> None:
    await chain.ainvoke(ASKED)
    assert fanlight.get_current_active_span() is None
    async for _ in chain.astream(ASKED):
        pass
    assert fanlight.get_current_active_span() is None
    assert recorded.tree() == CHAIN * 2
    check(provider, recorded)


def test_a_batch_is_a_trace_for_each(chain: Any, provider: Provider, recorded: Recorded) -> None:
    chain.batch([ASKED, ASKED])
    assert len(recorded.rows()) == 2
    check(provider, recorded)


def test_a_chain_below_a_span_of_the_application(chain: Any, recorded: Recorded) -> None:
    with fanlight.start_span("outer"):
        chain.invoke(ASKED)
    assert recorded.tree() == ["outer UNKNOWN", *(f"  {line}" for line in CHAIN)]


def test_an_error_is_on_the_model_and_the_chain(model: ChatOpenAI, recorded: Recorded) -> None:
    with pytest.raises(Exception, match="429"):
        (model | StrOutputParser()).invoke("[error:429]")
    assert recorded.row()["state"] == "ERROR"
    assert [span["status"]["code"] for span in recorded.spans()] == ["ERROR", "ERROR"]


GRAPH = [
    "LangGraph CHAIN",
    "  agent CHAIN",
    "    ChatOpenAI CHAT_MODEL",
    "    tools_condition CHAIN",
    "  tools CHAIN",
    "    get_weather TOOL",
    "      look_out UNKNOWN",
    "  agent CHAIN",
    "    ChatOpenAI CHAT_MODEL",
    "    tools_condition CHAIN",
]


def test_a_graph_has_each_node_once_and_its_thread_as_session(
    model: ChatOpenAI, provider: Provider, recorded: Recorded
) -> None:
    graph(model).invoke(QUESTION, {"configurable": {"thread_id": "t-1"}})
    assert recorded.tree() == GRAPH
    assert recorded.row()["session"] == "t-1"
    check(provider, recorded)


async def test_an_asynchronous_graph(model: ChatOpenAI, provider: Provider, recorded: Recorded) -> None:
    async for _ in graph(model).astream(QUESTION):
        pass
    assert recorded.tree() == GRAPH
    check(provider, recorded)


def test_an_agent(model: ChatOpenAI, provider: Provider, recorded: Recorded) -> None:
    agents = pytest.importorskip("langchain.agents", reason="this version of LangChain makes no agents")
    agents.create_agent(model, [get_weather]).invoke(QUESTION)
    assert recorded.tree() == [
        "LangGraph CHAIN",
        "  model CHAIN",
        "    ChatOpenAI CHAT_MODEL",
        "  tools CHAIN",
        "    get_weather TOOL",
        "      look_out UNKNOWN",
        "  model CHAIN",
        "    ChatOpenAI CHAT_MODEL",
    ]
    check(provider, recorded)


def test_documents_of_a_retriever(model: ChatOpenAI, recorded: Recorded) -> None:
    class Finder(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [Document(page_content=f"about {query}", metadata={"source": "memory"})]

    Finder().invoke("traces")
    span = recorded.span("Finder")
    assert (span["type"], span["inputs"]) == ("RETRIEVER", "traces")
    assert span["documents"][0]["content"] == "about traces"
