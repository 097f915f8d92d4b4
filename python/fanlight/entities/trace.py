"""Traces, and what is known of them without their spans."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, cast

from .._core import to_json
from ._wire import Json, Word, decoded, list_of, milliseconds_of, rfc3339, texts
from .assessment import Assessment, Expectation, Feedback, IssueReference
from .span import Span


class TraceState(Word):
    STATE_UNSPECIFIED = "STATE_UNSPECIFIED"
    OK = "OK"
    ERROR = "ERROR"
    IN_PROGRESS = "IN_PROGRESS"


@dataclass
class TraceLocation:
    """Where a trace is kept: an experiment."""

    experiment_id: str
    type: str = "MLFLOW_EXPERIMENT"

    @classmethod
    def from_experiment_id(cls, experiment_id: str) -> TraceLocation:
        return cls(str(experiment_id))

    @property
    def mlflow_experiment(self) -> TraceLocation:
        return self

    def to_dict(self) -> Json:
        return {"type": self.type, "mlflow_experiment": {"experiment_id": self.experiment_id}}


MlflowExperimentLocation = TraceLocation


class TraceInfo:
    """A trace without its spans. Times are milliseconds, `request_time` since 1970."""

    def __init__(
        self,
        trace_id: str,
        trace_location: TraceLocation,
        request_time: int,
        state: TraceState | str,
        request_preview: str | None = None,
        response_preview: str | None = None,
        client_request_id: str | None = None,
        execution_duration: int | None = None,
        trace_metadata: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        assessments: list[Assessment] | None = None,
    ) -> None:
        self.trace_id = trace_id
        self.trace_location = trace_location
        self.request_time = request_time
        self.state = TraceState(str(state))
        self.request_preview = request_preview
        self.response_preview = response_preview
        self.client_request_id = client_request_id
        self.execution_duration = execution_duration
        self.trace_metadata: dict[str, str] = trace_metadata or {}
        self.tags: dict[str, str] = tags or {}
        self.assessments: list[Assessment] = assessments or []

    @property
    def request_id(self) -> str:
        return self.trace_id

    @property
    def experiment_id(self) -> str:
        return self.trace_location.experiment_id

    @property
    def status(self) -> TraceState:
        return self.state

    @property
    def timestamp_ms(self) -> int:
        return self.request_time

    @property
    def execution_time_ms(self) -> int | None:
        return self.execution_duration

    @property
    def request_metadata(self) -> dict[str, str]:
        return self.trace_metadata

    def _json(self, key: str) -> Any:
        text = self.trace_metadata.get(key)
        return decoded(text) if text else None

    @property
    def token_usage(self) -> dict[str, int] | None:
        """`input_tokens`, `output_tokens`, `total_tokens` of the whole trace, or `None`."""
        return self._json("mlflow.trace.tokenUsage")

    @property
    def cost(self) -> dict[str, float] | None:
        """`input_cost`, `output_cost`, `total_cost` in USD, or `None`."""
        return self._json("mlflow.trace.cost")

    def to_dict(self) -> Json:
        found: Json = {
            "trace_id": self.trace_id,
            "trace_location": self.trace_location.to_dict(),
            "request_time": rfc3339(self.request_time),
            "state": self.state.value,
            "trace_metadata": self.trace_metadata,
            "tags": self.tags,
        }
        for key in ("request_preview", "response_preview", "client_request_id"):
            if (value := getattr(self, key)) is not None:
                found[key] = value
        if self.execution_duration is not None:
            found["execution_duration_ms"] = self.execution_duration
        if self.assessments:
            found["assessments"] = [assessment.to_dictionary() for assessment in self.assessments]
        return found

    @classmethod
    def from_dict(cls, data: Json) -> TraceInfo:
        """Takes the server's form, that of `to_dict`, and that of MLflow 2 (`request_id`, `timestamp_ms`, …)."""
        location: Json = data.get("trace_location") or {}
        experiment: Json = location.get("mlflow_experiment") or {}
        duration = data.get("execution_duration_ms")
        if duration is None:
            duration = milliseconds_of(data.get("execution_duration"))
        if duration is None:
            duration = data.get("execution_time_ms")
        time = data.get("request_time")
        return cls(
            trace_id=data.get("trace_id") or data["request_id"],
            trace_location=TraceLocation(
                str(experiment.get("experiment_id") or data.get("experiment_id") or "0"),
                location.get("type", "MLFLOW_EXPERIMENT"),
            ),
            request_time=milliseconds_of(time if time is not None else data.get("timestamp_ms")) or 0,
            state=data.get("state") or data.get("status") or "STATE_UNSPECIFIED",
            request_preview=data.get("request_preview"),
            response_preview=data.get("response_preview"),
            client_request_id=data.get("client_request_id"),
            execution_duration=duration,
            trace_metadata=texts(data.get("trace_metadata") or data.get("request_metadata")),
            tags=texts(data.get("tags")),
            assessments=[Assessment.from_dictionary(each) for each in list_of(data.get("assessments"))],
        )

    def __repr__(self) -> str:
        return f"TraceInfo(trace_id={self.trace_id!r}, state={self.state.value!r}, request_time={self.request_time})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TraceInfo) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]


