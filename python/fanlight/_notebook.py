"""Traces in notebooks: a cell shows those it made, a trace and the result of a search show themselves. As the server's
own page in a frame, or, when it does not answer, as HTML made of what is in this process."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence
from typing import Any

from . import _core, _hooks
from ._trace_html import frame_of, tree_of
from .entities import Span, Trace, TraceData, TraceInfo, TraceLocation

_MAX_SHOWN = 10
# How long a cell waits for its spans to arrive at a server that answers, and to be encoded.
_SEND_SECONDS = 3.0
_ENCODE_SECONDS = 3.0

_is_on = True
_is_watching = False
# As many as spans are kept of.
_made: deque[str] = deque(maxlen=2_000)


def html_of(traces: Sequence[Trace]) -> str:
    """The page of a single trace in a frame, where there is a server to ask; else, and for several, self-contained
    HTML: trees that open, with links to the server's pages."""
    if len(traces) == 1 and _is_server_there():
        return frame_of(traces[0])
    return "".join(tree_of(trace) for trace in traces[:_MAX_SHOWN]) + _more(len(traces))


def _more(count: int) -> str:
    return f"<p>… and {count - _MAX_SHOWN} more</p>" if count > _MAX_SHOWN else ""


def _is_server_there() -> bool:
    try:
        return _core.request("GET", "/health", None, 1.0)[0] == 200
    except ConnectionError:
        return False


def _shell() -> Any:
    """The running IPython, if there is one; nothing is imported for it."""
    ipython: Any = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def enable() -> None:
    """After each cell, the traces that it made are shown."""
    global _is_on, _is_watching
    _is_on = True
    shell = _shell()
    if shell is None:
        return
    _core.keep_spans(True)
    if not _is_watching:
        _is_watching = True
        _hooks.on_trace_end(_trace_ended)
        shell.events.register("post_run_cell", _show)


def disable() -> None:
    global _is_on
    _is_on = False
    _core.keep_spans(False)


def _trace_ended(trace_id: str) -> None:
    if _is_on:
        _made.append(trace_id)


def _show(*_: Any) -> None:
    made = list(_made)
    _made.clear()
    if not made or not _is_on:
        return
    from IPython.display import HTML, display  # pyright: ignore

    for html in _pages_of(made):
        display(HTML(html))


def _pages_of(made: list[str]) -> list[str]:
    """What a cell that made these traces shows. Those that are not sampled are left out."""
    # A server that is away must not hold up the cell, nor spoil it.
    is_sent = _is_server_there() and _core.flush(_SEND_SECONDS) is None
    kept: dict[str, list[Span]] = {}
    for span in _core.take_kept_spans(made, _ENCODE_SECONDS):
        kept.setdefault(span.trace_id, []).append(span)
    shown = [id for id in made if id in kept]
    pages: list[str] = []
    for trace_id in shown[:_MAX_SHOWN]:
        trace = _asked_for(trace_id) if is_sent else None
        if trace is None:
            pages.append(tree_of(_made_of(kept[trace_id]), f"not at {_core.server_url()} yet"))
        else:
            pages.append(frame_of(trace))
    return [*pages, more] if (more := _more(len(shown))) else pages


def _asked_for(trace_id: str) -> Trace | None:
    from ._traces import get_trace
    from .exceptions import MlflowException

    try:
        return get_trace(trace_id, silent=True, flush=False)
    except MlflowException:
        return None


def _made_of(spans: list[Span]) -> Trace:
    """A trace as this process knows it."""
    known = {span.span_id for span in spans}
    root = next(span for span in reversed(spans) if span.parent_id not in known)
    took = None if root.end_time_ns is None else (root.end_time_ns - root.start_time_ns) // 1_000_000
    info = TraceInfo(
        root.trace_id,
        TraceLocation("0"),
        root.start_time_ns // 1_000_000,
        "ERROR" if root.status.status_code.value == "ERROR" else "OK",
        execution_duration=took,
        tags={"mlflow.traceName": root.name},
    )
    return Trace(info, TraceData(spans))
