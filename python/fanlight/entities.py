"""What the server tells of a trace, and what is told to it. Same names and shapes as MLflow's entities."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import Any, cast

from ._core import Span as LiveSpan
from ._core import to_json as _to_json

__all__ = [
    "Assessment",
    "AssessmentError",
    "AssessmentSource",
    "AssessmentSourceType",
    "Document",
    "Expectation",
    "Experiment",
    "Feedback",
    "Link",
    "LiveSpan",
    "Metric",
    "NoOpSpan",
    "Param",
    "Run",
    "RunData",
    "RunInfo",
    "RunStatus",
    "Span",
    "SpanEvent",
    "SpanLogLevel",
    "SpanStatus",
    "SpanStatusCode",
    "SpanType",
    "Trace",
    "TraceData",
    "TraceInfo",
    "TraceLocation",
    "TraceState",
    "ViewType",
]

Json = dict[str, Any]


class _Text(str, Enum):
    def __str__(self) -> str:
        return str(self.value)


class SpanType:
    """What kind of step a span is. Any other word may be used too."""

    LLM = "LLM"
    CHAIN = "CHAIN"
    AGENT = "AGENT"
    TOOL = "TOOL"
    CHAT_MODEL = "CHAT_MODEL"
    RETRIEVER = "RETRIEVER"
    PARSER = "PARSER"
    EMBEDDING = "EMBEDDING"
    RERANKER = "RERANKER"
    MEMORY = "MEMORY"
    UNKNOWN = "UNKNOWN"
    WORKFLOW = "WORKFLOW"
    TASK = "TASK"
    GUARDRAIL = "GUARDRAIL"
    EVALUATOR = "EVALUATOR"


class SpanLogLevel(int, Enum):
    """How much a span matters, as in `logging`."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


class SpanStatusCode(_Text):
    UNSET = "UNSET"
    OK = "OK"
    ERROR = "ERROR"


class TraceState(_Text):
    STATE_UNSPECIFIED = "STATE_UNSPECIFIED"
    OK = "OK"
    ERROR = "ERROR"
    IN_PROGRESS = "IN_PROGRESS"


class ViewType:
    ACTIVE_ONLY, DELETED_ONLY, ALL = 1, 2, 3


class RunStatus:
    RUNNING, SCHEDULED, FINISHED, FAILED, KILLED = "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"


@dataclass
class SpanStatus:
    """`status_code` may be given as a text: `OK`, `ERROR`, `UNSET`."""

    status_code: SpanStatusCode
    description: str = ""

    def __post_init__(self) -> None:
        text = str(self.status_code).removeprefix("STATUS_CODE_")
        self.status_code = SpanStatusCode(text or "UNSET")


class SpanEvent:
    """Something that happened during a span. `timestamp` is in nanoseconds since 1970; now when it is left out."""

    def __init__(self, name: str, timestamp: int | None = None, attributes: Json | None = None) -> None:
        if timestamp is None:
            import time

            timestamp = time.time_ns()
        self.name = name
        self.timestamp = timestamp
        self.attributes: Json = dict(attributes or {})

    @classmethod
    def from_exception(cls, exception: BaseException) -> SpanEvent:
        import traceback

        text = "".join(traceback.format_exception(type(exception), exception, exception.__traceback__))
        return cls(
            "exception",
            attributes={
                "exception.message": str(exception),
                "exception.type": type(exception).__name__,
                "exception.stacktrace": text,
            },
        )

    def __repr__(self) -> str:
        return f"SpanEvent(name={self.name!r}, timestamp={self.timestamp}, attributes={self.attributes!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpanEvent) and self.__dict__ == other.__dict__


@dataclass
class Link:
    """A span of another trace. `trace_id` is `tr-` and 32 hex digits, `span_id` 16 hex digits."""

    trace_id: str
    span_id: str
    attributes: Json | None = None


@dataclass
class Document:
    """What a retriever finds."""

    page_content: str
    metadata: Json = field(default_factory=dict)
    id: str | None = None


def _hex_of(text: str | None, length: int) -> str:
    """Ids come as hex or as base64."""
    text = (text or "").removeprefix("tr-").removeprefix("0x")
    if len(text) == length and all(c in "0123456789abcdefABCDEF" for c in text):
        return text.lower()
    try:
        return base64.b64decode(text).hex()
    except ValueError:
        return text


def _base64_of(hex_text: str) -> str:
    try:
        return base64.b64encode(bytes.fromhex(hex_text)).decode()
    except ValueError:
        return hex_text


