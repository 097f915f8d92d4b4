"""`MlflowClient`: traces by their ids, for code that passes ids on rather than spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import _assessments, _core, _experiments, _runs, _server, _traces
from .entities import Assessment, Experiment, Run, Trace, TraceInfo
from .exceptions import MlflowTracingException

# Spans started by a client and not ended yet: their ids may be all that the caller keeps.
_running: dict[str, _core.Span] = {}
_MAX_RUNNING = 100_000


class PagedList(list[Trace]):
    """`token` is what `page_token` of the next call has to be; `None` on the last page."""

    token: str | None = None


def _keep(span: _core.Span) -> _core.Span:
    if span.span_id is not None:
        while len(_running) >= _MAX_RUNNING:
            # Somebody forgets to end spans: the oldest is ended, so that memory is bounded.
            _running.pop(next(iter(_running))).end()
        _running[span.span_id] = span
    return span


def _either(trace_id: str | None, request_id: str | None) -> str:
    id = trace_id or request_id
    if id is None:
        raise MlflowTracingException("say trace_id", "INVALID_PARAMETER_VALUE")
    return id


class MlflowClient:
    """Methods that take `trace_id` take it as `request_id` too, its name in MLflow 2."""

    def __init__(self, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        if tracking_uri is not None:
            from ._settings import set_tracking_uri

            set_tracking_uri(tracking_uri)

    @property
    def tracking_uri(self) -> str:
        return _core.server_url()

    # Spans.

    def start_trace(
        self,
        name: str,
        span_type: str = "UNKNOWN",
        inputs: Any = None,
        attributes: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        experiment_id: str | None = None,
        start_time_ns: int | None = None,
    ) -> _core.Span:
        """The first span of a new trace, to be ended with `end_trace`. It is not current anywhere."""
        span = _core.start(
            name,
            span_type=span_type,
            inputs=inputs,
            attributes=attributes,
            experiment_id=None if experiment_id is None else str(experiment_id),
            start_time_ns=start_time_ns,
        )
        if tags:
            span.edit_trace(tags=dict(tags))
        return _keep(span)

    def start_span(
        self,
        name: str,
        trace_id: str | None = None,
        parent_id: str | None = None,
        span_type: str = "UNKNOWN",
        inputs: Any = None,
        attributes: Mapping[str, Any] | None = None,
        start_time_ns: int | None = None,
        request_id: str | None = None,
    ) -> _core.Span:
        """A child of the span `parent_id`, of whatever made that, to be ended with `end_span`.

        Raises `MlflowTracingException` when that span does not run in this process.
        """
        id = _either(trace_id, request_id)
        if id.startswith("MLFLOW_NO_OP"):
            # Its parent was started while tracing was off.
            return _core.nothing()
        if parent_id is None:
            raise MlflowTracingException("a span has a parent: say parent_id", "INVALID_PARAMETER_VALUE")
        parent = _running.get(parent_id) or _core.find_span(parent_id)
        if parent is None or parent.trace_id != id:
            raise MlflowTracingException(
                f"no span {parent_id} of trace {id} is running here", "RESOURCE_DOES_NOT_EXIST"
            )
        return _keep(
            _core.start(
                name,
                parent,
                span_type=span_type,
                inputs=inputs,
                attributes=attributes,
                start_time_ns=start_time_ns,
            )
        )

    def end_span(
        self,
        trace_id: str | None = None,
        span_id: str | None = None,
        outputs: Any = None,
        attributes: Mapping[str, Any] | None = None,
        status: Any = "OK",
        end_time_ns: int | None = None,
        request_id: str | None = None,
    ) -> None:
        """Raises `MlflowTracingException` when no such span runs in this process."""
        id = _either(trace_id, request_id)
        if span_id is None:
            if id.startswith("MLFLOW_NO_OP"):
                return
            raise MlflowTracingException("say span_id", "INVALID_PARAMETER_VALUE")
        span = _running.pop(span_id, None) or _core.find_span(span_id)
        if span is None or span.trace_id != id:
            raise MlflowTracingException(f"no span {span_id} of trace {id} is running here", "RESOURCE_DOES_NOT_EXIST")
        span.end(outputs, attributes, status, end_time_ns)

    def end_trace(
        self,
        trace_id: str | None = None,
        outputs: Any = None,
        attributes: Mapping[str, Any] | None = None,
        status: Any = "OK",
        end_time_ns: int | None = None,
        request_id: str | None = None,
    ) -> None:
        """Ends the first span of the trace, and those of its spans that this client started and nobody ended."""
        id = _either(trace_id, request_id)
        if id.startswith("MLFLOW_NO_OP"):
            return
        of_trace = [span for span in _running.values() if span.trace_id == id]
        root = next((span for span in of_trace if span.is_root), None)
        if root is None:
            raise MlflowTracingException(f"trace {id} is not running here", "RESOURCE_DOES_NOT_EXIST")
        for span in [*(each for each in of_trace if each is not root), root]:
            _running.pop(span.span_id or "", None)
            if span is not root:
                span.end(end_time_ns=end_time_ns)
        root.end(outputs, attributes, status, end_time_ns)

    # Traces.

    def get_trace(self, trace_id: str | None = None, display: bool = True, request_id: str | None = None) -> Trace:
        """Raises `RestException` when there is no such trace."""
        id = _either(trace_id, request_id)
        found = _traces.get_trace(id, silent=True)
        if found is None:
            from .exceptions import RestException

            raise RestException(f"there is no trace {id}", "RESOURCE_DOES_NOT_EXIST", 404)
        return found

    def get_trace_info(self, trace_id: str) -> TraceInfo:
        """Without the spans."""
        _server.flush()
        reply = _server.call("GET", f"{_server.V3}/traces/{_server.quote(trace_id)}")
        return TraceInfo.from_dict(reply["trace"]["trace_info"])

    def search_traces(
        self,
        experiment_ids: Iterable[str] | None = None,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: Iterable[str] | None = None,
        page_token: str | None = None,
        run_id: str | None = None,
        include_spans: bool = True,
        model_id: str | None = None,
        sql_warehouse_id: str | None = None,
        locations: Iterable[Any] | None = None,
    ) -> PagedList:
        """One page. Without `experiment_ids` and `locations`, of all experiments."""
        ids = [str(id) for id in experiment_ids or ()]
        ids += [str(getattr(location, "experiment_id", location)) for location in locations or ()]
        is_named = experiment_ids is not None or locations is not None
        traces, token = _traces.find_traces(
            ids if is_named else None,
            filter_string,
            max_results,
            order_by,
            run_id,
            include_spans,
            model_id,
            page_token,
        )
        found = PagedList(traces)
        found.token = token
        return found

    def delete_traces(
        self,
        experiment_id: str,
        max_timestamp_millis: int | None = None,
        max_traces: int | None = None,
        trace_ids: Iterable[str] | None = None,
        request_ids: Iterable[str] | None = None,
    ) -> int:
        """See `fanlight.delete_traces`."""
        ids = trace_ids if trace_ids is not None else request_ids
        return _traces.delete_traces(experiment_id, max_timestamp_millis, max_traces, ids)

    def set_trace_tag(
        self, trace_id: str | None = None, key: str = "", value: Any = "", request_id: str | None = None
    ) -> None:
        _traces.set_trace_tag(_either(trace_id, request_id), key, value)

    def delete_trace_tag(self, trace_id: str | None = None, key: str = "", request_id: str | None = None) -> None:
        _traces.delete_trace_tag(_either(trace_id, request_id), key)

    # Assessments.

    def log_assessment(self, trace_id: str, assessment: Assessment) -> Assessment:
        return _assessments.log_assessment(trace_id, assessment)

    def get_assessment(self, trace_id: str, assessment_id: str) -> Assessment:
        return _assessments.get_assessment(trace_id, assessment_id)

    def update_assessment(self, trace_id: str, assessment_id: str, assessment: Assessment) -> Assessment:
        return _assessments.update_assessment(trace_id, assessment_id, assessment)

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:
        _assessments.delete_assessment(trace_id, assessment_id)

    # Experiments and runs.

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: dict[str, Any] | None = None
    ) -> str:
        return _experiments.create_experiment(name, artifact_location, tags)

    def get_experiment(self, experiment_id: str) -> Experiment:
        return _experiments.get_experiment(experiment_id)

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        return _experiments.get_experiment_by_name(name)

    def search_experiments(self, **options: Any) -> list[Experiment]:
        return _experiments.search_experiments(**options)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        _experiments.rename_experiment(experiment_id, new_name)

    def delete_experiment(self, experiment_id: str) -> None:
        _experiments.delete_experiment(experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        _experiments.restore_experiment(experiment_id)

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        _experiments.set_experiment_tag(key, value, experiment_id)

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """It is not the active run of the process. End it with `set_terminated`."""
        return _runs.create_run(experiment_id, run_name, tags or {}, start_time)

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        _runs.finish_run(run_id, status or "FINISHED", end_time)

    def get_run(self, run_id: str) -> Run:
        return _runs.get_run(run_id)

    def search_runs(self, experiment_ids: list[str], filter_string: str = "", max_results: int = 1000) -> list[Run]:
        return _runs.search_runs(experiment_ids, filter_string, max_results)

    def log_param(self, run_id: str, key: str, value: Any) -> None:
        _runs.log_params({key: value}, run_id)

    def log_metric(
        self, run_id: str, key: str, value: float, timestamp: int | None = None, step: int | None = None
    ) -> None:
        _runs.log_metrics({key: value}, step, run_id, timestamp)

    def set_tag(self, run_id: str, key: str, value: Any) -> None:
        _server.call(
            "POST", f"{_server.V2}/runs/set-tag", {"run_id": run_id, "key": key, "value": str(value)}
        )

