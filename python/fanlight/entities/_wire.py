"""How ids, times and values are written by the server, and by MLflow."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timezone
from enum import Enum
from typing import Any, cast

Json = dict[str, Any]


class Word(str, Enum):
    def __str__(self) -> str:
        return str(self.value)


def hex_of(text: str | None, length: int) -> str:
    """Ids come as hex or as base64."""
    text = (text or "").removeprefix("tr-").removeprefix("0x")
    if len(text) == length and all(c in "0123456789abcdefABCDEF" for c in text):
        return text.lower()
    try:
        return base64.b64decode(text).hex()
    except ValueError:
        return text


def base64_of(hex_text: str) -> str:
    try:
        return base64.b64encode(bytes.fromhex(hex_text)).decode()
    except ValueError:
        return hex_text


def any_value(value: Json | None) -> Any:
    """OTLP's `AnyValue` in either spelling of its JSON."""
    if not value:
        return None
    kind: str = next(iter(value))
    content: Any = value[kind]
    kind = kind.replace("_", "").lower()
    if kind == "intvalue":
        return int(content)
    if kind == "doublevalue":
        return float(content)
    if kind == "arrayvalue":
        return [any_value(each) for each in _values(content)]
    if kind == "kvlistvalue":
        return key_values(_values(content))
    return content


def _values(content: Json | None) -> list[Json]:
    return (content or {}).get("values", [])


def key_values(entries: list[Json]) -> Json:
    return {entry["key"]: any_value(entry.get("value")) for entry in entries}


def decoded(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def milliseconds_of(time: Any) -> int | None:
    """From RFC 3339, seconds with an `s`, or a number of milliseconds."""
    if time is None:
        return None
    if isinstance(time, (int, float)):
        return int(time)
    text = str(time)
    if text.endswith("s"):
        return round(float(text[:-1]) * 1000)
    # Before 3.11, `fromisoformat` takes neither a `Z` nor any number of digits.
    match = re.fullmatch(r"(.+?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text)
    if not match:
        raise ValueError(f"{text!r} is not a time")
    moment = datetime.fromisoformat(match[1] + ("+00:00" if match[3] == "Z" else match[3]))
    return int(moment.timestamp()) * 1000 + int((match[2] or "0").ljust(3, "0")[:3])


def rfc3339(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds // 1000, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def list_of(entries: Any) -> list[Json]:
    """A list that may be missing."""
    return list(cast("list[Json]", entries or []))


def texts(entries: Any) -> dict[str, str]:
    if isinstance(entries, list):
        return {entry["key"]: entry.get("value", "") for entry in list_of(cast("list[Json]", entries))}
    return dict(entries or {})