def _any_value(value: Json | None) -> Any:
    """OTLP's `AnyValue` in either spelling of its JSON."""
    if not value:
        return None
    kind, content = next(iter(value.items()))
    kind = kind.replace("_", "").lower()
    if kind == "intvalue":
        return int(content)
    if kind == "doublevalue":
        return float(content)
    if kind == "arrayvalue":
        return [_any_value(each) for each in (content or {}).get("values", [])]
    if kind == "kvlistvalue":
        return _key_values((content or {}).get("values", []))
    return content


def _key_values(entries: list[Json]) -> Json:
    return {entry["key"]: _any_value(entry.get("value")) for entry in entries}


def _decoded(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


class Span:
    """A finished span. Times are nanoseconds since 1970, or milliseconds where the name says so."""

    def __init__(
        self,
        name: str,
        trace_id: str,
        span_id: str,
        parent_id: str | None = None,
        start_time_ns: int = 0,
        end_time_ns: int | None = None,
        status: SpanStatus | None = None,
        attributes: Json | None = None,
        events: list[SpanEvent] | None = None,
        links: list[Link] | None = None,
    ) -> None:
        self.name = name
        self.trace_id = trace_id
        self.span_id = span_id
        self.parent_id = parent_id
        self.start_time_ns = start_time_ns
        self.end_time_ns = end_time_ns
        self.status = status or SpanStatus(SpanStatusCode.UNSET)
        self.attributes: Json = attributes or {}
        self.events: list[SpanEvent] = events or []
        self.links: list[Link] = links or []

    @property
    def request_id(self) -> str:
        return self.trace_id

    @property
    def start_time_unix_ms(self) -> int:
        return self.start_time_ns // 1_000_000

    @property
    def end_time_unix_ms(self) -> int | None:
        return None if self.end_time_ns is None else self.end_time_ns // 1_000_000

    @property
    def duration_ms(self) -> float | None:
        return None if self.end_time_ns is None else (self.end_time_ns - self.start_time_ns) / 1e6

    @property
    def span_type(self) -> str:
        return self.attributes.get("mlflow.spanType") or SpanType.UNKNOWN

    @property
    def inputs(self) -> Any:
        return self.attributes.get("mlflow.spanInputs")

    @property
    def outputs(self) -> Any:
        return self.attributes.get("mlflow.spanOutputs")

    @property
    def model_name(self) -> str | None:
        return self.attributes.get("mlflow.llm.model")

    @property
    def llm_cost(self) -> Json | None:
        return self.attributes.get("mlflow.llm.cost")

    def get_attribute(self, key: str) -> Any:
        return self.attributes.get(key)

    def to_dict(self) -> Json:
        """Ids in base64, each attribute as JSON text: the form of MLflow's `traces.json`."""
        return {
            "trace_id": _base64_of(self.trace_id.removeprefix("tr-")),
            "span_id": _base64_of(self.span_id),
            "parent_span_id": None if self.parent_id is None else _base64_of(self.parent_id),
            "name": self.name,
            "start_time_unix_nano": self.start_time_ns,
            "end_time_unix_nano": self.end_time_ns,
            "events": [
                {"name": event.name, "time_unix_nano": event.timestamp, "attributes": event.attributes}
                for event in self.events
            ],
            "status": {
                "code": f"STATUS_CODE_{self.status.status_code.value}",
                "message": self.status.description,
            },
            "attributes": {key: _to_json(value) for key, value in self.attributes.items()},
            "links": [
                {"trace_id": link.trace_id, "span_id": link.span_id, "attributes": link.attributes or {}}
                for link in self.links
            ],
        }

    @classmethod
    def from_dict(cls, data: Json) -> Span:
        """Takes the form of `to_dict` and that of the server's replies. Raises `ValueError` for anything else."""
        context: Json = data.get("context") or data
        if "name" not in data or "span_id" not in context:
            raise ValueError("a span has a name and a span_id")
        raw: Any = data.get("attributes") or {}
        if isinstance(raw, list):
            attributes = _key_values(cast("list[Json]", raw))
        else:
            attributes = {key: _decoded(value) for key, value in cast(Json, raw).items()}
        status: Any = data.get("status_code") or data.get("status") or {}
        if isinstance(status, dict):
            status = SpanStatus(
                cast(Any, cast(Json, status).get("code", "UNSET")), cast(Json, status).get("message") or ""
            )
        else:
            status = SpanStatus(status, data.get("status_message") or "")
        end = data.get("end_time_unix_nano") or data.get("end_time")
        parent = data.get("parent_span_id") or data.get("parent_id")
        return cls(
            name=data["name"],
            trace_id="tr-" + _hex_of(context.get("trace_id"), 32),
            span_id=_hex_of(context["span_id"], 16),
            parent_id=_hex_of(parent, 16) if parent else None,
            start_time_ns=int(data.get("start_time_unix_nano") or data.get("start_time") or 0),
            end_time_ns=int(end) if end else None,
            status=status,
            attributes=attributes,
            events=[_event(event) for event in data.get("events") or []],
            links=[
                Link(
                    "tr-" + _hex_of(link.get("trace_id"), 32),
                    _hex_of(link.get("span_id"), 16),
                    _link_attributes(link.get("attributes")),
                )
                for link in data.get("links") or []
            ],
        )

    def __repr__(self) -> str:
        return (
            f"Span(name={self.name!r}, trace_id={self.trace_id!r}, span_id={self.span_id!r}, "
            f"parent_id={self.parent_id!r})"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.trace_id, self.span_id))


