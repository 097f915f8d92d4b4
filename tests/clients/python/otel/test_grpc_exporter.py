"""The SDK's OTLP/gRPC exporter, unmodified, plain and compressed."""

from __future__ import annotations

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

from support.otel_client import assert_stored, new_service, send
from support.rest import Rest
from support.server import Target

pytestmark = pytest.mark.fanlight_only

COMPRESSIONS = pytest.mark.parametrize(
    "compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip], ids=lambda each: each.name
)


def exporter(
    target: Target, compression: grpc.Compression = grpc.Compression.NoCompression, **headers: str
) -> OTLPSpanExporter:
    return OTLPSpanExporter(
        endpoint=f"http://{target.otlp_grpc_address}",
        insecure=True,
        headers=headers,
        compression=compression,
        timeout=10,
    )


@COMPRESSIONS
def test_the_service_names_the_experiment(target: Target, rest: Rest, compression: grpc.Compression) -> None:
    service = new_service()
    sent = send(exporter(target, compression), service)
    assert_stored(rest, sent, rest.experiment_id(service))


@COMPRESSIONS
def test_an_experiment_named_by_the_header(
    target: Target, rest: Rest, experiment: str, compression: grpc.Compression
) -> None:
    sent = send(exporter(target, compression, **{"x-mlflow-experiment-id": experiment}), new_service())
    assert_stored(rest, sent, experiment)


def test_without_header_and_service_the_default_experiment_is_used(target: Target, rest: Rest) -> None:
    assert_stored(rest, send(exporter(target), None), "0")
