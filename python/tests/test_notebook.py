"""What cells of a notebook show, in a real Jupyter kernel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from notebook import Notebook
from server import Server

BEGIN = """
import fanlight
@fanlight.trace(span_type="CHAIN")
def hello(name):
    with fanlight.start_span("inner") as span:
        span.set_inputs(name)
    return f"<b>{name}</b>"
"""
AWAY = "http://127.0.0.1:9"


# A kernel takes long to start: each is used by many tests, and set back between them.
AS_AT_FIRST = """
fanlight.tracing.enable_notebook_display()
fanlight.config.enable_pii_redaction(False)
fanlight.config.set_sampling_ratio(1)
"""


def started(url: str) -> Iterator[Notebook]:
    notebook = Notebook(url)
    assert notebook.run(BEGIN) == []
    yield notebook
    notebook.stop()


@pytest.fixture(scope="module")
def kernel(server: Server) -> Iterator[Notebook]:
    yield from started(server.url)


@pytest.fixture(scope="module")
def lonely_kernel() -> Iterator[Notebook]:
    yield from started(AWAY)


@pytest.fixture
def notebook(kernel: Notebook) -> Notebook:
    kernel.run(AS_AT_FIRST)
    return kernel


@pytest.fixture
def lonely(lonely_kernel: Notebook) -> Notebook:
    """One whose server is away."""
    lonely_kernel.run(AS_AT_FIRST)
    return lonely_kernel


def test_a_cell_shows_the_traces_it_made(server: Server, notebook: Notebook) -> None:
    (html,) = notebook.run("hello('<script>')")
    assert f'<iframe src="{server.url}/#/experiments/0/traces/tr-' in html
    # What was recorded is text.
    assert "&lt;script&gt;" in html and "<script>" not in html and "<b>&lt;" not in html
    assert notebook.run("1 + 1") == []
    assert len(notebook.run("hello('a'); hello('b'); None")) == 2
    many = notebook.run("for each in range(12): hello(each)")
    assert len(many) == 11 and many[-1] == "<p>… and 2 more</p>"


def test_a_cell_shows_its_traces_while_the_server_is_away(lonely: Notebook) -> None:
    (html,) = lonely.run("hello('<script>'); None")
    assert "<iframe" not in html and f"not at {AWAY} yet" in html
    assert "2 spans" in html and "hello" in html and "inner" in html and "CHAIN" in html
    assert "&lt;b&gt;&lt;script&gt;&lt;/b&gt;" in html and "<script>" not in html
    # Each trace is shown once.
    (failed,) = lonely.run(
        """
        try:
            with fanlight.start_span("failing"):
                hello("x")
                raise ValueError("no luck")
        except ValueError:
            pass
        """
    )
    assert "3 spans" in failed and "ERROR" in failed and "ValueError: no luck" in failed


def test_a_trace_that_ends_in_a_later_cell_is_whole(lonely: Notebook) -> None:
    lonely.run("root = fanlight.start_span_no_context('root')")
    assert lonely.run("fanlight.start_span_no_context('early', parent_span=root).end()") == []
    (html,) = lonely.run("root.end()")
    assert "2 spans" in html and "early" in html


def test_what_is_shown_is_redacted_and_bounded(lonely: Notebook) -> None:
    lonely.run("fanlight.config.enable_pii_redaction()")
    (html,) = lonely.run("hello('ann@example.org'); None")
    assert "[EMAIL]" in html and "ann@example.org" not in html
    (html,) = lonely.run(
        """
        with fanlight.start_span("many"):
            for _ in range(3000):
                with fanlight.start_span("one"):
                    pass
        """
    )
    # Of a large trace, those that ended last.
    assert "2000 spans" in html and "many" in html and "… and 1000 more spans" in html


def test_a_trace_that_is_not_sampled_is_not_shown(lonely: Notebook) -> None:
    lonely.run("fanlight.config.set_sampling_ratio(0)")
    assert lonely.run("hello('a'); None") == []


def test_the_display_is_turned_off_and_on(notebook: Notebook) -> None:
    notebook.run("fanlight.tracing.disable_notebook_display()")
    assert notebook.run("hello('a'); None") == []
    assert notebook.run("fanlight.tracing.enable_notebook_display()") == []
    assert len(notebook.run("hello('b'); None")) == 1


def test_a_trace_and_a_result_show_themselves(notebook: Notebook) -> None:
    notebook.run("fanlight.tracing.disable_notebook_display()\nhello('x'); None")
    (trace,) = notebook.run("fanlight.get_last_active_trace()")
    assert "<iframe" in trace and "hello" in trace
    (found,) = notebook.run("fanlight.search_traces(max_results=3)")
    assert "hello" in found and "open</a>" in found


def test_without_a_server_a_trace_is_a_tree(lonely: Notebook) -> None:
    (html,) = lonely.run(
        """
        from fanlight.entities import Span, Trace, TraceData, TraceInfo, TraceLocation
        span = Span("lonely", "tr-" + "1" * 32, "2" * 16, attributes={"mlflow.spanInputs": {"a": 1}})
        Trace(TraceInfo(span.trace_id, TraceLocation("0"), 0, "OK"), TraceData([span]))
        """
    )
    assert "<iframe" not in html
    assert "lonely" in html and "&quot;a&quot;: 1" in html