def _link_attributes(attributes: Any) -> Json:
    return _key_values(cast("list[Json]", attributes)) if isinstance(attributes, list) else dict(attributes or {})


def _event(event: Json) -> SpanEvent:
    time = event.get("time_unix_nano") or event.get("timestamp") or 0
    return SpanEvent(event.get("name", ""), int(time), _link_attributes(event.get("attributes")))


NoOpSpan = LiveSpan


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


def _milliseconds(time: Any) -> int | None:
    """From RFC 3339, seconds with an `s`, or a number of milliseconds."""
    if time is None:
        return None
    if isinstance(time, (int, float)):
        return int(time)
    text = str(time)
    if text.endswith("s"):
        return round(float(text[:-1]) * 1000)
    # Before 3.11, `fromisoformat` takes neither a `Z` nor any number of digits.
    match = re.fullmatch(r"(.+?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text)
    if not match:
        raise ValueError(f"{text!r} is not a time")
    moment = datetime.fromisoformat(match[1] + ("+00:00" if match[3] == "Z" else match[3]))
    return int(moment.timestamp()) * 1000 + int((match[2] or "0").ljust(3, "0")[:3])


def _rfc3339(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds // 1000, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


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
    """What somebody thinks of a trace or a span: a `Feedback` or an `Expectation`."""

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
                found[key] = _rfc3339(milliseconds)
        return {**found, **self._kind()}

    @classmethod
    def from_dictionary(cls, data: Json) -> Assessment:
        source = data.get("source")
        common: Json = {
            "name": data.get("assessment_name", ""),
            "source": AssessmentSource(source.get("source_type", ""), source.get("source_id")) if source else None,
            "create_time_ms": _milliseconds(data.get("create_time")),
            "last_update_time_ms": _milliseconds(data.get("last_update_time")),
            **{
                key: data.get(key)
                for key in ("trace_id", "span_id", "rationale", "metadata", "assessment_id", "overrides", "valid")
            },
        }
        if "expectation" in data:
            expectation: Json = data["expectation"]
            serialized = expectation.get("serialized_value")
            value = json.loads(serialized["value"]) if serialized else _whole(expectation.get("value"))
            return Expectation(value=value, **common)
        feedback: Json = data.get("feedback") or {}
        error = feedback.get("error")
        return Feedback(
            value=_whole(feedback.get("value")), error=AssessmentError(**error) if error else None, **common
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, value={self.value!r}, trace_id={self.trace_id!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Assessment) and self.to_dictionary() == other.to_dictionary()

    __hash__ = None  # type: ignore[assignment]


def _whole(value: Any) -> Any:
    """The protocol has only floating-point numbers: `4` comes back as `4.0`."""
    return value


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
        found: Json = {"value": json.loads(_to_json(self.value))}
        if self.error is not None:
            found["error"] = self.error.to_dictionary()
        return {"feedback": found}


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
                "serialized_value": {"serialization_format": "JSON_FORMAT", "value": _to_json(self.value)}
            }
        }


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
        return _decoded(text) if text else None

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
            "request_time": _rfc3339(self.request_time),
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
            duration = _milliseconds(data.get("execution_duration"))
        if duration is None:
            duration = data.get("execution_time_ms")
        time = data.get("request_time")
        return cls(
            trace_id=data.get("trace_id") or data["request_id"],
            trace_location=TraceLocation(
                str(experiment.get("experiment_id") or data.get("experiment_id") or "0"),
                location.get("type", "MLFLOW_EXPERIMENT"),
            ),
            request_time=_milliseconds(time if time is not None else data.get("timestamp_ms")) or 0,
            state=data.get("state") or data.get("status") or "STATE_UNSPECIFIED",
            request_preview=data.get("request_preview"),
            response_preview=data.get("response_preview"),
            client_request_id=data.get("client_request_id"),
            execution_duration=duration,
            trace_metadata=_texts(data.get("trace_metadata") or data.get("request_metadata")),
            tags=_texts(data.get("tags")),
            assessments=[Assessment.from_dictionary(each) for each in data.get("assessments") or []],
        )

    def __repr__(self) -> str:
        return f"TraceInfo(trace_id={self.trace_id!r}, state={self.state.value!r}, request_time={self.request_time})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TraceInfo) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]


def _texts(entries: Any) -> dict[str, str]:
    if isinstance(entries, list):
        return {entry["key"]: entry.get("value", "") for entry in cast("list[Json]", entries)}
    return dict(entries or {})


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
        return None if root is None or root.inputs is None else _to_json(root.inputs)

    @property
    def response(self) -> str | None:
        """The root's outputs as JSON text."""
        root = self._root()
        return None if root is None or root.outputs is None else _to_json(root.outputs)

    @property
    def intermediate_outputs(self) -> Json:
        """Outputs by name, of all spans but the root."""
        return {span.name: span.outputs for span in self.spans if span.parent_id and span.outputs is not None}

    def to_dict(self) -> Json:
        return {"spans": [span.to_dict() for span in self.spans]}

    @classmethod
    def from_dict(cls, data: Json) -> TraceData:
        return cls([Span.from_dict(span) for span in data.get("spans") or []])


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
        """Assessments with this name, about this span; `type` is `feedback` or `expectation`. With `all`, also those
        that were overridden."""
        kind = {"feedback": Feedback, "expectation": Expectation, None: Assessment}[type]
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
        from ._notebook import html_of

        return html_of([self])


class Experiment:
    """An experiment. One that was only named so far is looked up, or made, when more than the name is asked for."""

    def __init__(
        self,
        experiment_id: str | None,
        name: str,
        artifact_location: str | None = None,
        lifecycle_stage: str = "active",
        tags: dict[str, str] | None = None,
        creation_time: int | None = None,
        last_update_time: int | None = None,
    ) -> None:
        self._id = experiment_id
        self.name = name
        self.artifact_location = artifact_location
        self.lifecycle_stage = lifecycle_stage
        self.tags: dict[str, str] = tags or {}
        self.creation_time = creation_time
        self.last_update_time = last_update_time

    @property
    def experiment_id(self) -> str:
        if self._id is None:
            from ._experiments import id_of_name

            self._id = id_of_name(self.name)
        return self._id

    def __repr__(self) -> str:
        return f"Experiment(name={self.name!r}, experiment_id={self._id!r})"


@dataclass
class Metric:
    key: str
    value: float
    timestamp: int = 0
    step: int = 0


@dataclass
class Param:
    key: str
    value: str


@dataclass
class RunInfo:
    run_id: str
    experiment_id: str
    run_name: str | None = None
    status: str = "RUNNING"
    start_time: int | None = None
    end_time: int | None = None
    artifact_uri: str | None = None
    lifecycle_stage: str = "active"
    user_id: str | None = None

    @property
    def run_uuid(self) -> str:
        return self.run_id


@dataclass
class RunData:
    metrics: dict[str, float] = field(default_factory=lambda: cast("dict[str, float]", {}))
    params: dict[str, str] = field(default_factory=lambda: cast("dict[str, str]", {}))
    tags: dict[str, str] = field(default_factory=lambda: cast("dict[str, str]", {}))


class Run:
    """A run: `info.run_id`, and `data` with metrics, params and tags."""

    def __init__(self, info: RunInfo, data: RunData | None = None) -> None:
        self.info = info
        self.data = data or RunData()

    @classmethod
    def from_dict(cls, data: Json) -> Run:
        names = RunInfo.__dataclass_fields__
        info = RunInfo(**{key: value for key, value in data["info"].items() if key in names})
        found: Json = data.get("data") or {}
        return cls(
            info,
            RunData(
                {entry["key"]: entry["value"] for entry in found.get("metrics") or []},
                _texts(found.get("params") or []),
                _texts(found.get("tags") or []),
            ),
        )

    def __repr__(self) -> str:
        return f"Run(run_id={self.info.run_id!r}, status={self.info.status!r})"
