"""Traces that go through several processes, by the header `traceparent` (W3C Trace Context)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from .. import _core


def get_tracing_context_headers_for_http_request() -> dict[str, str]:
    """Headers for a request made here: `{"traceparent": …}`, or nothing outside of a trace."""
    current = _core.current_parent()
    value = None if current is None else current.traceparent
    return {} if value is None else {"traceparent": value}


@contextmanager
def set_tracing_context_from_http_request_headers(headers: Mapping[str, str]) -> Iterator[None]:
    """Spans of this block go on with the trace of the request that came with these headers, if it has one."""
    value = next((value for name, value in headers.items() if name.lower() == "traceparent"), None)
    token = None
    if value is not None:
        try:
            token = _core.set_current(_core.RemoteParent(value))
        except ValueError:
            # A header that is not valid means that there is none. Source: W3C Trace Context, "traceparent".
            pass
    try:
        yield
    finally:
        _core.reset_current(token)
