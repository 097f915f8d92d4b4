"""Runs, as far as traces need them: a trace that starts in a run belongs to it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from . import _core, _server
from ._experiments import active_experiment_id
from ._fluent import RUN
from .entities import Run

_active: list[ActiveRun] = []
_last: Run | None = None


class ActiveRun(Run):
    """`with start_run() as run: …` ends the run with the block."""

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if any(run.info.run_id == self.info.run_id for run in _active):
            end_run("FINISHED" if exc_type is None else "FAILED")


def _tell_new_traces() -> None:
    _core.set_ambient(None, {RUN: _active[-1].info.run_id} if _active else None)


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
) -> ActiveRun:
    """Starts a run, or goes on with `run_id`. Raises `RuntimeError` when one is active and `nested` is not set."""
    if _active and not nested:
        raise RuntimeError(f"run {_active[-1].info.run_id} is active; end it first, or say nested=True")
    if run_id is not None:
        run = get_run(run_id)
    else:
        said = {str(key): str(value) for key, value in (tags or {}).items()}
        parent = parent_run_id or (_active[-1].info.run_id if _active else None)
        if parent:
            said["mlflow.parentRunId"] = parent
        if description:
            said["mlflow.note.content"] = description
        run = create_run(experiment_id or active_experiment_id(), run_name, said)
    active = ActiveRun(run.info, run.data)
    _active.append(active)
    _tell_new_traces()
    return active


def create_run(
    experiment_id: str, run_name: str | None, tags: Mapping[str, Any], start_time: int | None = None
) -> Run:
    body: dict[str, Any] = {
        "experiment_id": experiment_id,
        "start_time": start_time or _milliseconds(),
        "tags": [{"key": str(key), "value": str(value)} for key, value in tags.items()],
    }
    if run_name:
        body["run_name"] = run_name
    return Run.from_dict(_server.call("POST", f"{_server.V2}/runs/create", body)["run"])


def finish_run(run_id: str, status: str, end_time: int | None = None) -> None:
    body = {"run_id": run_id, "status": status, "end_time": end_time or _milliseconds()}
    _server.call("POST", f"{_server.V2}/runs/update", body)


def end_run(status: str = "FINISHED") -> None:
    """Ends the active run; without one, nothing happens."""
    global _last
    if not _active:
        return
    run = _active.pop()
    _last = run
    _tell_new_traces()
    finish_run(run.info.run_id, status)


def active_run() -> ActiveRun | None:
    return _active[-1] if _active else None


def last_active_run() -> Run | None:
    return _active[-1] if _active else _last


def get_run(run_id: str) -> Run:
    """Raises `RestException` when there is no such run."""
    return Run.from_dict(_server.call("GET", f"{_server.V2}/runs/get{_server.query({'run_id': run_id})}")["run"])


def search_runs(
    experiment_ids: list[str] | None = None, filter_string: str = "", max_results: int = 1000, **_ignored: Any
) -> list[Run]:
    """Runs of these experiments, or of the active one."""
    body = {
        "experiment_ids": experiment_ids or [active_experiment_id()],
        "filter": filter_string,
        "max_results": max_results,
    }
    return [Run.from_dict(run) for run in _server.call("POST", f"{_server.V2}/runs/search", body).get("runs", [])]


def _run_id(run_id: str | None = None) -> str:
    if run_id is not None:
        return run_id
    return _active[-1].info.run_id if _active else start_run().info.run_id


def set_tag(key: str, value: Any) -> None:
    """See `set_tags`."""
    set_tags({key: value})


def set_tags(tags: Mapping[str, Any]) -> None:
    """Of the active run; without one, of the trace this code runs in, or else of the last one that ended."""
    if _active:
        body = {
            "run_id": _active[-1].info.run_id,
            "tags": [{"key": str(key), "value": str(value)} for key, value in tags.items()],
        }
        _server.call("POST", f"{_server.V2}/runs/log-batch", body)
        return
    span = _core.current_span()
    last = _core.last_trace_id()
    if span is not None:
        span.edit_trace(tags=dict(tags))
    elif last is not None:
        from ._traces import set_trace_tag

        for key, value in tags.items():
            set_trace_tag(last, key, value)
    else:
        import warnings

        warnings.warn("fanlight: there is no run and no trace to tag", RuntimeWarning, stacklevel=2)


def delete_tag(key: str) -> None:
    """Of the active run."""
    _server.call("POST", f"{_server.V2}/runs/delete-tag", {"run_id": _run_id(), "key": key})


def log_param(key: str, value: Any) -> Any:
    """Of the active run; one is started when there is none. Answers `value`."""
    log_params({key: value})
    return value


def log_params(params: Mapping[str, Any], run_id: str | None = None) -> None:
    entries = [{"key": str(key), "value": str(value)} for key, value in params.items()]
    _server.call("POST", f"{_server.V2}/runs/log-batch", {"run_id": _run_id(run_id), "params": entries})


def log_metric(key: str, value: float, step: int | None = None, timestamp: int | None = None) -> None:
    """Of the active run; one is started when there is none. `timestamp` is in milliseconds."""
    log_metrics({key: value}, step, timestamp=timestamp)


def log_metrics(
    metrics: Mapping[str, float], step: int | None = None, run_id: str | None = None, timestamp: int | None = None
) -> None:
    time = _milliseconds() if timestamp is None else timestamp
    entries = [
        {"key": str(key), "value": float(value), "timestamp": time, "step": step or 0}
        for key, value in metrics.items()
    ]
    _server.call("POST", f"{_server.V2}/runs/log-batch", {"run_id": _run_id(run_id), "metrics": entries})
