"""Feedback and expectations about traces."""

from __future__ import annotations

from typing import Any

from . import _hooks, _server
from ._traces import running_root
from .entities import Assessment, AssessmentError, AssessmentSource, Expectation, Feedback, IssueReference
from .exceptions import MlflowException, RestException

# About traces that still run: the server does not have them yet.
_waiting: dict[str, list[Assessment]] = {}
_MAX_WAITING = 1_000


def _path(trace_id: str, assessment_id: str | None = None) -> str:
    path = f"{_server.V3}/traces/{_server.quote(trace_id)}/assessments"
    return path if assessment_id is None else f"{path}/{_server.quote(assessment_id)}"


def _trace_id_or_active(trace_id: str | None) -> str:
    if trace_id is not None:
        return trace_id
    from ._fluent import get_active_trace_id

    active = get_active_trace_id()
    if active is None:
        raise MlflowException("an assessment is about a trace: say trace_id", "INVALID_PARAMETER_VALUE")
    return active


def log_assessment(trace_id: str | None, assessment: Assessment) -> Assessment:
    """Adds it to the trace and answers it as the server keeps it. About the trace this code runs in, it is sent when
    that has ended. Raises `RestException` when there is no such trace."""
    id = _trace_id_or_active(trace_id)
    assessment.trace_id = id
    if running_root(id) is not None:
        return _later(id, assessment)
    _server.flush()
    reply = _server.call("POST", _path(id), {"assessment": assessment.to_dictionary()})
    return Assessment.from_dictionary(reply["assessment"])


def _later(trace_id: str, assessment: Assessment) -> Assessment:
    if sum(map(len, _waiting.values())) >= _MAX_WAITING:
        raise MlflowException(f"{_MAX_WAITING} assessments wait for their traces to end", "RESOURCE_EXHAUSTED")
    import uuid

    assessment.assessment_id = assessment.assessment_id or f"a-{uuid.uuid4().hex}"
    _waiting.setdefault(trace_id, []).append(assessment)
    _hooks.on_trace_end(_trace_ended)
    return assessment


def _trace_ended(trace_id: str) -> None:
    """Sends what waited for this trace, in the background: ending a span does not wait for a server."""
    assessments = _waiting.pop(trace_id, None)
    if assessments:
        import threading

        # Not a daemon: the interpreter waits for it at exit.
        threading.Thread(target=_send, args=(trace_id, assessments), name="fanlight-assessments").start()


def _send(trace_id: str, assessments: list[Assessment]) -> None:
    _server.flush()
    for assessment in assessments:
        try:
            _server.call("POST", _path(trace_id), {"assessment": assessment.to_dictionary()})
        except MlflowException as error:
            import warnings

            warnings.warn(f"fanlight: an assessment was not sent: {error}", RuntimeWarning, stacklevel=2)


def log_feedback(
    *,
    trace_id: str | None = None,
    name: str = "feedback",
    value: Any = None,
    source: AssessmentSource | None = None,
    error: Exception | AssessmentError | None = None,
    rationale: str | None = None,
    metadata: dict[str, Any] | None = None,
    span_id: str | None = None,
) -> Assessment:
    """Adds a judgement of a trace, or of one of its spans. Without `trace_id`, of the trace this code runs in."""
    feedback = Feedback(
        name=name, value=value, error=error, source=source, rationale=rationale, metadata=metadata, span_id=span_id
    )
    return log_assessment(trace_id, feedback)


def log_expectation(
    *,
    trace_id: str | None = None,
    name: str,
    value: Any,
    source: AssessmentSource | None = None,
    metadata: dict[str, Any] | None = None,
    span_id: str | None = None,
) -> Assessment:
    """Says what would have been right for a trace, or for one of its spans."""
    expectation = Expectation(name=name, value=value, source=source, metadata=metadata, span_id=span_id)
    return log_assessment(trace_id, expectation)


def log_issue(
    *,
    trace_id: str | None = None,
    issue_id: str,
    issue_name: str | None = None,
    source: AssessmentSource | None = None,
    run_id: str | None = None,
    rationale: str | None = None,
    metadata: dict[str, Any] | None = None,
    span_id: str | None = None,
) -> Assessment:
    """Says that a trace, or one of its spans, has a known problem. Without a name the issue has its id for one."""
    issue = IssueReference(
        issue_id,
        issue_name or issue_id,
        source,
        run_id=run_id,
        rationale=rationale,
        metadata=metadata,
        span_id=span_id,
    )
    return log_assessment(trace_id, issue)


def get_assessment(trace_id: str, assessment_id: str) -> Assessment:
    """Raises `RestException` when there is none."""
    return Assessment.from_dictionary(_server.call("GET", _path(trace_id, assessment_id))["assessment"])


def update_assessment(trace_id: str, assessment_id: str, assessment: Assessment) -> Assessment:
    """Changes name, value, rationale and metadata to those of `assessment`; metadata are merged."""
    body = assessment.to_dictionary()
    mask = ["assessmentName", *(kind for kind in ("feedback", "expectation", "issue") if kind in body)]
    mask += [key for key in ("rationale", "metadata") if key in body]
    body.update(assessment_id=assessment_id, trace_id=trace_id)
    reply = _server.call(
        "PATCH", _path(trace_id, assessment_id), {"assessment": body, "update_mask": ",".join(mask)}
    )
    return Assessment.from_dictionary(reply["assessment"])


def override_feedback(
    *,
    trace_id: str,
    assessment_id: str,
    value: Any,
    rationale: str | None = None,
    source: AssessmentSource | None = None,
    metadata: dict[str, Any] | None = None,
) -> Assessment:
    """Adds a judgement in the place of an earlier one, which stays readable but counts no more."""
    old = get_assessment(trace_id, assessment_id)
    return log_assessment(
        trace_id,
        Feedback(
            name=old.name,
            value=value,
            source=source,
            rationale=rationale,
            metadata=metadata,
            span_id=old.span_id,
            overrides=assessment_id,
        ),
    )


def delete_assessment(trace_id: str, assessment_id: str) -> None:
    """One that does not exist is deleted already."""
    try:
        _server.call("DELETE", _path(trace_id, assessment_id), {})
    except RestException as error:
        if error.status != 404:
            raise
