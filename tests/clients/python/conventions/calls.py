"""Calls of models in one plain form: what the providers saw, and what Fanlight shows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import requests
from support import fakellm

# Dollars per million tokens, from the providers' price lists.
PRICES = {
    "gpt-4o-mini": {"input": 0.15, "output": 0.60},
    "o4-mini": {"input": 1.10, "output": 4.40, "cache_read": 0.275},
    "claude-sonnet-4-5": {"input": 3.0, "output": 15.0, "cache_read": 0.30, "cache_write": 3.75},
}
# Parts of input and of output.
PARTS = ("cache_read", "cache_write", "reasoning")


@dataclass
class Message:
    """Text of all parts, one after the other; tools that are called; results that tools gave."""

    role: str
    text: str = ""
    calls: list[tuple[str, dict]] = field(default_factory=list)
    results: list[str] = field(default_factory=list)


@dataclass
class Call:
    model: str
    input: list[Message]
    output: list[Message]
    input_tokens: int
    output_tokens: int
    cost: float
    # Those that are not zero.
    parts: dict[str, int] = field(default_factory=dict)


def call(model: str, asked: list[Message], answered: list[Message], tokens: dict[str, int]) -> Call:
    """`tokens`: input and output with all of their parts, and the parts."""
    rates = PRICES[model]
    parts = {name: tokens[name] for name in PARTS if tokens.get(name)}
    cached = {name: count for name, count in parts.items() if name != "reasoning"}
    cost = (tokens["input"] - sum(cached.values())) * rates["input"] + tokens["output"] * rates["output"]
    cost += sum(count * rates[name] for name, count in cached.items())
    return Call(model, asked, answered, tokens["input"], tokens["output"], round(cost / 1e6, 12), parts)


def of_request(request: dict) -> Call:
    """What a provider was asked, and what it answers to that: the same request has the same answer."""
    body = request["body"]
    if request["path"].endswith("/chat/completions"):
        reply = fakellm.chat_completion(body)
        usage = reply["usage"]
        asked = [of_openai(message) for message in body["messages"]]
        answered = [of_openai(choice["message"]) for choice in reply["choices"]]
        tokens = {
            "input": usage["prompt_tokens"],
            "output": usage["completion_tokens"],
            "cache_read": usage["prompt_tokens_details"]["cached_tokens"],
            "reasoning": usage["completion_tokens_details"]["reasoning_tokens"],
        }
        return call(body["model"], asked, answered, tokens)
    reply = fakellm.messages(body)
    usage = reply["usage"]
    system = body.get("system")
    asked = [Message("system", fakellm.text_of(system))] if system else []
    asked += [of_anthropic(message) for message in body["messages"]]
    answered = [of_anthropic(reply)]
    cached = {"cache_read": usage["cache_read_input_tokens"], "cache_write": usage["cache_creation_input_tokens"]}
    tokens = {"input": usage["input_tokens"] + sum(cached.values()), "output": usage["output_tokens"], **cached}
    return call(body["model"], asked, answered, tokens)


def of_openai(message: dict) -> Message:
    text = fakellm.text_of(message.get("content"))
    if message["role"] == "tool":
        return Message("tool", results=[text])
    calls = [
        (made["function"]["name"], json.loads(made["function"]["arguments"]))
        for made in message.get("tool_calls") or []
    ]
    return Message(message["role"], text, calls)


def of_anthropic(message: dict) -> Message:
    parts = message["content"]
    if isinstance(parts, str):
        return Message(message["role"], parts)
    found = Message(message["role"])
    for part in parts:
        match part["type"]:
            case "text":
                found.text += part["text"]
            case "tool_use":
                found.calls.append((part["name"], part["input"]))
            case "tool_result":
                found.role = "tool"
                found.results.append(fakellm.text_of(part["content"]))
    return found


def shown(url: str, experiment: str) -> tuple[list[Call], list[dict]]:
    """The calls of models in an experiment as Fanlight shows them, oldest first, and the rows of their traces."""
    search = {"experiment_name": experiment}
    found = requests.get(f"{url}/api/2.0/mlflow/experiments/get-by-name", params=search, timeout=20)
    found.raise_for_status()
    number = found.json()["experiment"]["experiment_id"]
    page = requests.post(
        f"{url}/api/v1/traces/search",
        json={"experiments": [number], "order_by": ["timestamp_ms ASC"]},
        timeout=20,
    )
    page.raise_for_status()
    rows = []
    spans = []
    for row in page.json()["traces"]:
        trace = requests.get(f"{url}/api/v1/traces/{row['id']}", timeout=20)
        trace.raise_for_status()
        calls = [span for span in trace.json()["spans"] if is_call(span)]
        spans += calls
        rows += [row] if calls else []
    spans.sort(key=lambda span: int(span["start_ns"]))
    return [of_span(span) for span in spans], rows


def is_call(span: dict) -> bool:
    """Anthropic's client makes spans of its own, which do not say what was said; below LangChain, in traces of their own."""
    return span["type"] in ("LLM", "CHAT_MODEL") and span["messages"]["output"] != []


def of_span(span: dict) -> Call:
    tokens, cost = span["tokens"] or {}, span["cost"] or {}
    return Call(
        span["model"],
        [of_shown(message) for message in span["messages"]["input"]],
        [of_shown(message) for message in span["messages"]["output"]],
        tokens.get("input"),
        tokens.get("output"),
        round(cost["total"], 12) if cost else None,
        {name: tokens[name] for name in PARTS if tokens.get(name)},
    )


def of_shown(message: dict) -> Message:
    found = Message(message["role"])
    for part in message["parts"]:
        match part["type"]:
            case "text":
                found.text += part["content"]
            case "tool_call":
                found.calls.append((part["name"], part["arguments"]))
            case "tool_call_response":
                found.results.append(text_of_result(part["response"]))
            case other:
                found.text += f"<{other}>"
    return found


def text_of_result(response: object) -> str:
    return response if isinstance(response, str) else fakellm.text_of(response) or json.dumps(response)
