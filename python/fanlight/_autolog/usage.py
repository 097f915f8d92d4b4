"""Tokens of a call, whoever counted them, under the names of MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_INPUT = ("input_tokens", "prompt_tokens", "prompt_token_count", "inputTokens", "request_tokens")
_OUTPUT = ("output_tokens", "completion_tokens", "candidates_token_count", "outputTokens", "response_tokens")
_TOTAL = ("total_tokens", "total_token_count", "totalTokens")
_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
_CACHE_READ = (
    "cache_read_input_tokens",
    "cached_content_token_count",
    "cacheReadInputTokens",
    "cache_read_tokens",
    "cached_tokens",
    "cache_read",
)
_CACHE_WRITE = (
    "cache_creation_input_tokens",
    "cacheWriteInputTokens",
    "cache_write_tokens",
    "cache_creation",
)


def read(value: Any, name: str) -> Any:
    """A member of a mapping or an attribute of an object."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return value.get(name)
    return getattr(value, name, None)


def token_usage(usage: Any) -> dict[str, int] | None:
    """What a provider said of a call: input, output, total, and what came from its cache or went there."""
    if usage is None:
        return None
    places = [usage, *(read(usage, name) for name in _DETAILS)]
    found = {
        "input_tokens": _first(places[:1], _INPUT),
        "output_tokens": _first(places[:1], _OUTPUT),
        "total_tokens": _first(places[:1], _TOTAL),
        "cache_read_input_tokens": _first(places, _CACHE_READ),
        "cache_creation_input_tokens": _first(places, _CACHE_WRITE),
    }
    counts = {name: count for name, count in found.items() if count is not None}
    if "input_tokens" not in counts and "output_tokens" not in counts:
        return None
    counts.setdefault("input_tokens", 0)
    counts.setdefault("output_tokens", 0)
    counts.setdefault("total_tokens", counts["input_tokens"] + counts["output_tokens"])
    return {name: counts[name] for name in found if name in counts}


def _first(places: list[Any], names: tuple[str, ...]) -> int | None:
    for place in places:
        for name in names:
            count = read(place, name)
            if isinstance(count, int) and not isinstance(count, bool):
                return count
    return None
