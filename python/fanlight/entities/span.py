"""Finished spans, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

from .._core import Span as LiveSpan
from .._core import to_json
from ._wire import Json, Word, base64_of, decoded, hex_of, key_values, list_of


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


class SpanStatusCode(Word):
    UNSET = "UNSET"
    OK = "OK"
    ERROR = "ERROR"


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
    metadata: Json = field(default_factory=lambda: cast(Json, {}))
    id: str | None = None


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
    def log_level(self) -> SpanLogLevel | None:
        level = self.attributes.get("mlflow.spanLogLevel")
        return None if level is None else SpanLogLevel(int(level))

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
            "trace_id": base64_of(self.trace_id.removeprefix("tr-")),
            "span_id": base64_of(self.span_id),
            "parent_span_id": None if self.parent_id is None else base64_of(self.parent_id),
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
            "attributes": {key: to_json(value) for key, value in self.attributes.items()},
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
            attributes = key_values(cast("list[Json]", raw))
        else:
            attributes = {key: decoded(value) for key, value in cast(Json, raw).items()}
        status: Any = data.get("status_code") or data.get("status") or {}
        if isinstance(status, dict):
            said = cast(Json, status)
            status = SpanStatus(said.get("code", "UNSET"), said.get("message") or "")
        else:
            status = SpanStatus(status, data.get("status_message") or "")
        end = data.get("end_time_unix_nano") or data.get("end_time")
        parent = data.get("parent_span_id") or data.get("parent_id")
        return cls(
            name=data["name"],
            trace_id="tr-" + hex_of(context.get("trace_id"), 32),
            span_id=hex_of(context["span_id"], 16),
            parent_id=hex_of(parent, 16) if parent else None,
            start_time_ns=int(data.get("start_time_unix_nano") or data.get("start_time") or 0),
            end_time_ns=int(end) if end else None,
            status=status,
            attributes=attributes,
            events=[_event(event) for event in list_of(data.get("events"))],
            links=[
                Link(
                    "tr-" + hex_of(link.get("trace_id"), 32),
                    hex_of(link.get("span_id"), 16),
                    _link_attributes(link.get("attributes")),
                )
                for link in list_of(data.get("links"))
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
    return key_values(cast("list[Json]", attributes)) if isinstance(attributes, list) else dict(attributes or {})


def _event(event: Json) -> SpanEvent:
    time = event.get("time_unix_nano") or event.get("timestamp") or 0
    return SpanEvent(event.get("name", ""), int(time), _link_attributes(event.get("attributes")))


NoOpSpan = LiveSpan
