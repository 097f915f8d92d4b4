"""Programs from guides run unchanged but for the import line, and the server has what they made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fanlight
import pytest

from server import Server
from statements import Runner, is_installed

HERE = Path(__file__).parent / "snippets"
# What a guide gets wrong itself: the statement, and what it raises everywhere.
RAISES = {"boom(1)": "ValueError", "await async_func(": "AttributeError", "from langchain.prompts import": "ModuleNotFoundError"}
# Libraries that a guide uses, which may not be installed.
NEEDS = {
    "s0a": ["langchain_openai"],
    "s1a": ["openai"],
    "s2a": ["langgraph", "langchain_openai"],
    "s3a": ["langchain_openai"],
    "s3c": ["openai"],
    "s3g": ["openai"],
}


@pytest.fixture(scope="module")
def runner(provider: str) -> Iterator[Runner]:
    runner = Runner("fanlight", provider)
    yield runner
    runner.stop()


@pytest.mark.parametrize("path", sorted(HERE.glob("s[0-9]*.py")), ids=lambda path: path.stem)
def test_a_guide_runs(path: Path, server: Server, runner: Runner) -> None:
    for module in NEEDS.get(path.stem[:3], []):
        if not is_installed(module):
            pytest.skip(f"{module}, which the guide uses, is not installed")
    failures = runner.failures_of(path, server.url)
    unexpected = [
        failure
        for failure in failures
        if not any(failure["code"].startswith(code) and failure["error"].startswith(error) for code, error in RAISES.items())
    ]
    assert unexpected == []
    check = CHECKS.get(path.stem)
    if check is not None:
        check()


def spans_of(experiment: str) -> list[list[tuple[str, str]]]:
    found = fanlight.search_traces(experiment_names=[experiment], return_type="list")
    return [[(span.name, span.span_type) for span in trace.data.spans] for trace in reversed(found)]


def check_decorators() -> None:
    made = spans_of("Tracing Demo")
    assert made[:3] == [
        [("some_function", "UNKNOWN")],
        [("My Span", "func")],
        [("Trace Test", "UNKNOWN"), ("add_1", "func"), ("minus_1", "func")],
    ]


def check_functions() -> None:
    made = spans_of("External Function Tracing")
    assert made == [[("Parent", "UNKNOWN"), ("pow", "UNKNOWN"), ("factorial", "UNKNOWN"), ("sqrt", "UNKNOWN")]] * 8


def check_runs() -> None:
    assert spans_of("Run Associated Tracing") == [[("Run Span", "UNKNOWN"), ("Child Span", "UNKNOWN")]]
    assert spans_of("misc") == [[("foo", "UNKNOWN")]]


CHECKS = {"s3b_decorator": check_decorators, "s3d_spantype": check_functions, "s3f_misc": check_runs}
