"""LangChain: chains, streams, batches, retrievers, tools, errors, spans of the program around and within."""

import asyncio

import mlflow
from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

mlflow.langchain.autolog()
model = ChatOpenAI(model="gpt-4o-mini", max_retries=0, temperature=0)
prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("user", "{question}")])
chain = prompt | model | StrOutputParser()


class Shelf(BaseRetriever):
    def _get_relevant_documents(self, query, *, run_manager):
        return [Document(page_content=f"about {query}", metadata={"page": 1})]


@tool
def get_weather(city: str) -> str:
    """Weather in a city."""
    return f"{city}: 18 C"


@mlflow.trace
def shout(text):
    return text.upper()


chain.invoke({"question": "Why?"})
"".join(chain.stream({"question": "Stream!"}))
with mlflow.start_span("outer", span_type="AGENT") as span:
    span.set_outputs(chain.invoke({"question": "Nested?"}))
(chain | RunnableLambda(shout)).invoke({"question": "Loud?"})
model.bind_tools([get_weather]).invoke("Weather in Paris?")
get_weather.invoke({"city": "Paris"})
Shelf().invoke("traces")
({"context": Shelf(), "question": RunnablePassthrough()} | ChatPromptTemplate.from_template("{context} {question}") | model).invoke("Documents?")

try:
    chain.invoke({"question": "[error:429]"})
except Exception:
    pass


async def later():
    await chain.ainvoke({"question": "Later?"})


asyncio.run(later())
