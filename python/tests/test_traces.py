"""Reading, searching, assessing, tagging and deleting, right after the call they are about."""

from __future__ import annotations

import re
import time
from typing import Any

import fanlight
import pytest
from fanlight.entities import AssessmentSource, Expectation, Feedback, IssueReference, Trace
from fanlight.exceptions import MlflowException, RestException


def make(name: str = "work", **tags: Any) -> str:
    with fanlight.start_span(name) as span:
        span.set_inputs({"q": name})
        span.set_outputs("an answer")
        if tags:
            fanlight.update_current_trace(tags=tags)
    return span.trace_id


def test_a_trace_is_read_right_after_it_ended() -> None:
    trace = fanlight.get_trace(make())
    assert trace is not None
    assert "work" in (trace.info.request_preview or "")
    assert trace.info.state == "OK"
    assert trace.info.execution_duration is not None
    assert trace.info.request_id == trace.info.trace_id == trace.data.spans[0].request_id
    again = fanlight.get_last_active_trace()
    assert again == trace
    with pytest.warns(RuntimeWarning, match="no trace"):
        assert fanlight.get_trace("tr-" + "0" * 31 + "1") is None


def test_a_trace_survives_json() -> None:
    trace = fanlight.get_trace(make())
    assert trace is not None
    assert Trace.from_json(trace.to_json()) == trace
    assert "<script>" not in trace._repr_html_()


def test_what_is_said_of_the_whole_trace() -> None:
    with fanlight.start_span("root") as root:
        with fanlight.start_span("child"):
            fanlight.update_current_trace(
                tags={"fruit": "apple", "n": 1},
                metadata={"m": "2"},
                session_id="s1",
                user="u1",
                request_preview="RQ",
                response_preview="RS",
                client_request_id="c1",
                state="ERROR",
            )
        fanlight.set_tags({"late": True})
    trace = fanlight.get_trace(root.trace_id)
    assert trace is not None
    info = trace.info
    assert {"fruit": "apple", "n": "1", "late": "True"}.items() <= info.tags.items()
    assert {"m": "2", "mlflow.trace.session": "s1", "mlflow.trace.user": "u1"}.items() <= info.trace_metadata.items()
    assert (info.request_preview, info.response_preview, info.client_request_id) == ("RQ", "RS", "c1")
    assert info.state == "ERROR"
    with pytest.warns(RuntimeWarning, match="no active trace"):
        fanlight.update_current_trace(tags={"x": "y"})
    with pytest.raises(ValueError):
        fanlight.update_current_trace(state="MAYBE")


def test_a_block_tells_its_traces() -> None:
    with fanlight.tracing.context(tags={"a": "1"}, session_id="s2"), fanlight.tracing.context(user="u2"):
        first = make()
    second = make()
    trace = fanlight.get_trace(first)
    assert trace is not None
    assert trace.info.tags["a"] == "1"
    assert trace.info.trace_metadata["mlflow.trace.session"] == "s2"
    assert trace.info.trace_metadata["mlflow.trace.user"] == "u2"
    other = fanlight.get_trace(second)
    assert other is not None
    assert "a" not in other.info.tags


def test_tags_of_an_ended_trace() -> None:
    trace_id = make()
    client = fanlight.MlflowClient()
    fanlight.set_tags({"use_case": "x"})
    client.set_trace_tag(trace_id, "key", "value")
    client.set_trace_tag(request_id=trace_id, key="other", value=1)
    client.delete_trace_tag(trace_id, "key")
    tags = client.get_trace(trace_id).info.tags
    assert tags["use_case"] == "x"
    assert tags["other"] == "1"
    assert "key" not in tags


