"""Questions to the server. Spans that have ended are sent first, so that an answer knows of them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from . import _core
from .exceptions import MlflowException, RestException

V2 = "/api/2.0/mlflow"
V3 = "/api/3.0/mlflow"

# A read waits that long for spans to arrive.
FLUSH_SECONDS = 10.0
# Answers that say "later", and how often to ask again.
_LATER = (429, 502, 503, 504)
_ATTEMPTS = 4

_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def quote(text: str) -> str:
    """Percent-encoded, for a part of a path or a value of a query."""
    return "".join(chr(byte) if byte in _SAFE else f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))


def query(parameters: Mapping[str, Any]) -> str:
    """`?a=1&b=2`; lists repeat the key, `None` is left out."""
    pairs: list[str] = []
    for key, value in parameters.items():
        values = cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else [value]
        for each in values:
            if each is not None:
                text = str(each).lower() if isinstance(each, bool) else str(each)
                pairs.append(f"{quote(key)}={quote(text)}")
    return "?" + "&".join(pairs) if pairs else ""


def flush() -> None:
    """Spans that have ended are at the server afterwards, if it is there."""
    _core.flush(FLUSH_SECONDS)


def call(method: str, path: str, body: Mapping[str, Any] | None = None, seconds: float = 30.0) -> dict[str, Any]:
    """The JSON answer. Raises `RestException` for an error, `MlflowException` when there is no answer."""
    text = None if body is None else json.dumps(body, ensure_ascii=False)
    status, reply = 0, ""
    for attempt in range(_ATTEMPTS):
        try:
            status, reply = _core.request(method, path, text, seconds)
        except ConnectionError as error:
            raise MlflowException(str(error), "TEMPORARILY_UNAVAILABLE") from None
        if status not in _LATER or attempt == _ATTEMPTS - 1:
            break
        time.sleep(0.1 * 2**attempt)
    if not 200 <= status < 300:
        raise _error(status, reply)
    if not reply.strip():
        return {}
    try:
        found: Any = json.loads(reply)
    except ValueError:
        raise MlflowException(f"the server's answer to {path} is not JSON; is it Fanlight or MLflow?") from None
    return found if isinstance(found, dict) else {"value": found}  # pyright: ignore[reportUnknownVariableType]


def _error(status: int, reply: str) -> RestException:
    try:
        found: Any = json.loads(reply)
        return RestException(str(found["message"]), str(found.get("error_code", status)), status)
    except (ValueError, KeyError, TypeError, AttributeError):
        code = {404: "ENDPOINT_NOT_FOUND", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}.get(status, str(status))
        return RestException(reply.strip()[:300] or f"the server answered {status}", code, status)
