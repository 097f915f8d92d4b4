"""OpenAI's client: completions, streams, tools, structured answers, responses, embeddings, errors; also asynchronous."""

import asyncio

import mlflow
import openai
import pydantic

mlflow.openai.autolog()
client = openai.OpenAI(max_retries=0)

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def asked(text):
    return [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]


client.chat.completions.create(model="gpt-4o-mini", messages=asked("Why?"), temperature=0.5)
client.chat.completions.create(model="gpt-4o-mini", messages=asked("Weather in Paris?"), tools=[WEATHER])
list(client.chat.completions.create(model="gpt-4o-mini", messages=asked("Stream!"), stream=True))


class Answer(pydantic.BaseModel):
    text: str


client.chat.completions.parse(
    model="gpt-4o-mini", messages=asked('[say:{"text": "because"}]'), response_format=Answer
)
client.responses.create(model="gpt-4o-mini", input="Why?")
client.embeddings.create(model="text-embedding-3-small", input=["one", "two"])

try:
    client.chat.completions.create(model="gpt-4o-mini", messages=asked("[error:429]"))
except openai.RateLimitError:
    pass


@mlflow.trace
def answer(question):
    return client.chat.completions.create(model="gpt-4o-mini", messages=asked(question)).choices[0].message.content


answer("Nested?")


async def later():
    async with openai.AsyncOpenAI(max_retries=0) as client:
        with mlflow.start_span("both"):
            await asyncio.gather(
                client.chat.completions.create(model="gpt-4o-mini", messages=asked("One?")),
            )


asyncio.run(later())