def test_assessments_are_added_changed_overridden_and_deleted() -> None:
    trace_id = make()
    source = AssessmentSource("HUMAN", "ann")
    feedback = fanlight.log_feedback(trace_id=trace_id, name="thumbs", value=True, rationale="good", source=source)
    assert feedback.assessment_id and feedback.source == source
    expectation = fanlight.log_expectation(trace_id=trace_id, name="answer", value={"a": [1]})
    fanlight.log_assessment(trace_id, Feedback(name="rating", value=4))
    changed = fanlight.update_assessment(trace_id, feedback.assessment_id, Feedback(name="thumbs", value=False))
    assert changed.value is False and changed.rationale == "good"
    fanlight.override_feedback(trace_id=trace_id, assessment_id=feedback.assessment_id, value="mixed")
    assert fanlight.get_assessment(trace_id, str(expectation.assessment_id)).value == {"a": [1]}
    trace = fanlight.get_trace(trace_id)
    assert trace is not None
    assert [each.value for each in trace.search_assessments("thumbs")] == ["mixed"]
    assert len(trace.search_assessments("thumbs", all=True)) == 2
    assert isinstance(trace.search_assessments(type="expectation")[0], Expectation)
    fanlight.delete_assessment(trace_id, str(expectation.assessment_id))
    with pytest.raises(RestException) as caught:
        fanlight.get_assessment(trace_id, str(expectation.assessment_id))
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_an_issue_is_said_of_a_trace() -> None:
    trace_id = make()
    issue = fanlight.log_issue(trace_id=trace_id, issue_id="iss-1", issue_name="too slow", rationale="9 s")
    assert isinstance(issue, IssueReference)
    found = fanlight.get_trace(trace_id)
    assert found is not None
    (kept,) = found.search_assessments(type="issue")
    assert isinstance(kept, IssueReference)
    assert (kept.issue_id, kept.issue_name, kept.rationale) == ("iss-1", "too slow", "9 s")
    assert kept.source is not None and kept.source.source_type == "LLM_JUDGE"
    assert Trace.from_json(found.to_json()).search_assessments("iss-1") == [kept]


def test_an_assessment_of_the_running_trace_arrives_with_it() -> None:
    with fanlight.start_span("judged") as span:
        fanlight.log_feedback(name="inside", value=0.5)
    deadline = time.monotonic() + 10
    found: list[Any] = []
    while not found and time.monotonic() < deadline:
        trace = fanlight.get_trace(span.trace_id, silent=True)
        found = trace.info.assessments if trace else []
        time.sleep(0.05)
    assert [each.value for each in found] == [0.5]
    with pytest.raises(MlflowException):
        fanlight.log_feedback(name="outside", value=1)


def test_searching(experiment: str) -> None:
    first, second = make("first", kind="a"), make("second", kind="b")
    assert [trace.info.trace_id for trace in fanlight.search_traces()] == [second, first]
    assert len(fanlight.search_traces(filter_string="tags.kind = 'a'")) == 1
    assert len(fanlight.search_traces(experiment_names=[experiment])) == 2
    assert len(fanlight.search_traces(experiment_names=["there is none"])) == 0
    (newest,) = fanlight.search_traces(max_results=1)
    assert newest.data.spans[0].name == "second"
    ordered = fanlight.search_traces(order_by=["execution_duration DESC"], return_type="list")
    durations = [trace.info.execution_duration for trace in ordered]
    assert durations == sorted(durations, reverse=True)
    id = fanlight.get_experiment_by_name(experiment).experiment_id  # type: ignore[union-attr]
    assert len(fanlight.search_traces(experiment_ids=[id], include_spans=False)) == 2
    assert len(fanlight.search_traces(locations=[id])) == 2
    page = fanlight.MlflowClient().search_traces([id], max_results=1)
    assert page.token
    (rest,) = fanlight.MlflowClient().search_traces([id], max_results=1, page_token=page.token)
    assert rest.info.trace_id == first
    with pytest.raises(RestException):
        fanlight.search_traces(filter_string="nonsense")


def test_a_result_answers_as_a_data_frame() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed: searches answer with lists")
    make("one")
    found = fanlight.search_traces()
    assert list(found["trace_id"]) == [found[0].info.trace_id]
    assert found.iloc[0]["request"] == {"q": "one"}
    assert "response" in found.columns
    assert fanlight.search_traces(return_type="pandas").shape == (1, 12)


def test_fields_of_spans_are_columns() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed: searches answer with lists")
    with fanlight.start_span("root.of all") as root:
        root.set_inputs({"a.b": 1, "c": [2]})
        with fanlight.start_span("step") as step:
            step.set_outputs("text")
    fields = ["`root.of all`.inputs", "`root.of all`.inputs.`a.b`", "`root.of all`.inputs.c", "step.outputs", "step.outputs.x", "no.inputs"]
    (row,) = fanlight.search_traces(extract_fields=fields, return_type="pandas").to_dict("records")
    assert row["root.of all.inputs"] == {"a.b": 1, "c": [2]}
    assert (row["root.of all.inputs.a.b"], row["root.of all.inputs.c"], row["step.outputs"]) == (1, [2], "text")
    assert row["step.outputs.x"] is None and row["no.inputs"] is None
    for wrong in ("step", "step.names", "`step.inputs", "step.inputs."):
        with pytest.raises(ValueError, match="is no field"):
            fanlight.search_traces(extract_fields=[wrong])


