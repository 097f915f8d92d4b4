"""The assessments of the traces of `filter_fixture`, logged by the client under test."""

from __future__ import annotations

import mlflow
from mlflow.entities import AssessmentSource, Feedback
from mlflow.exceptions import MlflowException

from support.filter_fixture import FilterFixture

HUMAN = AssessmentSource(source_type="HUMAN", source_id="ann")


def _null_feedback_works() -> bool:
    try:
        Feedback(name="probe", value=None)
    except MlflowException:
        return False
    return True


# Older clients fail on reading any trace that has a feedback without a value.
NULL_FEEDBACK_WORKS = _null_feedback_works()


def assess(fixture: FilterFixture) -> None:
    a, b = fixture.trace_ids["A"], fixture.trace_ids["B"]
    for trace_id, values in (
        (a, {"ok": True, "score": 0.75, "rel": "yes", "obj": {"a": 1}, "lst": ["x", "y"]}),
        (b, {"ok": False, "score": 1, "rel": "no", "strnum": "5"}),
    ):
        for name, value in values.items():
            mlflow.log_feedback(trace_id=trace_id, name=name, value=value, source=HUMAN)
    if NULL_FEEDBACK_WORKS:
        mlflow.log_feedback(trace_id=b, name="nul", value=None, source=HUMAN)
    old = mlflow.log_feedback(trace_id=a, name="ov", value="no", source=HUMAN)
    mlflow.override_feedback(trace_id=a, assessment_id=old.assessment_id, value="yes", source=HUMAN)
    mlflow.log_expectation(trace_id=a, name="exp", value="paris", source=HUMAN)
    mlflow.log_expectation(trace_id=a, name="expn", value=3, source=HUMAN)
