"""The SDK's OTLP/HTTP exporter, unmodified, in all its compressions."""

from __future__ import annotations

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from support.otel_client import Checked, assert_stored, new_service, send
from support.rest import Rest
from support.server import Target

COMPRESSIONS = pytest.mark.parametrize("compression", list(Compression), ids=lambda each: each.name)


def exporter(url: str, compression: Compression = Compression.NoCompression, **headers: str) -> OTLPSpanExporter:
    return OTLPSpanExporter(f"{url}/v1/traces", headers=headers, compression=compression, timeout=10)


@COMPRESSIONS
def test_an_experiment_named_by_the_header(
    target: Target, rest: Rest, experiment: str, compression: Compression
) -> None:
    sent = send(exporter(target.url, compression, **{"x-mlflow-experiment-id": experiment}), new_service())
    assert_stored(rest, sent, experiment)


@pytest.mark.fanlight_only
@COMPRESSIONS
def test_without_a_header_the_service_names_the_experiment(
    target: Target, rest: Rest, compression: Compression
) -> None:
    service = new_service()
    sent = send(exporter(target.url, compression), service)
    assert_stored(rest, sent, rest.experiment_id(service))


@pytest.mark.fanlight_only
def test_without_header_and_service_the_default_experiment_is_used(target: Target, rest: Rest) -> None:
    assert_stored(rest, send(exporter(target.url), None), "0")


@pytest.mark.fanlight_only
@COMPRESSIONS
def test_the_port_of_its_own(target: Target, rest: Rest, compression: Compression) -> None:
    service = new_service()
    sent = send(exporter(target.otlp_http_url, compression), service)
    assert_stored(rest, sent, rest.experiment_id(service))


@pytest.mark.fanlight_only
def test_the_port_of_its_own_with_a_header(target: Target, rest: Rest, experiment: str) -> None:
    sent = send(exporter(target.otlp_http_url, **{"x-mlflow-experiment-id": experiment}), new_service())
    assert_stored(rest, sent, experiment)


@pytest.mark.fanlight_only
def test_traces_of_one_service_share_an_experiment(target: Target, rest: Rest) -> None:
    service = new_service()
    ids = [send(exporter(target.url), service).trace_id for _ in range(2)]
    found = rest.search(rest.experiment_id(service))
    assert sorted(each["trace_id"] for each in found) == sorted(ids)


def test_a_batch_of_many_traces(target: Target, rest: Rest, experiment: str) -> None:
    """One request with 250 spans of 50 traces, as the batch processor sends them."""
    checked = Checked(exporter(target.url, Compression.Gzip, **{"x-mlflow-experiment-id": experiment}))
    provider = TracerProvider(resource=Resource({"service.name": "batch"}))
    provider.add_span_processor(BatchSpanProcessor(checked, max_export_batch_size=512, schedule_delay_millis=60_000))
    tracer = provider.get_tracer("tests")
    for n in range(50):
        with tracer.start_as_current_span(f"root {n}"):
            for m in range(4):
                with tracer.start_as_current_span(f"child {m}"):
                    pass
    provider.shutdown()
    assert checked.results == [SpanExportResult.SUCCESS]
    found = rest.search(experiment, "span.name = 'child 3'", max_results=100)
    assert len(found) == 50
    assert {each["tags"]["service.name"] for each in found} == {"batch"}
    trace = rest.get_trace(found[0]["trace_id"])
    assert len(trace["spans"]) == 5


def test_an_unknown_experiment_is_a_lasting_error(target: Target) -> None:
    """The exporter neither retries nor reports success."""
    sent = send(exporter(target.url, **{"x-mlflow-experiment-id": "987654321"}), new_service())
    assert sent.results == [SpanExportResult.FAILURE, SpanExportResult.FAILURE]
