"""Functions of every kind, called in each other, with and without errors."""

import asyncio
import math

import mlflow
from mlflow.entities import SpanType


@mlflow.trace
def add(a, b=2, *more, scale=1, **named):
    return (a + b + sum(more)) * scale


@mlflow.trace(name="look up", span_type=SpanType.RETRIEVER, attributes={"source": "wiki", "pages": 3})
def look_up(question):
    return [{"page_content": f"about {question}", "metadata": {"rank": rank}} for rank in range(2)]


@mlflow.trace(span_type="CUSTOM")
def nothing():
    pass


@mlflow.trace(span_type=SpanType.TOOL)
def fail(message):
    raise ValueError(message)


@mlflow.trace
def count(to):
    for number in range(to):
        add(number)
        yield number


@mlflow.trace(output_reducer=lambda words: " ".join(words))
def speak(words):
    yield from words


@mlflow.trace(span_type=SpanType.AGENT)
async def agent(question):
    found = look_up(question)
    answers = await asyncio.gather(tool(1), tool(2))
    return {"question": question, "documents": len(found), "answers": sorted(answers)}


@mlflow.trace(span_type=SpanType.TOOL)
async def tool(number):
    await asyncio.sleep(0.01 * number)
    return number * 10


@mlflow.trace
async def stream(to):
    for number in range(to):
        yield {"delta": number}


class Shop:
    @mlflow.trace
    def price(self, name, *, currency="EUR"):
        return f"{len(name)} {currency}"

    @classmethod
    @mlflow.trace
    def named(cls, name):
        return name.upper()

    @staticmethod
    @mlflow.trace
    def total(prices):
        return sum(prices)


async def consume():
    return [item async for item in stream(3)]


add(1)
add(1, 5, 7, 9, scale=2, unit="cm")
add(b=1, a=2)
look_up("why")
nothing()
try:
    fail("no")
except ValueError:
    pass
list(count(2))
list(speak(["a", "b"]))
asyncio.run(agent("how"))
asyncio.run(consume())
Shop().price("tea", currency="USD")
Shop.named("x")
Shop.total([1, 2.5])
mlflow.trace(math.pow)(2, 3)
mlflow.trace(lambda x: x * 2, name="double")(4)
with mlflow.start_span("outer"):
    add(1, 2)
    try:
        fail("inside")
    except ValueError:
        pass