def test_spans_of_a_trace_are_searched() -> None:
    with fanlight.start_span("add_one", span_type="TOOL"), fanlight.start_span("mul"):
        pass
    trace = fanlight.get_last_active_trace()
    assert trace is not None
    assert [span.name for span in trace.search_spans(span_type="TOOL")] == ["add_one"]
    assert [span.name for span in trace.search_spans(name=re.compile("add.*"))] == ["add_one"]
    (span,) = trace.search_spans(name="mul")
    assert trace.search_spans(span_id=span.span_id) == [span]


def test_deleting(experiment: str) -> None:
    ids = [make(), make(), make()]
    id = fanlight.get_experiment_by_name(experiment).experiment_id  # type: ignore[union-attr]
    assert fanlight.delete_traces(id, trace_ids=[ids[0]]) == 1
    now = int(time.time() * 1000) + 1000
    assert fanlight.delete_traces(id, max_timestamp_millis=now, max_traces=10) == 2
    assert len(fanlight.search_traces()) == 0


def test_a_client_starts_and_ends_spans_by_their_ids() -> None:
    client = fanlight.MlflowClient()
    root = client.start_trace("my_trace", inputs={"i": 1}, tags={"t": "1"})
    child = client.start_span("child", request_id=root.request_id, parent_id=root.span_id, inputs={"k": "v"})
    client.end_span(request_id=child.request_id, span_id=child.span_id, outputs={"o": 1}, attributes={"a": "b"})
    client.end_trace(root.trace_id, outputs={"final": 1})
    trace = client.get_trace(root.trace_id)
    assert [(span.name, span.inputs, span.outputs) for span in trace.data.spans] == [
        ("my_trace", {"i": 1}, {"final": 1}),
        ("child", {"k": "v"}, {"o": 1}),
    ]
    assert trace.info.tags["t"] == "1"
    with fanlight.start_span("fluent") as span:
        inner = client.start_span("by id", trace_id=span.trace_id, parent_id=span.span_id)
        client.end_span(trace_id=span.trace_id, span_id=inner.span_id)
    assert len(client.get_trace(span.trace_id).data.spans) == 2
    with pytest.raises(MlflowException):
        client.end_trace("tr-" + "1" * 32)


def test_a_trace_belongs_to_the_run_it_started_in() -> None:
    with fanlight.start_run(run_name="r") as run:
        assert fanlight.active_run() is run
        fanlight.log_metric("m", 1.5)
        fanlight.log_param("p", 1)
        trace_id = make()
    assert fanlight.active_run() is None
    (found,) = fanlight.search_traces(run_id=run.info.run_id)
    assert found.info.trace_id == trace_id
    read = fanlight.MlflowClient().get_run(run.info.run_id)
    assert (read.info.status, read.data.metrics["m"], read.data.params["p"]) == ("FINISHED", 1.5, "1")


def test_a_trace_made_elsewhere_is_added() -> None:
    trace = fanlight.get_trace(make("remote"))
    assert trace is not None
    with fanlight.start_span("local") as local:
        fanlight.add_trace(trace)
    found = fanlight.get_trace(local.trace_id)
    assert found is not None
    assert [(span.name, span.outputs) for span in found.data.spans] == [("local", None), ("remote", "an answer")]
    trace_id = fanlight.log_trace("logged", request="q", response="a", execution_time_ms=5)
    logged = fanlight.get_trace(trace_id)
    assert logged is not None
    assert logged.data.spans[0].duration_ms == 5


def test_experiments() -> None:
    id = fanlight.create_experiment("made by hand")
    assert fanlight.get_experiment(id).name == "made by hand"
    assert fanlight.get_experiment_by_name("nobody made this") is None
    fanlight.set_experiment(experiment_id=id)
    make()
    assert len(fanlight.search_traces(experiment_ids=[id])) == 1
    with pytest.raises(ValueError):
        fanlight.set_experiment()


def test_a_client_changes_experiments_and_runs() -> None:
    client = fanlight.MlflowClient()
    id = client.create_experiment("first name")
    client.rename_experiment(id, "second name")
    client.set_experiment_tag(id, "team", "blue")
    found = client.get_experiment_by_name("second name")
    assert found is not None and (found.experiment_id, found.tags["team"]) == (id, "blue")
    client.delete_experiment(id)
    assert client.get_experiment(id).lifecycle_stage == "deleted"
    client.restore_experiment(id)
    assert client.get_experiment(id).lifecycle_stage == "active"
    run = client.create_run(id, tags={"kind": "nightly"}, run_name="r")
    assert fanlight.active_run() is None
    client.set_terminated(run.info.run_id, "FAILED")
    read = client.get_run(run.info.run_id)
    assert (read.info.status, read.data.tags["kind"]) == ("FAILED", "nightly")
