"""Clients of models through the instrumentors of OpenLLMetry and OpenInference."""

from __future__ import annotations

import json
from typing import Any

from provider import Provider
from recorded import Recorded
from stand_in import Events, answering

MESSAGES: Any = [{"role": "user", "content": "Hello there"}]
SAID = "You said: Hello there"
PIECES = ("You said: ", "Hello there")
USAGE = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}


def said(recorded: Recorded, count: int) -> None:
    found = [(call.input[-1].text, call.output[-1].text) for call in recorded.calls()]
    assert found == [("Hello there", SAID)] * count
    assert "secret" not in str(recorded.spans())


def heads(recorded: Recorded) -> list[tuple[str, str, str]]:
    """What each span is, and of which model."""
    return [(span["name"], span["type"], span["model"]) for span in recorded.spans()]


def test_cohere(autolog: Any, recorded: Recorded) -> None:
    import cohere

    autolog("cohere")
    counts = {"input_tokens": 9, "output_tokens": 5}
    usage = {"tokens": counts, "billed_units": counts}
    message = {"role": "assistant", "content": [{"type": "text", "text": SAID}]}
    whole = {"id": "m", "finish_reason": "COMPLETE", "message": message, "usage": usage}
    pieces = [
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": text}}}} for text in PIECES
    ]
    events = [
        {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant", "content": []}}},
        {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
        *pieces,
        {"type": "content-end", "index": 0},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": usage}},
    ]
    answers = {
        "/v2/chat": (whole, Events((event["type"], event) for event in events)),
        "/v2/embed": {"id": "e", "embeddings": {"float": [[0.1, 0.2]]}, "texts": ["Hello"]},
        "/v2/rerank": {"id": "r", "results": [{"index": 0, "relevance_score": 0.9}]},
    }
    with answering(answers) as server:
        client = cohere.ClientV2("secret", base_url=server.url)
        client.chat(model="command-r-plus", messages=MESSAGES)
        for _ in client.chat_stream(model="command-r-plus", messages=MESSAGES):
            pass
        client.embed(model="embed-v4.0", input_type="search_query", texts=["Hello"], embedding_types=["float"])
        client.rerank(model="rerank-v3.5", query="Hello", documents=["a thing"])
    said(recorded, 2)
    assert recorded.tokens() == (18, 10)
    assert heads(recorded) == [
        ("cohere.chat", "CHAT_MODEL", "command-r-plus"),
        ("cohere.chat", "CHAT_MODEL", "command-r-plus"),
        ("cohere.embed", "EMBEDDING", "embed-v4.0"),
        ("cohere.rerank", "RERANKER", "rerank-v3.5"),
    ]


def test_together(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from together import Together

    autolog("together")
    model = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
    client = Together(api_key="secret", base_url=f"{provider.url}/v1")
    client.chat.completions.create(model=model, messages=MESSAGES)
    client.completions.create(model=model, prompt="Hello there")
    said(recorded, 2)
    assert recorded.tokens() == (9 + 2, 5 + 5)
    assert heads(recorded) == [("together.chat", "CHAT_MODEL", model), ("together.completion", "LLM", model)]


def test_replicate(autolog: Any, recorded: Recorded, monkeypatch: Any) -> None:
    import replicate

    autolog("replicate")
    prediction = {
        "id": "p",
        "model": "meta/llama",
        "version": "v",
        "status": "succeeded",
        "input": {"prompt": "Hello there"},
        "output": SAID,
        "urls": {"get": "", "cancel": ""},
        "created_at": "2026-01-01T00:00:00Z",
        "logs": "",
        "error": None,
    }
    with answering({"/predictions": prediction}) as server:
        monkeypatch.setattr(replicate.default_client, "_base_url", server.url)
        monkeypatch.setattr(replicate.default_client, "_api_token", "secret")
        assert replicate.run("meta/llama", input={"prompt": "Hello there"}) == SAID
    assert heads(recorded) == [("replicate.run", "LLM", "meta/llama")]
    [call] = recorded.calls()
    assert (call.input[0].text, call.output[0].text) == ("Hello there", SAID)


def test_writer(autolog: Any, recorded: Recorded) -> None:
    from writerai import Writer

    autolog("writer")
    message = {"role": "assistant", "content": SAID, "refusal": None}
    head = {"id": "c", "created": 1, "model": "palmyra-x5"}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    whole = {**head, "object": "chat.completion", "choices": [choice], "usage": USAGE}
    pieces = Events(
        {
            **head,
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "finish_reason": reason, "delta": {"content": text, "role": "assistant"}}],
            "usage": USAGE if reason else None,
        }
        for text, reason in zip(PIECES, (None, "stop"), strict=True)
    )
    answers = {"/chat": (whole, pieces), "/completions": {"choices": [{"text": SAID}], "model": "palmyra-x5"}}
    with answering(answers) as server:
        client = Writer(api_key="secret", base_url=server.url)
        client.chat.chat(model="palmyra-x5", messages=MESSAGES)
        for _ in client.chat.chat(model="palmyra-x5", messages=MESSAGES, stream=True):
            pass
        client.completions.create(model="palmyra-x5", prompt="Hello there")
    said(recorded, 3)
    assert recorded.tokens() == (18, 10)
    assert heads(recorded)[1:] == [
        ("writerai.chat", "CHAT_MODEL", "palmyra-x5"),
        ("writerai.completions", "LLM", "palmyra-x5"),
    ]


def test_voyageai(autolog: Any, recorded: Recorded) -> None:
    import voyageai

    autolog("voyageai")
    vector = {"object": "embedding", "embedding": [0.1, 0.2], "index": 0}
    rank = {"index": 0, "relevance_score": 0.9}
    answers = {
        "/embeddings": {"object": "list", "data": [vector], "model": "voyage-3", "usage": {"total_tokens": 2}},
        "/rerank": {"object": "list", "data": [rank], "model": "rerank-2", "usage": {"total_tokens": 7}},
    }
    with answering(answers) as server:
        client = voyageai.Client(api_key="secret", base_url=server.url)
        client.embed(["Hello"], model="voyage-3")
        client.rerank("Hello", ["a thing"], model="rerank-2")
    assert heads(recorded) == [("voyageai.embed", "EMBEDDING", "voyage-3"), ("voyageai.rerank", "RERANKER", "rerank-2")]
    assert recorded.tokens() == (9, 0)
    assert "secret" not in str(recorded.spans())


def test_alephalpha(autolog: Any, recorded: Recorded) -> None:
    from aleph_alpha_client import Client, CompletionRequest, Prompt

    autolog("alephalpha")
    answer = {
        "completions": [{"completion": SAID, "finish_reason": "maximum_tokens"}],
        "model_version": "1",
        "num_tokens_prompt_total": 9,
        "num_tokens_generated": 5,
    }
    with answering({"/complete": answer}) as server:
        request = CompletionRequest(prompt=Prompt.from_text("Hello there"), maximum_tokens=8)
        Client(token="secret", host=server.url).complete(request, model="luminous-base")
    said(recorded, 1)
    assert heads(recorded) == [("alephalpha.completion", "LLM", "luminous-base")]
    assert recorded.tokens() == (9, 5)


def test_sagemaker(autolog: Any, recorded: Recorded) -> None:
    import boto3

    autolog("sagemaker")
    answer = [{"generated_text": SAID}]
    with answering({"/endpoints/llama/invocations": answer}) as server:
        client = boto3.client(
            "sagemaker-runtime",
            region_name="us-east-1",
            endpoint_url=server.url,
            aws_access_key_id="x",
            aws_secret_access_key="secret",
        )
        asked = {"EndpointName": "llama", "ContentType": "application/json"}
        reply = client.invoke_endpoint(**asked, Body=json.dumps({"inputs": "Hello there"}))
        assert json.loads(reply["Body"].read()) == answer
    assert heads(recorded) == [("sagemaker.completion", "LLM", "llama")]
    [span] = recorded.spans()
    assert (span["inputs"], span["outputs"]) == ({"inputs": "Hello there"}, answer)


def test_portkey(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    from portkey_ai import Portkey

    autolog("portkey")
    Portkey(api_key="secret", base_url=f"{provider.url}/v1").chat.completions.create(
        model="gpt-4o-mini", messages=MESSAGES
    )
    said(recorded, 1)
    assert heads(recorded) == [("Completions", "LLM", "gpt-4o-mini")]
    assert recorded.tokens() == (9, 5)
    assert recorded.dollars() > 0
