"""One trace made with the plain OpenTelemetry SDK, and what a server must know about it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceFlags

from support.rest import Json, Rest, unique

T0 = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z in nanoseconds
LINKED = SpanContext(trace_id=0xABC, span_id=0xDEF, is_remote=True, trace_flags=TraceFlags(1))


class Checked(SpanExporter):
    """Passes spans to an unmodified exporter and keeps its verdicts, which the SDK would only log."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.exporter = exporter
        self.results: list[SpanExportResult] = []

    def export(self, spans: Any) -> SpanExportResult:
        self.results.append(self.exporter.export(spans))
        return self.results[-1]

    def shutdown(self) -> None:
        self.exporter.shutdown()


@dataclass(frozen=True)
class Sent:
    trace_id: str  # as the server calls it
    hex_id: str
    root: str
    child: str
    results: list[SpanExportResult]


def send(exporter: SpanExporter, service_name: str | None) -> Sent:
    """Exports a root with a failing child, each span on its own, the child first."""
    checked = Checked(exporter)
    # Not `Resource.create`, which would invent a service name.
    resource = Resource({"service.name": service_name} if service_name else {"deployment.environment": "prod"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(SimpleSpanProcessor(checked))
    tracer = provider.get_tracer("tests", "1.0")

    root = tracer.start_span(
        "handle",
        kind=trace.SpanKind.SERVER,
        start_time=T0 + 1,
        links=[Link(LINKED, {"why": "retry"})],
        attributes={"int": 7, "float": 0.5, "flag": True, "text": "日本", "list": ["a", "b"], "numbers": [1, 2]},
    )
    child = tracer.start_span("fetch", context=trace.set_span_in_context(root), start_time=T0 + 1_000_000)
    child.add_event("cache miss", {"key": "k1", "tries": 2}, timestamp=T0 + 1_500_000)
    try:
        raise ValueError("no such page")
    except ValueError as error:
        child.record_exception(error, timestamp=T0 + 1_600_000)
    child.set_status(Status(StatusCode.ERROR, "gave up"))
    child.end(T0 + 2_000_000)
    root.set_status(Status(StatusCode.OK))
    root.end(T0 + 3_000_000_000)
    provider.shutdown()

    context = root.get_span_context()
    hex_id = f"{context.trace_id:032x}"
    return Sent(
        trace_id=f"tr-{hex_id}",
        hex_id=hex_id,
        root=f"{context.span_id:016x}",
        child=f"{child.get_span_context().span_id:016x}",
        results=checked.results,
    )


def assert_stored(rest: Rest, sent: Sent, experiment_id: str) -> None:
    """The trace is in this experiment, whole, and found by a search."""
    assert sent.results == [SpanExportResult.SUCCESS, SpanExportResult.SUCCESS]
    stored = rest.get_trace(sent.trace_id)
    info = stored["trace_info"]
    assert info["trace_location"]["mlflow_experiment"]["experiment_id"] == experiment_id
    assert info["state"] == "OK"
    assert (info["request_time"], info["execution_duration"]) == ("2026-01-01T00:00:00Z", "3s")
    assert_spans(stored["spans"], sent)
    found = rest.search(experiment_id, f"request_id = '{sent.trace_id}' AND span.status = 'ERROR'")
    assert [each["trace_id"] for each in found] == [sent.trace_id]


def assert_spans(spans: list[Json], sent: Sent) -> None:
    root, child = spans
    assert (root["name"], root["span_id"], root["parent"]) == ("handle", sent.root, "")
    assert (child["name"], child["span_id"], child["parent"]) == ("fetch", sent.child, sent.root)
    assert {root["trace_id"], child["trace_id"]} == {sent.hex_id}
    assert (root["start"], root["end"]) == (T0 + 1, T0 + 3_000_000_000)
    assert (child["start"], child["end"]) == (T0 + 1_000_000, T0 + 2_000_000)
    expected = {"int": 7, "float": 0.5, "flag": True, "text": "日本", "list": ["a", "b"], "numbers": [1, 2]}
    assert {key: root["attributes"][key] for key in expected} == expected
    assert root["attributes"]["mlflow.traceRequestId"] == sent.trace_id
    assert root["status"] == {"code": "STATUS_CODE_OK"}
    assert child["status"] == {"code": "STATUS_CODE_ERROR", "message": "gave up"}
    assert root["links"] == [
        {"trace_id": f"{LINKED.trace_id:032x}", "span_id": f"{LINKED.span_id:016x}", "attributes": {"why": "retry"}}
    ]
    note, exception = child["events"]
    assert note == {"name": "cache miss", "time": T0 + 1_500_000, "attributes": {"key": "k1", "tries": 2}}
    assert (exception["name"], exception["time"]) == ("exception", T0 + 1_600_000)
    assert exception["attributes"]["exception.type"] == "ValueError"
    assert exception["attributes"]["exception.message"] == "no such page"
    assert 'raise ValueError("no such page")' in exception["attributes"]["exception.stacktrace"]


def new_service() -> str:
    return unique("service")
