"""What the server tells of a trace, and what is told to it. Same names and shapes as MLflow's entities."""

from .._core import Span as LiveSpan
from .assessment import (
    Assessment,
    AssessmentError,
    AssessmentSource,
    AssessmentSourceType,
    Expectation,
    Feedback,
    IssueReference,
)
from .experiment import Experiment, Metric, Param, Run, RunData, RunInfo, RunStatus, ViewType
from .span import (
    Document,
    Link,
    NoOpSpan,
    Span,
    SpanEvent,
    SpanLogLevel,
    SpanStatus,
    SpanStatusCode,
    SpanType,
)
from .trace import MlflowExperimentLocation, Trace, TraceData, TraceInfo, TraceLocation, TraceState

__all__ = [
    "Assessment",
    "AssessmentError",
    "AssessmentSource",
    "AssessmentSourceType",
    "Document",
    "Expectation",
    "Experiment",
    "Feedback",
    "IssueReference",
    "Link",
    "LiveSpan",
    "Metric",
    "MlflowExperimentLocation",
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
