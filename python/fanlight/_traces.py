"""Reading, searching, editing and deleting traces. Each first sends what has ended, so that it sees it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from . import _core, _server
from ._experiments import active_experiment_id, id_of_name
from ._found import Traces
from .entities import Span, Trace, TraceData, TraceInfo
from .entities._wire import list_of
from .exceptions import RestException

_PAGE = 500
_SPANS_OF = 50


def get_trace(trace_id: str, silent: bool = False, flush: bool = True) -> Trace | None:
    """The trace with its spans, or `None` when the server does not have it. One that still runs has the spans that
    have ended."""
    if flush:
        _server.flush()
    query = _server.query({"trace_id": trace_id, "allow_partial": True})
    try:
        reply = _server.call("GET", f"{_server.V3}/traces/get{query}")
    except RestException as error:
        if error.status != 404:
            raise
        if not silent:
            warnings.warn(f"fanlight: there is no trace {trace_id}", RuntimeWarning, stacklevel=2)
        return None
    return _trace(reply["trace"])


def _trace(data: dict[str, Any]) -> Trace:
    spans = [Span.from_dict(span) for span in list_of(data.get("spans"))]
    return Trace(TraceInfo.from_dict(data["trace_info"]), TraceData(spans))


def get_last_active_trace(thread_local: bool = False) -> Trace | None:
    """The trace that ended last, in this process or in this thread only."""
    trace_id = _core.last_trace_id(thread_local)
    return None if trace_id is None else get_trace(trace_id, silent=True)


# Names in guides that the server does not take as keys of an order.
_ORDER_KEYS = {"execution_duration": "execution_time", "request_time": "timestamp"}


def _order(clause: str) -> str:
    key, _, direction = clause.strip().partition(" ")
    return f"{_ORDER_KEYS.get(key, key)} {direction}".strip()


def find_traces(
    experiment_ids: Iterable[str] | None = None,
    filter_string: str | None = None,
    max_results: int | None = 100,
    order_by: Iterable[str] | None = None,
    run_id: str | None = None,
    include_spans: bool = True,
    model_id: str | None = None,
    page_token: str | None = None,
) -> tuple[list[Trace], str | None]:
    """Up to `max_results` traces (`None`: all), and the token of the next page, if any. `experiment_ids` of `None`
    means all experiments."""
    _server.flush()
    if experiment_ids is None:
        from ._experiments import search_experiments

        experiment_ids = [each.experiment_id for each in search_experiments()]
    conditions = [filter_string] if filter_string else []
    if run_id is not None:
        conditions.append(f"attribute.run_id = '{_inside_quotes(run_id)}'")
    if model_id is not None:
        conditions.append(f"metadata.`mlflow.modelId` = '{_inside_quotes(model_id)}'")
    body: dict[str, Any] = {
        "locations": [
            {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": str(id)}} for id in experiment_ids
        ]
    }
    if conditions:
        body["filter"] = " AND ".join(conditions)
    if order_by:
        body["order_by"] = [_order(clause) for clause in order_by]
    infos: list[dict[str, Any]] = []
    while body["locations"]:
        room = _PAGE if max_results is None else min(_PAGE, max_results - len(infos))
        if room <= 0:
            break
        body["max_results"] = room
        body["page_token"] = page_token or ""
        reply = _server.call("POST", f"{_server.V3}/traces/search", body)
        infos += reply.get("traces", [])
        page_token = reply.get("next_page_token")
        if not page_token:
            break
    traces = [Trace(TraceInfo.from_dict(info)) for info in infos]
    if include_spans:
        _add_spans(traces)
    return traces, page_token


def _inside_quotes(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _add_spans(traces: list[Trace]) -> None:
    by_id = {trace.info.trace_id: trace for trace in traces}
    ids = list(by_id)
    for start in range(0, len(ids), _SPANS_OF):
        query = _server.query({"trace_ids": ids[start : start + _SPANS_OF]})
        reply = _server.call("GET", f"{_server.V3}/traces/batchGet{query}")
        for found in reply.get("traces", []):
            trace = by_id.get(found["trace_info"]["trace_id"])
            if trace is not None:
                trace.data = TraceData([Span.from_dict(span) for span in list_of(found.get("spans"))])


def search_traces(
    experiment_ids: Iterable[str] | None = None,
    filter_string: str | None = None,
    max_results: int | None = 100,
    order_by: Iterable[str] | None = None,
    extract_fields: Iterable[str] | None = None,
    run_id: str | None = None,
    return_type: str | None = None,
    model_id: str | None = None,
    sql_warehouse_id: str | None = None,
    include_spans: bool = True,
    locations: Iterable[Any] | None = None,
    flush: bool = True,
    experiment_names: Iterable[str] | None = None,
) -> Any:
    """Traces that fit, newest first unless `order_by` says otherwise.

    Of the experiments that are named by `experiment_ids`, `experiment_names` or `locations` (ids, or objects with an
    `experiment_id`); without any, of the active one, or, with `run_id`, of all. The result is a list of `Trace` that
    answers questions to a data frame too (`result["trace_id"]`, `result.iloc[0]`) when pandas is installed.
    `return_type="list"` gives a plain list, `"pandas"` the data frame. `extract_fields` adds columns to that: each
    `"span name.inputs"`, or `.outputs`, also with the key of one entry; names with points stand in backticks.
    `sql_warehouse_id` is ignored. Raises `ValueError` for another form of a field.
    """
    ids: list[str] = [str(id) for id in experiment_ids or ()]
    for name in [experiment_names] if isinstance(experiment_names, str) else experiment_names or ():
        # A name that no experiment has finds nothing.
        try:
            ids.append(id_of_name(name, create=False))
        except RestException as error:
            if error.status != 404:
                raise
    for location in locations or ():
        ids.append(str(getattr(location, "experiment_id", location)))
    named = experiment_ids is not None or experiment_names is not None or locations is not None
    if not named and run_id is None:
        ids = [active_experiment_id()]
    traces, _ = find_traces(
        ids if named or run_id is None else None,
        filter_string,
        max_results,
        order_by,
        run_id,
        include_spans,
        model_id,
    )
    if return_type == "list":
        return traces
    found = Traces(traces, extract_fields or ())
    return found.to_pandas() if return_type == "pandas" else found


def search_sessions(
    experiment_ids: Iterable[str] | None = None, filter_string: str | None = None, max_results: int = 100
) -> list[list[Trace]]:
    """Traces by session, each session's in the order they began; the newest session first."""
    traces = search_traces(experiment_ids, filter_string, None, return_type="list")
    sessions: dict[str, list[Trace]] = {}
    for trace in traces:
        session = trace.info.trace_metadata.get("mlflow.trace.session")
        if session is not None:
            sessions.setdefault(session, []).insert(0, trace)
    return list(sessions.values())[:max_results]


