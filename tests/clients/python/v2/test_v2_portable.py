"""What the 2.x clients write as a file is imported."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

pytestmark = pytest.mark.fanlight_only

REPOSITORY = Path(__file__).resolve().parents[4]
BINARY = Path(os.environ.get("FANLIGHT_BIN") or REPOSITORY / "target/debug/fanlight")


def test_what_the_client_writes_is_imported(experiment: str, tracking: str, tmp_path: Path) -> None:
    client = MlflowClient()
    root = client.start_trace("agent", inputs={"a": [1, None]}, tags={"team": "blue"})
    child = client.start_span("tool", request_id=root.request_id, parent_id=root.span_id, inputs={"b": "5"})
    client.end_span(request_id=root.request_id, span_id=child.span_id, outputs="done")
    client.end_trace(request_id=root.request_id, outputs={"z": 1}, status="ERROR")
    logged = client.get_trace(root.request_id)
    path = tmp_path / "traces.jsonl"
    path.write_text(logged.to_json() + "\n")
    client.delete_traces(experiment, request_ids=[root.request_id])
    assert client.search_traces([experiment]) == []

    for _ in range(2):
        command = [str(BINARY), "traces", "import", str(path), "--url", tracking]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, "imported 1 traces with 2 spans\n"), done.stderr
    read = mlflow.MlflowClient().get_trace(root.request_id)
    assert read.info.to_dict() == logged.info.to_dict()
    assert [span.to_dict() for span in read.data.spans] == [span.to_dict() for span in logged.data.spans]