@dataclass
class TraceData:
    """The spans of a trace: roots first, then by start."""

    spans: list[Span] = field(default_factory=lambda: cast("list[Span]", []))

    def _root(self) -> Span | None:
        return next((span for span in self.spans if span.parent_id is None), None)

    @property
    def request(self) -> str | None:
        """The root's inputs as JSON text."""
        root = self._root()
        return None if root is None or root.inputs is None else to_json(root.inputs)

    @property
    def response(self) -> str | None:
        """The root's outputs as JSON text."""
        root = self._root()
        return None if root is None or root.outputs is None else to_json(root.outputs)

    @property
    def intermediate_outputs(self) -> Json:
        """Outputs by name, of all spans but the root."""
        return {span.name: span.outputs for span in self.spans if span.parent_id and span.outputs is not None}

    def to_dict(self) -> Json:
        return {"spans": [span.to_dict() for span in self.spans]}

    @classmethod
    def from_dict(cls, data: Json) -> TraceData:
        return cls([Span.from_dict(span) for span in list_of(data.get("spans"))])


class Trace:
    """A trace: `info` and `data.spans`."""

    def __init__(self, info: TraceInfo, data: TraceData | None = None) -> None:
        self.info = info
        self.data = data or TraceData()

    @property
    def trace_id(self) -> str:
        return self.info.trace_id

    def search_spans(
        self, span_type: str | None = None, name: str | re.Pattern[str] | None = None, span_id: str | None = None
    ) -> list[Span]:
        """The spans that have this type, this name (or match this pattern), and this id."""

        def fits(span: Span) -> bool:
            if span_type is not None and span.span_type != span_type:
                return False
            if span_id is not None and span.span_id != span_id:
                return False
            if name is None:
                return True
            return span.name == name if isinstance(name, str) else name.search(span.name) is not None

        return [span for span in self.data.spans if fits(span)]

    def search_assessments(
        self, name: str | None = None, *, span_id: str | None = None, all: bool = False, type: str | None = None
    ) -> list[Assessment]:
        """Assessments with this name, about this span; `type` is `feedback`, `expectation` or `issue`. With `all`, also those
        that were overridden."""
        kind: type[Assessment] = {"feedback": Feedback, "expectation": Expectation, "issue": IssueReference, None: Assessment}[type]
        return [
            each
            for each in self.info.assessments
            if isinstance(each, kind)
            and (name is None or each.name == name)
            and (span_id is None or each.span_id == span_id)
            and (all or each.valid is not False)
        ]

    def to_dict(self) -> Json:
        return {"info": self.info.to_dict(), "data": self.data.to_dict()}

    def to_json(self, pretty: bool = False) -> str:
        return json.dumps(self.to_dict(), indent=2 if pretty else None, ensure_ascii=False)

    @classmethod
    def from_dict(cls, data: Json) -> Trace:
        """Raises `ValueError` when `info` or `data` is missing."""
        if "info" not in data or "data" not in data:
            raise ValueError("a trace has `info` and `data`")
        return cls(TraceInfo.from_dict(data["info"]), TraceData.from_dict(data["data"]))

    @classmethod
    def from_json(cls, text: str) -> Trace:
        return cls.from_dict(json.loads(text))

    def __repr__(self) -> str:
        return f"Trace(trace_id={self.info.trace_id!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def _repr_html_(self) -> str:
        from .._notebook import html_of

        return html_of([self])
