"""The 2.x clients: logging, reading back, searching, tagging and deleting traces of the older format."""

from __future__ import annotations

from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import SpanEvent, Trace
from mlflow.exceptions import MlflowException

from support.rest import Rest


def client() -> MlflowClient:
    return MlflowClient()


def log_trace(name: str, tags: dict[str, str] | None = None, status: str = "OK") -> str:
    """Logs a trace of two spans through the client object; returns its id."""
    root = client().start_trace(name, inputs={"a": 1}, attributes={"x": "y"}, tags=tags)
    child = client().start_span("sub", request_id=root.request_id, parent_id=root.span_id, inputs={"b": 2})
    client().end_span(request_id=root.request_id, span_id=child.span_id, outputs={"o": [1, None]})
    client().end_trace(request_id=root.request_id, outputs={"z": 1}, status=status)
    return str(root.request_id)


def search(experiment: str, filter_string: str | None = None, **options: Any) -> list[str]:
    found = client().search_traces([experiment], filter_string=filter_string, **options)
    return [trace.info.request_id for trace in found]


def last_trace(experiment: str) -> Trace:
    """The trace that ended last, as the server has it."""
    (found,) = client().search_traces([experiment], max_results=1)
    return client().get_trace(found.info.request_id)


def refused(code: str, call: Any) -> None:
    with pytest.raises(MlflowException) as caught:
        call()
    assert caught.value.error_code == code


@mlflow.trace(span_type="AGENT", attributes={"team": "blue"})
def answer(question: str) -> str:
    with mlflow.start_span("ask model", span_type="LLM") as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_attributes({"n": 5, "f": 0.5, "flag": True, "list": [1, "two"], "text": "日本 \"q\""})
        span.add_event(SpanEvent("first token", timestamp=1_767_225_600_000_000_123, attributes={"a": 1}))
        span.set_outputs("forty-two")
    return "done"


def test_nested_spans_come_back_as_logged(experiment: str) -> None:
    answer("What?")
    trace = last_trace(experiment)
    root, child = trace.data.spans
    assert (root.name, root.span_type, root.parent_id) == ("answer", "AGENT", None)
    assert (root.inputs, root.outputs) == ({"question": "What?"}, "done")
    assert root.get_attribute("team") == "blue"
    assert root.status.status_code.value == "OK"
    assert (child.name, child.span_type, child.parent_id) == ("ask model", "LLM", root.span_id)
    assert child.inputs == {"messages": [{"role": "user", "content": "What?"}]}
    assert child.outputs == "forty-two"
    expected = {"n": 5, "f": 0.5, "flag": True, "list": [1, "two"], "text": "日本 \"q\""}
    assert {key: child.get_attribute(key) for key in expected} == expected
    assert root.start_time_ns <= child.start_time_ns <= child.end_time_ns <= root.end_time_ns
    (event,) = child.events
    assert (event.name, event.timestamp, event.attributes) == ("first token", 1_767_225_600_000_000_123, {"a": 1})


def test_the_trace_info_sums_up_the_trace(experiment: str) -> None:
    answer("What?")
    trace = last_trace(experiment)
    info = trace.info
    assert (info.experiment_id, info.status.value) == (experiment, "OK")
    assert info.tags["mlflow.traceName"] == "answer"
    assert info.tags["mlflow.artifactLocation"].endswith(f"/{experiment}/traces/{info.request_id}/artifacts")
    assert info.request_metadata["mlflow.traceInputs"] == '{"question": "What?"}'
    assert info.request_metadata["mlflow.traceOutputs"] == '"done"'
    assert info.request_metadata["mlflow.trace_schema.version"] == "2"
    assert info.execution_time_ms >= 0
    assert (trace.data.request, trace.data.response) == ('{"question": "What?"}', '"done"')


def test_an_exception_is_recorded_and_passed_on(experiment: str) -> None:
    @mlflow.trace
    def fails() -> None:
        raise ValueError("no such page")

    with pytest.raises(ValueError, match="no such page"):
        fails()
    trace = last_trace(experiment)
    (span,) = trace.data.spans
    assert trace.info.status.value == "ERROR"
    assert (span.status.status_code.value, span.status.description) == ("ERROR", "ValueError: no such page")
    (event,) = span.events
    assert event.name == "exception"
    assert event.attributes["exception.type"] == "ValueError"
    assert event.attributes["exception.message"] == "no such page"
    assert 'raise ValueError("no such page")' in event.attributes["exception.stacktrace"]


def test_the_client_object_logs_traces_too(experiment: str) -> None:
    request_id = log_trace("manual", tags={"tier": "gold"}, status="ERROR")
    trace = client().get_trace(request_id)
    root, child = trace.data.spans
    assert (trace.info.status.value, trace.info.tags["tier"]) == ("ERROR", "gold")
    assert (root.name, root.inputs, root.outputs, root.get_attribute("x")) == ("manual", {"a": 1}, {"z": 1}, "y")
    assert (child.name, child.parent_id, child.inputs, child.outputs) == (
        "sub", root.span_id, {"b": 2}, {"o": [1, None]},
    )  # fmt: skip
    assert root.request_id == child.request_id == request_id


def test_an_unfinished_trace_is_in_progress(experiment: str, rest: Rest) -> None:
    root = client().start_trace("open")
    path = f"/api/2.0/mlflow/traces/{root.request_id}/info"
    assert rest.call("GET", path).json()["trace_info"]["status"] == "IN_PROGRESS"
    client().end_trace(root.request_id)
    assert rest.call("GET", path).json()["trace_info"]["status"] == "OK"


