"""What the tests of the 3.x clients share: small readers, and which interfaces the installed client has.

The slim `mlflow-tracing` package has neither `MlflowClient` nor runs; older clients lack links.
"""

from __future__ import annotations

import inspect
import json
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

import mlflow
import mlflow.entities
import pytest
import requests
from mlflow.entities import Span, Trace
from mlflow.exceptions import MlflowException

UPLOAD_SECONDS = 20

_session = requests.Session()

needs_full_client = pytest.mark.skipif(
    not hasattr(mlflow, "start_run"), reason="the slim client has no MlflowClient and no runs"
)
needs_links = pytest.mark.skipif(
    "links" not in inspect.signature(mlflow.start_span).parameters, reason="this client cannot link spans"
)


def uploaded(trace_ids: Iterable[str]) -> None:
    """Waits until the server has the final info and every span of these traces.

    The client uploads both in the background, in either order. Its own `flush_trace_async_logging` would do, but takes
    one to two seconds each time; one test covers it.
    """
    deadline = time.monotonic() + UPLOAD_SECONDS
    pause = threading.Event()
    for trace_id in trace_ids:
        while not _is_complete(trace_id):
            assert time.monotonic() < deadline, f"{trace_id} was not uploaded within {UPLOAD_SECONDS} s"
            pause.wait(0.01)


def _is_complete(trace_id: str) -> bool:
    url = f"{mlflow.get_tracking_uri()}/api/3.0/mlflow/traces/get"
    reply = _session.get(url, params={"trace_id": trace_id, "allow_partial": "true"}, timeout=20)
    if reply.status_code != 200:
        return False
    trace = reply.json()["trace"]
    metadata = trace["trace_info"].get("trace_metadata", {})
    if "mlflow.trace.infoFinalized" not in metadata:
        return False
    return len(trace.get("spans", [])) >= json.loads(metadata["mlflow.trace.sizeStats"])["num_spans"]


def last_trace_id() -> str:
    """The id of the trace that ended last, once it is uploaded."""
    trace_id = mlflow.get_last_active_trace_id()
    assert trace_id, "no trace has ended yet"
    uploaded([trace_id])
    return trace_id


def read(trace_id: str) -> Trace:
    """The stored trace; fails when it is not there."""
    trace = mlflow.get_trace(trace_id)
    assert trace is not None, f"{trace_id} cannot be read back"
    return trace


def read_last() -> Trace:
    return read(last_trace_id())


def search(experiment_id: str, filter_string: str | None = None, **options: Any) -> list[Trace]:
    found = mlflow.search_traces(
        locations=[experiment_id], filter_string=filter_string, return_type="list", **options
    )
    assert isinstance(found, list)
    return found


def search_ids(experiment_id: str, filter_string: str | None = None, **options: Any) -> list[str]:
    found = search(experiment_id, filter_string, include_spans=False, **options)
    return [trace.info.trace_id for trace in found]


def spans_by_name(trace: Trace) -> dict[str, Span]:
    """The spans of a trace in which every name occurs once."""
    names = [span.name for span in trace.data.spans]
    assert len(names) == len(set(names)), names
    return {span.name: span for span in trace.data.spans}


def log_trace(experiment_id: str, name: str, start_ms: int, **more: Any) -> str:
    """Logs a trace of one span that starts at `start_ms` and takes one second; returns its id."""
    span = mlflow.start_span_no_context(
        name, start_time_ns=start_ms * 1_000_000, experiment_id=experiment_id, **more
    )
    span.end(end_time_ns=(start_ms + 1_000) * 1_000_000)
    return str(span.trace_id)


def log_traces(experiment_id: str, names: Sequence[str], first_ms: int) -> dict[str, str]:
    """One trace per name, a second apart; name -> trace id, all uploaded."""
    ids = {name: log_trace(experiment_id, name, first_ms + 1_000 * at) for at, name in enumerate(names)}
    uploaded(ids.values())
    return ids


class refused:
    """`with refused("INVALID_PARAMETER_VALUE"):` the server refuses the call inside with one of these codes."""

    def __init__(self, *codes: str) -> None:
        self.codes = codes

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        assert isinstance(error, MlflowException), f"expected {self.codes}, got {error!r}"
        assert error.error_code in self.codes, f"expected {self.codes}, got {error.error_code}: {error}"
        return True
