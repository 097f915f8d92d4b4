"""The same program, under MLflow itself and under Fanlight, leaves the same traces on the server: names, types,
parents, order, inputs, outputs, attributes and status of the spans, tags, session and user of the trace."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fanlight
import pytest
from fanlight.entities import Span, Trace

from server import Server, clean_environment
from test_snippets import rewritten

HERE = Path(__file__).parent
PROGRAMS = [HERE / f"programs/{name}.py" for name in ("decorators", "blocks", "client", "values")]

START = "import sys, mlflow; mlflow.set_tracking_uri(sys.argv[1]); mlflow.set_experiment(sys.argv[2])\n"
FLUSH = "\nmlflow.flush_trace_async_logging()\n"


def traces_of(source: str, server: Server) -> list[Any]:
    experiment = f"tree-{uuid.uuid4().hex}"
    done = subprocess.run(
        [sys.executable, "-c", source, server.url, experiment],
        env={**clean_environment(), "FANLIGHT_SPOOL_DIR": "off", "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = fanlight.search_traces(experiment_names=[experiment], max_results=None, return_type="list")
    return [described(trace) for trace in sorted(found, key=lambda trace: trace.data.spans[0].start_time_ns)]


WHOSE = ("mlflow.trace.session", "mlflow.trace.user")


def described(trace: Trace) -> Any:
    said = {**trace.info.tags, **trace.info.trace_metadata}
    own = {key: value for key, value in said.items() if not key.startswith("mlflow.") or key in WHOSE}
    roots = [span for span in trace.data.spans if span.parent_id is None]
    return {"said": own, "state": trace.info.state.value, "roots": [tree(root, trace.data.spans) for root in roots]}


# What is compared by another name; and the level that MLflow derives from a span's type and status.
SAID_ELSEWHERE = ("mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.spanType", "mlflow.spanLogLevel")
# Ids that each trace has of its own.
IDS = ("mlflow.traceRequestId", "mlflow.experimentId")
# How what is said of a whole trace travels.
OF_TRACE = "fanlight.trace."


def tree(span: Span, spans: list[Span]) -> Any:
    children = sorted((each for each in spans if each.parent_id == span.span_id), key=lambda each: each.start_time_ns)
    return {
        "name": span.name,
        "type": span.span_type,
        "status": span.status.status_code.value,
        "inputs": span.inputs,
        "outputs": span.outputs,
        "attributes": {key: value for key, value in span.attributes.items() if key not in SAID_ELSEWHERE + IDS and not key.startswith(OF_TRACE)},
        "events": [event.name for event in span.events],
        "children": [tree(child, spans) for child in children],
    }


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_both_leave_the_same_traces(path: Path, server: Server) -> None:
    pytest.importorskip("mlflow.tracing", reason="MLflow is not installed")
    source = path.read_text()
    under_mlflow = traces_of(START + source + FLUSH, server)
    under_fanlight = traces_of(START.replace("import sys, mlflow", "import sys, fanlight as mlflow") + rewritten(source) + FLUSH, server)
    assert len(under_fanlight) == len(under_mlflow)
    found = [each for each in differences(under_fanlight, under_mlflow) if not re.search(MEANT, each)]
    assert found == [], "\n".join(found)


# Where Fanlight means to differ.
MEANT = "|".join(
    [
        # MLflow has an event for each item of a stream, and does not say what function made it.
        r"\.events: \[\] is \['mlflow\.chunk\.item\.0'",
        r"\.mlflow\.spanFunctionName: '(count|speak|stream)' is '\(none\)'",
        # A text that looks like JSON is a text.
        r"""\.outputs: '(\{"json": 1\}|\[1, 2\]|"quoted")' is """,
        # What pydantic's own JSON says of a time.
        r"\.at: '2024-01-02T03:04:05' is '2024-01-02 03:04:05'",
    ]
)


def differences(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Where two values differ, and how."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in [*theirs, *(key for key in ours if key not in theirs)]:
            yield from differences(ours.get(key, "(none)"), theirs.get(key, "(none)"), f"{place}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (our, their) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(our, their, f"{place}[{at}]")
    elif type(ours) is not type(theirs) or ours != theirs:
        yield f"{place}: {ours!r} is {theirs!r} under MLflow"