def test_newer_interfaces_read_the_trace(experiment: str, rest: Rest) -> None:
    """A trace of an old client is an ordinary trace for everybody else."""
    request_id = log_trace("old", tags={"tier": "gold"})
    info = rest.call("GET", f"/api/3.0/mlflow/traces/{request_id}").json()["trace"]["trace_info"]
    assert (info["state"], info["tags"]["tier"]) == ("OK", "gold")
    assert [each["trace_id"] for each in rest.search(experiment, "tags.tier = 'gold'")] == [request_id]


@pytest.mark.fanlight_only
def test_spans_of_old_clients_can_be_read_and_searched_like_others(experiment: str, rest: Rest) -> None:
    request_id = log_trace("old")
    trace = rest.get_trace(request_id)
    root, child = trace["spans"]
    assert (root["name"], child["name"], child["parent"]) == ("old", "sub", root["span_id"])
    assert child["attributes"]["mlflow.spanOutputs"] == {"o": [1, None]}
    assert [each["trace_id"] for each in rest.search(experiment, "span.name = 'sub'")] == [request_id]


def test_filters(experiment: str) -> None:
    good = log_trace("good", tags={"env": "prod"})
    bad = log_trace("bad", tags={"env": "dev"}, status="ERROR")
    time = client().get_trace(bad).info.timestamp_ms
    expected = {
        "tags.env = 'prod'": [good],
        "tags.env != 'prod'": [bad],
        "tags.env LIKE 'p%'": [good],
        "tag.env = 'dev' AND status = 'ERROR'": [bad],
        "status = 'OK'": [good],
        "attributes.status != 'OK'": [bad],
        "name = 'good'": [good],
        "tags.mlflow.traceName = 'bad'": [bad],
        f"timestamp_ms >= {time} AND name = 'bad'": [bad],
        f"timestamp > {time}": [],
        "timestamp > 0": [bad, good],
        "execution_time_ms < 60000": [bad, good],
        "request_metadata.mlflow.traceInputs = '{\"a\": 1}'": [bad, good],
        "metadata.mlflow.trace_schema.version = '2'": [bad, good],
        "tags.env = 'nowhere'": [],
    }
    for text, ids in expected.items():
        assert search(experiment, text) == ids, text


@pytest.mark.parametrize("text", ["bogus = 'x'", "status = OK", "tags.env > 'a'", "timestamp > 'x'", "status"])
def test_bad_filters_are_refused(experiment: str, text: str) -> None:
    refused("INVALID_PARAMETER_VALUE", lambda: search(experiment, text))


def test_order_and_pages(experiment: str) -> None:
    ids = [log_trace(name) for name in ("b", "c", "a")]
    assert search(experiment) == list(reversed(ids))
    assert search(experiment, order_by=["timestamp_ms ASC"]) == ids
    assert search(experiment, order_by=["name ASC"]) == [ids[2], ids[0], ids[1]]
    found, token = [], None
    for _ in range(3):
        page = client().search_traces([experiment], max_results=1, page_token=token)
        found += [trace.info.request_id for trace in page]
        token = page.token
    assert found == list(reversed(ids))


def test_a_table_of_traces(experiment: str) -> None:
    request_id = log_trace("listed", tags={"env": "prod"})
    table = mlflow.search_traces(experiment_ids=[experiment], filter_string="tags.env = 'prod'")
    assert list(table["request_id"]) == [request_id]
    assert str(table["status"][0]) in ("OK", "TraceStatus.OK")
    assert [span["name"] if isinstance(span, dict) else span.name for span in table["spans"][0]] == ["listed", "sub"]


def test_tags_are_set_and_deleted(experiment: str) -> None:
    request_id = log_trace("tagged")
    client().set_trace_tag(request_id, "stage", "draft")
    assert client().get_trace(request_id).info.tags["stage"] == "draft"
    assert search(experiment, "tags.stage = 'draft'") == [request_id]
    client().delete_trace_tag(request_id, "stage")
    assert "stage" not in client().get_trace(request_id).info.tags
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client().delete_trace_tag(request_id, "stage"))


def test_a_trace_of_a_run_is_found_by_it(experiment: str) -> None:
    with mlflow.start_run() as run:
        inside = log_trace("inside")
    log_trace("outside")
    found = client().search_traces([experiment], run_id=run.info.run_id)
    assert [trace.info.request_id for trace in found] == [inside]
    assert mlflow.get_run(run.info.run_id).info.status == "FINISHED"


def test_traces_are_deleted_by_id_and_by_time(experiment: str) -> None:
    ids = [log_trace(name) for name in ("one", "two", "three")]
    assert client().delete_traces(experiment, request_ids=[ids[1], "0" * 32]) == 1
    assert search(experiment) == [ids[2], ids[0]]
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client().get_trace(ids[1]))
    time = client().get_trace(ids[2]).info.timestamp_ms
    assert client().delete_traces(experiment, max_timestamp_millis=time, max_traces=1) == 1
    assert search(experiment) == [ids[2]]
    assert client().delete_traces(experiment, max_timestamp_millis=time) == 1
    assert search(experiment) == []


def test_an_unknown_trace(experiment: str) -> None:
    assert mlflow.get_trace("0" * 32) is None
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client().get_trace("0" * 32))


def test_a_trace_of_a_newer_client_does_not_break_a_search(experiment: str, rest: Rest) -> None:
    """An old client cannot decode the newer file format; the server must not hand it out."""
    from support.rest import new_trace_id, otlp_span

    old = log_trace("old")
    rest.export(experiment, [otlp_span(new_trace_id(), "1" * 16, "new", 1_767_225_600_000, 1_767_225_601_000)])
    assert old in search(experiment)
