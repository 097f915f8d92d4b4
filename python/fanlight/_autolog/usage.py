"""Tokens of a call, whoever counted them, under the names of MLflow."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_INPUT = ("input_tokens", "prompt_tokens", "prompt_token_count", "inputTokens", "inputTokenCount", "request_tokens")
_OUTPUT = (
    "output_tokens",
    "completion_tokens",
    "candidates_token_count",
    "outputTokens",
    "outputTokenCount",
    "response_tokens",
)
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
    if type(value) is dict:  # asked most often, and much faster than the general question
        return value.get(name)
    if isinstance(value, Mapping):
        return value.get(name)
    return getattr(value, name, None)


def token_usage(usage: Any) -> dict[str, int] | None:
    """What a provider said of a call: input, output, total, and what came from its cache or went there."""
    if usage is None:
        return None
    given, made = _count(usage, _INPUT), _count(usage, _OUTPUT)
    if given is None and made is None:
        return None
    given, made = given or 0, made or 0
    total = _count(usage, _TOTAL)
    counts = {"input_tokens": given, "output_tokens": made, "total_tokens": given + made if total is None else total}
    details = next((found for name in _DETAILS if (found := read(usage, name)) is not None), None)
    for name, names in (("cache_read_input_tokens", _CACHE_READ), ("cache_creation_input_tokens", _CACHE_WRITE)):
        count = _count(usage, names)
        if count is None and details is not None:
            count = _count(details, names)
        if count is not None:
            counts[name] = count
    return counts


def _count(usage: Any, names: tuple[str, ...]) -> int | None:
    """The first of the names that is a number."""
    for name in names:
        count = read(usage, name)
        if isinstance(count, int) and not isinstance(count, bool):
            return count
    return None
