"""Traces in notebooks: the server's own page in a frame, and a plain tree that needs no server.

What traces hold comes from anywhere: all of it is escaped.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from . import _core, _hooks
from .entities import Span, Trace

_MAX_SHOWN = 10
_is_on = True
_is_watching = False
_made: list[str] = []


def _escape(text: Any) -> str:
    found = str(text)
    for raw, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        found = found.replace(raw, safe)
    return found


def html_of(traces: Sequence[Trace]) -> str:
    """The page of a single trace in a frame, where there is a server to ask; else, and for several, self-contained
    HTML: trees that open, with links to the server's pages."""
    if len(traces) == 1:
        return frame_of(traces[0]) if _is_server_there() else _html(traces[0])
    return "".join(_html(trace) for trace in traces[:_MAX_SHOWN]) + (
        f"<p>… and {len(traces) - _MAX_SHOWN} more</p>" if len(traces) > _MAX_SHOWN else ""
    )


def _is_server_there() -> bool:
    try:
        return _core.request("GET", "/health", None, 1.0)[0] == 200
    except ConnectionError:
        return False


def page_of(trace: Trace) -> str:
    """The address of a trace's page."""
    experiment, id = trace.info.experiment_id, trace.info.trace_id
    return f"{_core.server_url()}/#/experiments/{experiment}/traces/{id}"


def _html(trace: Trace) -> str:
    children: dict[str | None, list[Span]] = {}
    known = {span.span_id for span in trace.data.spans}
    for span in trace.data.spans:
        children.setdefault(span.parent_id if span.parent_id in known else None, []).append(span)
    title = trace.info.tags.get("mlflow.traceName") or trace.info.trace_id
    rows = "".join(_tree(span, children) for span in children.get(None, []))
    return (
        '<div style="font:13px system-ui,sans-serif;border:1px solid #8884;border-radius:6px;padding:8px;margin:4px 0">'
        f"<b>{_escape(title)}</b> {_escape(trace.info.state.value)}"
        f' <a href="{_escape(page_of(trace))}" target="_blank" rel="noopener">open</a>{rows}</div>'
    )


def _tree(span: Span, children: dict[str | None, list[Span]], depth: int = 0) -> str:
    took = "" if span.duration_ms is None else f" {span.duration_ms:.1f} ms"
    parts = [
        f"<div><i>{label}</i><pre style='white-space:pre-wrap;margin:0'>{_escape(_core.to_json(value)[:4000])}</pre></div>"
        for label, value in (("inputs", span.inputs), ("outputs", span.outputs))
        if value is not None
    ]
    below = "" if depth > 100 else "".join(_tree(each, children, depth + 1) for each in children.get(span.span_id, []))
    return (
        f"<details style='margin-left:14px'><summary>{_escape(span.name)} "
        f"<small>{_escape(span.span_type)} {_escape(span.status.status_code.value)}{took}</small></summary>"
        f"{''.join(parts)}</details>{below and f'<div style=margin-left:14px>{below}</div>'}"
    )


def _shell() -> Any:
    """The running IPython, if there is one; nothing is imported for it."""
    ipython: Any = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def enable() -> None:
    """After each cell, the traces that it made are shown."""
    global _is_on, _is_watching
    _is_on = True
    shell = _shell()
    if shell is not None and not _is_watching:
        _is_watching = True
        _hooks.on_trace_end(_trace_ended)
        shell.events.register("post_run_cell", _show)


def disable() -> None:
    global _is_on
    _is_on = False


def _trace_ended(trace_id: str) -> None:
    if len(_made) < _MAX_SHOWN:
        _made.append(trace_id)


def _show(*_: Any) -> None:
    made, _made[:] = list(_made), []
    if not made or not _is_on:
        return
    from IPython.display import HTML, display  # pyright: ignore

    from ._traces import get_trace
    from .exceptions import MlflowException

    for trace_id in made:
        try:
            trace = get_trace(trace_id, silent=True)
        except MlflowException:
            # A server that is away must not spoil the cell.
            display(HTML(_waiting_html(len(made))))
            return
        if trace is not None:
            display(HTML(frame_of(trace)))


def _waiting_html(count: int) -> str:
    traces = "1 trace" if count == 1 else f"{count} traces"
    return f"<div><i>{traces} recorded; {_escape(_core.server_url())} does not answer yet.</i></div>"


def frame_of(trace: Trace) -> str:
    """The trace's page in a frame, and below it the tree: a server shows its pages in frames of those sites only that
    its setting `frame_ancestors` names."""
    address = _escape(page_of(trace))
    return (
        f'<iframe src="{address}" style="width:100%;height:500px;border:1px solid #8884;border-radius:6px" '
        f'loading="lazy" title="trace"></iframe><details><summary>as a tree</summary>{_html(trace)}</details>'
    )
