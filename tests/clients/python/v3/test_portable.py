"""Traces as files: what the client writes is imported, and what is exported is what the client reads."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.entities import SpanEvent, SpanType, Trace

from support.rest import unique
from support.server import FanlightServer, Target
from support.v3_client import read, uploaded

pytestmark = pytest.mark.fanlight_only

REPOSITORY = Path(__file__).resolve().parents[4]
BINARY = Path(os.environ.get("FANLIGHT_BIN") or REPOSITORY / "target/debug/fanlight")


@pytest.fixture
def other(target: Target, tmp_path: Path) -> Iterator[str]:
    """The address of a second, empty server."""
    server = FanlightServer(BINARY, tmp_path)
    yield server.target.url
    server.stop()


def fanlight(url: str, *arguments: str) -> str:
    command = [str(BINARY), "traces", *arguments, "--url", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def plain(trace: Trace) -> dict[str, Any]:
    """Everything but the number of the experiment."""
    read = json.loads(trace.to_json())
    read["info"].pop("trace_location")
    read["info"]["tags"].pop("mlflow.artifactLocation", None)
    return read


def log_one(experiment: str) -> Trace:
    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_span("agent", span_type=SpanType.AGENT) as span:
        span.set_inputs({"question": "what \"now\"?\n", "n": [1, 2.5, None, True]})
        span.add_event(SpanEvent("thought", attributes={"depth": 3}))
        mlflow.update_current_trace(tags={"team": "blue"}, client_request_id=unique("request"))
        with mlflow.start_span("tool", span_type=SpanType.TOOL) as tool:
            tool.set_attribute("digits", "5")
            tool.set_attribute("text", '{"a": 1}')
            tool.set_outputs("done")
        span.set_outputs([{"role": "assistant", "content": "ü"}])
    uploaded([span.trace_id])
    mlflow.log_feedback(trace_id=span.trace_id, name="good", value=0.5, rationale="half")
    mlflow.log_expectation(trace_id=span.trace_id, name="answer", value={"a": [1, 2]})
    return read(span.trace_id)


def test_what_the_client_writes_is_imported(
    experiment: str, other: str, tracking: str, tmp_path: Path
) -> None:
    traces = [log_one(experiment) for _ in range(2)]
    path = tmp_path / "traces.jsonl"
    path.write_text("".join(trace.to_json() + "\n" for trace in traces))
    for _ in range(2):
        said = fanlight(other, "import", str(path), "--experiment", "from the client")
        assert said == "imported 2 traces with 4 spans\n"
    mlflow.set_tracking_uri(other)
    try:
        for trace in traces:
            assert plain(read(trace.info.trace_id)) == plain(trace)
    finally:
        mlflow.set_tracking_uri(tracking)


def test_the_client_reads_what_is_exported(experiment: str, tracking: str, tmp_path: Path) -> None:
    trace = log_one(experiment)
    path = tmp_path / "traces.jsonl"
    fanlight(tracking, "export", "--experiment", experiment, "--format", "mlflow", "--output", str(path))
    (line,) = path.read_text().splitlines()
    assert plain(Trace.from_json(line)) == plain(trace)
