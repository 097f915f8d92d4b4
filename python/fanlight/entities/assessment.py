"""What people, models and programs think of traces."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .._core import to_json
from ._wire import Json, milliseconds_of, rfc3339


class AssessmentSourceType:
    HUMAN = "HUMAN"
    LLM_JUDGE = "LLM_JUDGE"
    AI_JUDGE = "LLM_JUDGE"
    CODE = "CODE"
    SOURCE_TYPE_UNSPECIFIED = "SOURCE_TYPE_UNSPECIFIED"


@dataclass
class AssessmentSource:
    """Who says it. `source_type` is one of `AssessmentSourceType`."""

    source_type: str
    source_id: str | None = "default"

    def to_dictionary(self) -> Json:
        found: Json = {"source_type": self.source_type}
        if self.source_id is not None:
            found["source_id"] = self.source_id
        return found


@dataclass
class AssessmentError:
    """Why there is no value."""

    error_code: str
    error_message: str | None = None
    stack_trace: str | None = None

    def to_dictionary(self) -> Json:
        return {key: value for key, value in self.__dict__.items() if value is not None}


class Assessment:
    """What is said of a trace or a span: a `Feedback`, an `Expectation` or an `IssueReference`."""

    def __init__(
        self,
        name: str,
        source: AssessmentSource | None = None,
        trace_id: str | None = None,
        span_id: str | None = None,
        rationale: str | None = None,
        metadata: dict[str, str] | None = None,
        create_time_ms: int | None = None,
        last_update_time_ms: int | None = None,
        assessment_id: str | None = None,
        overrides: str | None = None,
        valid: bool | None = None,
        run_id: str | None = None,
    ) -> None:
        self.name = name
        self.source = source
        self.trace_id = trace_id
        self.span_id = span_id
        self.rationale = rationale
        self.metadata = metadata
        self.create_time_ms = create_time_ms
        self.last_update_time_ms = last_update_time_ms
        self.assessment_id = assessment_id
        self.overrides = overrides
        self.valid = valid
        self.run_id = run_id

    value: Any = None

    def _kind(self) -> Json:
        return {}

    def to_dictionary(self) -> Json:
        """The form of MLflow's REST API."""
        found: Json = {"assessment_name": self.name}
        for key in ("assessment_id", "trace_id", "span_id", "rationale", "metadata", "overrides", "valid"):
            value = getattr(self, key)
            if value is not None:
                found[key] = value
        if self.source is not None:
            found["source"] = self.source.to_dictionary()
        for key, milliseconds in (
            ("create_time", self.create_time_ms),
            ("last_update_time", self.last_update_time_ms),
        ):
            if milliseconds is not None:
                found[key] = rfc3339(milliseconds)
        return {**found, **self._kind()}

    @classmethod
    def from_dictionary(cls, data: Json) -> Assessment:
        source = data.get("source")
        common: Json = {
            "name": data.get("assessment_name", ""),
            "source": AssessmentSource(source.get("source_type", ""), source.get("source_id")) if source else None,
            "create_time_ms": milliseconds_of(data.get("create_time")),
            "last_update_time_ms": milliseconds_of(data.get("last_update_time")),
            **{
                key: data.get(key)
                for key in ("trace_id", "span_id", "rationale", "metadata", "assessment_id", "overrides", "valid")
            },
        }
        if "expectation" in data:
            expectation: Json = data["expectation"]
            serialized = expectation.get("serialized_value")
            value = json.loads(serialized["value"]) if serialized else expectation.get("value")
            return Expectation(value=value, **common)
        if "issue" in data:
            issue: Json = data["issue"]
            return IssueReference(common.pop("name"), issue.get("issue_name", ""), **common)
        feedback: Json = data.get("feedback") or {}
        error = feedback.get("error")
        return Feedback(
            value=feedback.get("value"), error=AssessmentError(**error) if error else None, **common
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, value={self.value!r}, trace_id={self.trace_id!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Assessment) and self.to_dictionary() == other.to_dictionary()

    __hash__ = None  # type: ignore[assignment]


class Feedback(Assessment):
    """A judgement: `value` is a number, a truth value, a text, or a list or dict of these."""

    def __init__(
        self,
        name: str = "feedback",
        value: Any = None,
        error: AssessmentError | Exception | None = None,
        source: AssessmentSource | None = None,
        **more: Any,
    ) -> None:
        super().__init__(name, source or AssessmentSource(AssessmentSourceType.CODE), **more)
        if isinstance(error, Exception):
            error = AssessmentError(type(error).__name__, str(error))
        self.value = value
        self.error = error

    @property
    def feedback(self) -> Feedback:
        return self

    def _kind(self) -> Json:
        found: Json = {"value": json.loads(to_json(self.value))}
        if self.error is not None:
            found["error"] = self.error.to_dictionary()
        return {"feedback": found}


class IssueReference(Assessment):
    """Says that a trace has a known problem. Its name is the id of the issue."""

    def __init__(self, issue_id: str, issue_name: str, source: AssessmentSource | None = None, **more: Any) -> None:
        super().__init__(issue_id, source or AssessmentSource(AssessmentSourceType.LLM_JUDGE), **more)
        self.value = issue_name

    @property
    def issue_id(self) -> str:
        return self.name

    @property
    def issue_name(self) -> str:
        return self.value

    def _kind(self) -> Json:
        return {"issue": {"issue_name": self.issue_name}}


class Expectation(Assessment):
    """What would have been right."""

    def __init__(self, name: str, value: Any = None, source: AssessmentSource | None = None, **more: Any) -> None:
        super().__init__(name, source or AssessmentSource(AssessmentSourceType.HUMAN), **more)
        self.value = value

    @property
    def expectation(self) -> Expectation:
        return self

    def _kind(self) -> Json:
        if isinstance(self.value, (str, bool, int, float)) or self.value is None:
            return {"expectation": {"value": self.value}}
        return {
            "expectation": {
                "serialized_value": {"serialization_format": "JSON_FORMAT", "value": to_json(self.value)}
            }
        }
