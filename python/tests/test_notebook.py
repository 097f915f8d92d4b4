"""What a real IPython shell displays."""

from __future__ import annotations

import json
from typing import Any

from server import Server, run_python

SHELL = """
import json, sys
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.display_pub = publisher = CapturingDisplayPublisher()
displayed = []
for cell in json.loads(sys.argv[1]):
    publisher.clear_output()
    result = shell.run_cell(cell, store_history=True)
    result.raise_error()
    html = [output["data"].get("text/html") for output in publisher.outputs]
    if result.result is not None and hasattr(result.result, "_repr_html_"):
        formatted, _ = shell.display_formatter.format(result.result)
        html.append(formatted.get("text/html"))
    displayed.append([each for each in html if each])
print("@@@" + json.dumps(displayed))
"""


def displayed(url: str, *cells: str) -> list[list[str]]:
    """HTML that each cell shows."""
    printed = run_python(SHELL, url, json.dumps(cells), FANLIGHT_SPOOL_DIR="off", FANLIGHT_EXIT_TIMEOUT="0.2")
    found: Any = json.loads(printed.rsplit("@@@", 1)[1])
    return found


BEGIN = """
import fanlight
@fanlight.trace
def hello(name):
    return f"<b>{name}</b>"
"""


def test_a_cell_shows_the_traces_it_made(server: Server) -> None:
    before, one, none, two = displayed(server.url, BEGIN, "hello('<script>')", "1 + 1", "hello('a'); hello('b'); None")
    assert (before, none) == ([], [])
    assert len(two) == 2
    (html,) = one
    assert f'<iframe src="{server.url}/#/experiments/0/traces/tr-' in html
    # What was recorded is text.
    assert "&lt;script&gt;" in html and "<script>" not in html and "<b>&lt;" not in html


def test_the_display_is_turned_off_and_on(server: Server) -> None:
    off = "fanlight.tracing.disable_notebook_display()"
    on = "fanlight.tracing.enable_notebook_display()"
    assert [len(html) for html in displayed(server.url, BEGIN, off, "hello('a'); None", on, "hello('b'); None")] == [
        0, 0, 0, 0, 1,
    ]  # fmt: skip


def test_a_trace_and_a_result_show_themselves(server: Server) -> None:
    quiet = BEGIN + "fanlight.tracing.disable_notebook_display()\nhello('x'); None"
    _, trace, found = displayed(server.url, quiet, "fanlight.get_last_active_trace()", "fanlight.search_traces(max_results=3)")
    assert "<iframe" in trace[0] and "hello" in trace[0]
    assert "hello" in found[0] and "open</a>" in found[0]


def test_without_a_server_a_trace_is_a_tree() -> None:
    made = """
from fanlight.entities import Span, Trace, TraceData, TraceInfo, TraceLocation
span = Span("lonely", "tr-" + "1" * 32, "2" * 16, attributes={"mlflow.spanInputs": {"a": 1}})
Trace(TraceInfo(span.trace_id, TraceLocation("0"), 0, "OK"), TraceData([span]))
"""
    _, cell, trace = displayed("http://127.0.0.1:9", BEGIN, "hello('x'); None", made)
    assert cell == ["<div><i>1 trace recorded; http://127.0.0.1:9 does not answer yet.</i></div>"]
    assert "<iframe" not in trace[0]
    assert "lonely" in trace[0] and "&quot;a&quot;: 1" in trace[0]