def delete_traces(
    experiment_id: str,
    max_timestamp_millis: int | None = None,
    max_traces: int | None = None,
    trace_ids: Iterable[str] | None = None,
) -> int:
    """Deletes these traces of an experiment, or those that began up to a time, oldest first. Answers how many."""
    _server.flush()
    path = f"{_server.V3}/traces/delete-traces"
    if trace_ids is None:
        body: dict[str, Any] = {"experiment_id": str(experiment_id), "max_timestamp_millis": max_timestamp_millis}
        if max_traces is not None:
            body["max_traces"] = max_traces
        return int(_server.call("POST", path, body).get("traces_deleted", 0))
    ids = list(trace_ids)
    deleted = 0
    for start in range(0, len(ids), 100):
        body = {"experiment_id": str(experiment_id), "request_ids": ids[start : start + 100]}
        deleted += int(_server.call("POST", path, body).get("traces_deleted", 0))
    return deleted


def running_root(trace_id: str) -> _core.Span | None:
    """The current span, if it is of this trace: what is said of the trace then goes with it."""
    current = _core.current_span()
    return current if current is not None and current.trace_id == trace_id else None


def set_trace_tag(trace_id: str, key: str, value: Any) -> None:
    """Sets a tag of a trace, running or not."""
    running = running_root(trace_id)
    if running is not None:
        running.edit_trace(tags={key: value})
        return
    _server.flush()
    body = {"key": str(key), "value": str(value)}
    _server.call("PATCH", f"{_server.V2}/traces/{_server.quote(trace_id)}/tags", body)


def delete_trace_tag(trace_id: str, key: str) -> None:
    """Raises `RestException` when the trace has no such tag."""
    _server.flush()
    _server.call("DELETE", f"{_server.V2}/traces/{_server.quote(trace_id)}/tags", {"key": str(key)})


def add_trace(trace: Trace | Mapping[str, Any], target: Any = None) -> None:
    """Adds the spans of a trace that was made elsewhere, for example by a service that answered with it, under
    `target` or the current span; outside of a trace it becomes one of its own. Span ids are new."""
    source = trace if isinstance(trace, Trace) else Trace.from_dict(dict(trace))
    parent = target or _core.current_parent()
    made: dict[str | None, _core.Span] = {}
    waiting = sorted(source.data.spans, key=lambda span: (span.parent_id is not None, span.start_time_ns))
    known = {span.span_id for span in waiting}
    ended: list[tuple[_core.Span, Span]] = []
    while waiting:
        late: list[Span] = []
        for span in waiting:
            if span.parent_id in known and span.parent_id not in made:
                late.append(span)
                continue
            copy = _core.start(
                span.name,
                made.get(span.parent_id, parent),
                span_type=span.span_type,
                attributes=span.attributes,
                start_time_ns=span.start_time_ns,
            )
            for event in span.events:
                copy.add_event(event)
            made[span.span_id] = copy
            ended.append((copy, span))
        if len(late) == len(waiting):
            break
        waiting = late
    for copy, span in reversed(ended):
        copy.end(status=span.status, end_time_ns=span.end_time_ns)


def log_trace(
    name: str = "Task",
    request: Any = None,
    response: Any = None,
    intermediate_outputs: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    start_time_ms: int | None = None,
    execution_time_ms: int | None = None,
) -> str:
    """A trace of one span, from data. Answers its id."""
    from ._fluent import start_span_no_context

    start = None if start_time_ms is None else start_time_ms * 1_000_000
    span = start_span_no_context(name, inputs=request, attributes=attributes, tags=tags, start_time_ns=start)
    if intermediate_outputs:
        span.set_attribute("mlflow.trace.intermediate_outputs", dict(intermediate_outputs))
    end = None
    if execution_time_ms is not None:
        end = (span.start_time_ns or 0) + execution_time_ms * 1_000_000
    span.end(outputs=response, end_time_ns=end)
    return span.trace_id
