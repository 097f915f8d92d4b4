"""What passes over the wire: the client's requests, their repetition, and OTLP/JSON from a generic exporter."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import mlflow
import pytest

from support.filter_fixture import T0
from support.recorder import Recorder
from support.rest import Rest, key_values, new_trace_id, otlp_span, unique
from support.server import Target
from support.v3_client import read, refused, search_ids, uploaded

USAGE = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}


@pytest.fixture
def recorder(target: Target, tracking: str) -> Iterator[Recorder]:
    proxy = Recorder(target.url)
    mlflow.set_tracking_uri(proxy.url)
    yield proxy
    mlflow.set_tracking_uri(tracking)
    proxy.close()


def log_through(recorder: Recorder) -> str:
    mlflow.set_experiment(unique("wire"))
    with mlflow.start_span("root") as root:
        for name in ("first", "second"):
            with mlflow.start_span(name, span_type="LLM") as child:
                child.set_attribute("mlflow.chat.tokenUsage", USAGE)
    uploaded([root.trace_id])
    return str(root.trace_id)


def test_an_experiment_is_created_by_the_first_of_two_calls(recorder: Recorder) -> None:
    name = unique("wire")
    mlflow.set_experiment(name)
    mlflow.set_experiment(name)
    assert len(recorder.sent("GET", "/experiments/get-by-name")) == 2
    assert len(recorder.sent("POST", "/experiments/create")) == 1


def test_a_trace_takes_spans_and_info_and_nothing_else(recorder: Recorder, target: Target) -> None:
    log_through(recorder)
    spans = recorder.sent("POST", "/v1/traces")
    assert 1 <= len(spans) <= 3
    assert {each.headers["Content-Type"] for each in spans} == {"application/x-protobuf"}
    assert len(recorder.sent("POST", "/api/3.0/mlflow/traces")) == 1
    # A client that misses the tag `mlflow.trace.spansLocation` in the reply to the info uploads a file as well;
    # the reference leaves it out when the info comes before the spans.
    if target.is_fanlight:
        assert recorder.sent("PUT") == []


def test_repeated_uploads_change_nothing(recorder: Recorder, target: Target) -> None:
    trace_id = log_through(recorder)
    before = read(trace_id)
    assert before.info.token_usage == {"input_tokens": 20, "output_tokens": 10, "total_tokens": 30}
    uploads = recorder.sent("POST", "/v1/traces") + recorder.sent("POST", "/api/3.0/mlflow/traces")
    for upload in uploads + list(reversed(uploads)):
        assert recorder.send_again(upload).status_code == 200
    after = read(trace_id)
    assert [span.to_dict() for span in after.data.spans] == [span.to_dict() for span in before.data.spans]
    was, now = before.info.to_dict(), after.info.to_dict()
    if not target.is_fanlight:
        # The reference works the duration out again, from times already cut to milliseconds.
        del was["execution_duration_ms"], now["execution_duration_ms"]
    assert now == was
    assert search_ids(before.info.experiment_id) == [trace_id]


def test_a_generic_exporter_may_send_children_first(experiment: str, rest: Rest, target: Target) -> None:
    trace = new_trace_id()
    root, child = "1" * 16, "2" * 16
    resource = {"service.name": "shop", "deployment.environment": "prod", "telemetry.sdk.language": "go", "replicas": 3}

    post_gzip(rest, experiment, resource, otlp_span(
        trace, child, "chat", T0 + 100, T0 + 900, parent=root,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.provider.name": "openai",
            "gen_ai.usage.input_tokens": 100,
            "gen_ai.usage.output_tokens": 50,
            "session.id": "s-7",
            "user.id": "ann",
        },
    ))  # fmt: skip
    partial = read(f"tr-{trace}")
    assert partial.info.state.value == "IN_PROGRESS"
    assert [span.name for span in partial.data.spans] == ["chat"]

    post_gzip(rest, experiment, resource, otlp_span(
        trace, root, "handle", T0, T0 + 1_000,
        attributes={"input.value": "What?", "output.value": "That.", "openinference.span.kind": "AGENT"},
    ))  # fmt: skip
    whole = read(f"tr-{trace}")
    info = whole.info
    assert info.state.value == "OK"
    assert (info.request_time, info.execution_duration) == (T0, 1_000)
    if target.is_fanlight:
        assert (info.request_preview, info.response_preview) == ("What?", "That.")
    else:
        # The reference shows text as JSON.
        assert (info.request_preview, info.response_preview) == ('"What?"', '"That."')
    assert info.trace_metadata["mlflow.trace.session"] == "s-7"
    assert info.trace_metadata["mlflow.trace.user"] == "ann"
    wanted = {"service.name": "shop", "deployment.environment": "prod", "replicas": "3"}
    assert {key: info.tags.get(key) for key in wanted} == wanted
    assert "telemetry.sdk.language" not in info.tags
    assert info.token_usage == {"input_tokens": 100, "output_tokens": 50, "total_tokens": 150}
    assert info.cost == pytest.approx({"input_cost": 1.5e-05, "output_cost": 3e-05, "total_cost": 4.5e-05})
    assert [(span.name, span.span_type) for span in whole.data.spans] == [("handle", "AGENT"), ("chat", "CHAT_MODEL")]
    assert [span.parent_id for span in whole.data.spans] == [None, root]


def test_spans_of_an_unknown_experiment_are_refused(rest: Rest) -> None:
    span = otlp_span(new_trace_id(), "1" * 16, "lost", T0, T0 + 1)
    batch = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    reply = rest.call("POST", "/v1/traces", 404, json=batch, headers={"x-mlflow-experiment-id": "987654321"})
    assert reply.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_a_trace_announcing_more_spans_is_incomplete(experiment: str, rest: Rest) -> None:
    """While spans are missing, the trace is refused as a whole but its parts can be asked for."""
    trace = new_trace_id()
    rest.export(experiment, [otlp_span(trace, "1" * 16, "only", T0, T0 + 1)])
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
    metadata = {"mlflow.trace.sizeStats": json.dumps({"num_spans": 2})}
    rest.start_trace({
        "trace_id": f"tr-{trace}", "trace_location": location, "request_time": "2026-01-01T00:00:00Z", "state": "OK",
        "trace_metadata": metadata,
    })  # fmt: skip
    rest.call("GET", f"/api/3.0/mlflow/traces/get?trace_id=tr-{trace}", 404)
    part = rest.call("GET", f"/api/3.0/mlflow/traces/get?trace_id=tr-{trace}&allow_partial=true").json()["trace"]
    assert [span["name"] for span in part["spans"]] == ["only"]
    rest.export(experiment, [otlp_span(trace, "2" * 16, "late", T0, T0 + 1, parent="1" * 16)])
    assert {span.name for span in read(f"tr-{trace}").data.spans} == {"only", "late"}


def test_a_refused_filter_is_not_retried(recorder: Recorder) -> None:
    experiment = mlflow.set_experiment(unique("wire")).experiment_id
    with refused("INVALID_PARAMETER_VALUE"):
        search_ids(experiment, "no such key = 1")
    assert len(recorder.sent("POST", "/traces/search")) == 1


def post_gzip(rest: Rest, experiment_id: str, resource: dict[str, object], span: dict[str, object]) -> None:
    batch = {
        "resourceSpans": [{"resource": {"attributes": key_values(resource)}, "scopeSpans": [{"spans": [span]}]}]
    }
    headers = {
        "content-type": "application/json",
        "content-encoding": "gzip",
        "x-mlflow-experiment-id": experiment_id,
    }
    rest.call("POST", "/v1/traces", data=gzip.compress(json.dumps(batch).encode()), headers=headers)
