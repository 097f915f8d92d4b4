"""A trace as HTML that needs no server: a tree that opens, with how long each span took.

What traces hold comes from anywhere: all of it is escaped.
"""

from __future__ import annotations

from typing import Any

from . import _core
from .entities import Span, Trace

# Of a value, and of the spans of a trace, that much is shown.
_MAX_TEXT = 4_000
_MAX_SPANS = 1_000
_MAX_DEPTH = 100

_BOX = "font:13px system-ui,sans-serif;border:1px solid #8884;border-radius:6px;padding:8px;margin:4px 0"
_SHOWN_APART = ("mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.spanType", "mlflow.spanFunctionName")


def escape(text: Any) -> str:
    found = str(text)
    for raw, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        found = found.replace(raw, safe)
    return found


def page_of(trace: Trace) -> str:
    """The address of a trace's page."""
    experiment, id = trace.info.experiment_id, trace.info.trace_id
    return f"{_core.server_url()}/#/experiments/{experiment}/traces/{id}"


def frame_of(trace: Trace) -> str:
    """The trace's page in a frame, and below it the tree: a server shows its pages in frames of those sites only that
    its setting `frame_ancestors` names."""
    address = escape(page_of(trace))
    return (
        f'<iframe src="{address}" style="width:100%;height:500px;border:1px solid #8884;border-radius:6px" '
        f'loading="lazy" title="trace"></iframe><details><summary>as a tree</summary>{tree_of(trace)}</details>'
    )


def tree_of(trace: Trace, note: str = "") -> str:
    """Self-contained, with a link to the page unless there is a note that says why not."""
    info = trace.info
    title = info.tags.get("mlflow.traceName") or info.trace_id
    took = "" if info.execution_duration is None else f" · {_time(info.execution_duration)}"
    spans = trace.data.spans
    link = f'<a href="{escape(page_of(trace))}" target="_blank" rel="noopener">open</a>'
    return (
        f"<div style='{_BOX}'><b>{escape(title)}</b> {escape(info.state.value)}{took} · {len(spans)} spans"
        f" <small>{escape(note) if note else link}</small>{_Tree(spans).html()}</div>"
    )


class _Tree:
    def __init__(self, spans: list[Span]) -> None:
        self.left_out = max(0, len(spans) - _MAX_SPANS)
        spans = sorted(spans, key=lambda span: span.start_time_ns)[:_MAX_SPANS]
        known = {span.span_id for span in spans}
        self.children: dict[str | None, list[Span]] = {}
        for span in spans:
            self.children.setdefault(span.parent_id if span.parent_id in known else None, []).append(span)
        self.begin = min((span.start_time_ns for span in spans), default=0)
        end = max((span.end_time_ns or span.start_time_ns for span in spans), default=0)
        self.length = max(1, end - self.begin)

    def html(self) -> str:
        more = f"<small>… and {self.left_out} more spans</small>" if self.left_out else ""
        return "".join(self._span(root, 0) for root in self.children.get(None, [])) + more

    def _span(self, span: Span, depth: int) -> str:
        below = "" if depth > _MAX_DEPTH else "".join(
            self._span(child, depth + 1) for child in self.children.get(span.span_id, [])
        )
        took = "" if span.duration_ms is None else _time(span.duration_ms)
        failed = span.status.status_code.value == "ERROR"
        return (
            f"<details style='margin-left:{14 if depth else 0}px'><summary>{escape(span.name)} "
            f"<small>{escape(span.span_type)}{' <b style=color:#c33>ERROR</b>' if failed else ''} {took}</small>"
            f"{self._bar(span, failed)}</summary>{_content(span)}</details>"
            f"<div style='margin-left:{14 if depth else 0}px'>{below}</div>"
        )

    def _bar(self, span: Span, failed: bool) -> str:
        """When it ran, within the whole trace."""
        left = 100 * (span.start_time_ns - self.begin) / self.length
        width = 100 * ((span.end_time_ns or span.start_time_ns) - span.start_time_ns) / self.length
        return (
            f"<div style='margin-left:{left:.2f}%;width:{max(width, 0.3):.2f}%;height:3px;border-radius:2px;"
            f"background:{'#c33' if failed else '#48c'}'></div>"
        )


def _content(span: Span) -> str:
    said = {key: value for key, value in span.attributes.items() if key not in _SHOWN_APART}
    failures = [event.attributes.get("exception.stacktrace") or event.attributes for event in span.events if event.name == "exception"]
    parts = [
        ("inputs", span.inputs),
        ("outputs", span.outputs),
        ("status", span.status.description or None),
        *(("exception", failure) for failure in failures),
        ("attributes", said or None),
    ]
    return "".join(_value(label, value) for label, value in parts if value is not None)


def _value(label: str, value: Any) -> str:
    text = value if isinstance(value, str) and label in ("status", "exception") else _core.to_json(value)
    cut = f"… [cut: {_MAX_TEXT} of {len(text)} characters]" if len(text) > _MAX_TEXT else ""
    return (
        f"<div><i>{label}</i><pre style='white-space:pre-wrap;margin:0'>{escape(text[:_MAX_TEXT] + cut)}</pre></div>"
    )


def _time(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.1f} ms"
