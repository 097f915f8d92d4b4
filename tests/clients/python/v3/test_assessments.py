"""Feedback and expectations: logged, read, replaced, corrected and deleted by the client."""

from __future__ import annotations

from typing import Any

import mlflow
import pytest
from mlflow.entities import AssessmentError, AssessmentSource, Expectation, Feedback

from support.filter_fixture import T0
from support.v3_client import log_traces, read, refused, search_ids

HUMAN = AssessmentSource(source_type="HUMAN", source_id="ann")
JUDGE = AssessmentSource(source_type="LLM_JUDGE", source_id="gpt-4o")


@pytest.fixture
def trace_id(experiment: str) -> str:
    return log_traces(experiment, ["assessed"], T0)["assessed"]


def stored(trace_id: str) -> dict[str, Any]:
    """The assessments of a trace by id."""
    return {each.assessment_id: each for each in read(trace_id).info.assessments}


@pytest.mark.parametrize(
    "value",
    [True, False, 0.75, 1, -3, "yes", "", "日本", {"a": 1.5, "b": "x"}, ["x", True, 2.5], {"deep": {"er": [1]}}],
    ids=repr,
)
def test_feedback_values_round_trip(trace_id: str, value: Any) -> None:
    logged = mlflow.log_feedback(trace_id=trace_id, name="quality", value=value, source=HUMAN, rationale="because")
    (feedback,) = stored(trace_id).values()
    assert isinstance(feedback, Feedback)
    assert feedback.assessment_id == logged.assessment_id
    assert (feedback.name, feedback.value, feedback.rationale) == ("quality", value, "because")
    assert isinstance(feedback.value, bool) == isinstance(value, bool)
    assert (feedback.source.source_type, feedback.source.source_id) == ("HUMAN", "ann")
    assert feedback.valid is True


def test_feedback_with_an_error(trace_id: str) -> None:
    error = AssessmentError(error_code="RATE_LIMIT", error_message="slow down", stack_trace="line 1")
    mlflow.log_feedback(trace_id=trace_id, name="judged", error=error, source=JUDGE)
    (feedback,) = stored(trace_id).values()
    assert feedback.value is None
    assert feedback.error.error_code == "RATE_LIMIT"
    assert feedback.error.error_message == "slow down"
    assert feedback.error.stack_trace == "line 1"
    assert feedback.source.source_type == "LLM_JUDGE"


def test_feedback_from_an_exception(trace_id: str) -> None:
    mlflow.log_feedback(trace_id=trace_id, name="judged", error=ValueError("bad answer"), source=JUDGE)
    (feedback,) = stored(trace_id).values()
    assert (feedback.error.error_code, feedback.error.error_message) == ("ValueError", "bad answer")


@pytest.mark.parametrize(
    "value", ["paris", 3, 2.5, True, ["a", "b"], {"answer": "paris", "nested": {"n": [1, 2]}}], ids=repr
)
def test_expectation_values_round_trip(trace_id: str, value: Any) -> None:
    mlflow.log_expectation(trace_id=trace_id, name="expected", value=value, source=HUMAN, metadata={"set": "v1"})
    (expectation,) = stored(trace_id).values()
    assert isinstance(expectation, Expectation)
    assert (expectation.name, expectation.value, expectation.metadata) == ("expected", value, {"set": "v1"})


def test_an_assessment_of_one_span(trace_id: str) -> None:
    (span,) = read(trace_id).data.spans
    mlflow.log_feedback(trace_id=trace_id, name="ok", value=True, source=HUMAN, span_id=span.span_id)
    (feedback,) = stored(trace_id).values()
    assert feedback.span_id == span.span_id


def test_an_override_and_its_removal(experiment: str, trace_id: str) -> None:
    old = mlflow.log_feedback(trace_id=trace_id, name="ok", value="no", source=JUDGE)
    new = mlflow.override_feedback(
        trace_id=trace_id, assessment_id=old.assessment_id, value="yes", rationale="checked", source=HUMAN
    )
    both = stored(trace_id)
    assert both[old.assessment_id].valid is False
    assert both[new.assessment_id].valid is True
    assert both[new.assessment_id].overrides == old.assessment_id
    assert both[new.assessment_id].name == "ok"
    assert both[old.assessment_id].value == "no"
    assert search_ids(experiment, "feedback.ok = 'yes'") == [trace_id]
    assert search_ids(experiment, "feedback.ok = 'no'") == []

    mlflow.delete_assessment(trace_id=trace_id, assessment_id=new.assessment_id)
    (only,) = stored(trace_id).values()
    assert (only.assessment_id, only.valid) == (old.assessment_id, True)
    assert search_ids(experiment, "feedback.ok = 'no'") == [trace_id]


def test_an_update_changes_value_and_rationale(trace_id: str) -> None:
    old = mlflow.log_feedback(
        trace_id=trace_id, name="ok", value=False, rationale="first", source=HUMAN, metadata={"a": "1", "b": "2"}
    )
    changed = Feedback(name="ok", value=True, rationale="second", metadata={"b": "3"})
    mlflow.update_assessment(trace_id=trace_id, assessment_id=old.assessment_id, assessment=changed)
    new = mlflow.get_assessment(trace_id=trace_id, assessment_id=old.assessment_id)
    assert (new.value, new.rationale, new.metadata) == (True, "second", {"a": "1", "b": "3"})
    assert (new.source.source_type, new.source.source_id) == ("HUMAN", "ann")
    assert new.create_time_ms == old.create_time_ms
    assert new.last_update_time_ms >= new.create_time_ms
    assert stored(trace_id)[old.assessment_id].value is True


def test_an_update_of_an_expectation(trace_id: str) -> None:
    old = mlflow.log_expectation(trace_id=trace_id, name="answer", value="paris", source=HUMAN)
    changed = Expectation(name="answer", value={"city": "rome"})
    mlflow.update_assessment(trace_id=trace_id, assessment_id=old.assessment_id, assessment=changed)
    (expectation,) = stored(trace_id).values()
    assert expectation.value == {"city": "rome"}


def test_a_kind_cannot_be_changed(trace_id: str) -> None:
    old = mlflow.log_feedback(trace_id=trace_id, name="ok", value=True, source=HUMAN)
    with refused("INVALID_PARAMETER_VALUE"):
        mlflow.update_assessment(
            trace_id=trace_id, assessment_id=old.assessment_id, assessment=Expectation(name="ok", value="x")
        )


def test_a_deleted_assessment_is_gone(trace_id: str) -> None:
    first = mlflow.log_feedback(trace_id=trace_id, name="one", value=1, source=HUMAN)
    second = mlflow.log_feedback(trace_id=trace_id, name="two", value=2, source=HUMAN)
    mlflow.delete_assessment(trace_id=trace_id, assessment_id=first.assessment_id)
    assert list(stored(trace_id)) == [second.assessment_id]
    with refused("RESOURCE_DOES_NOT_EXIST"):
        mlflow.get_assessment(trace_id=trace_id, assessment_id=first.assessment_id)


def test_assessments_keep_the_order_of_logging(trace_id: str) -> None:
    logged = [
        mlflow.log_feedback(trace_id=trace_id, name=f"n{n}", value=n, source=HUMAN).assessment_id for n in range(5)
    ]
    assert list(stored(trace_id)) == logged


def test_assessing_an_unknown_trace_fails() -> None:
    with refused("RESOURCE_DOES_NOT_EXIST"):
        mlflow.log_feedback(trace_id="tr-" + "0" * 31 + "1", name="ok", value=True, source=HUMAN)
