"""A plain REST reader: what the server says about a trace, without any client library in between."""

from __future__ import annotations

import base64
import json
import os
import time
from typing import Any

import requests

Json = dict[str, Any]


class Rest:
    """Calls of the trace API with `requests`; every call fails on an unexpected status."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def call(self, method: str, path: str, status: int = 200, **options: Any) -> requests.Response:
        reply = self._session.request(method, self.url + path, timeout=20, **options)
        assert reply.status_code == status, f"{method} {path}: {reply.status_code} {reply.text[:2000]}"
        return reply

    def create_experiment(self, name: str) -> str:
        reply = self.call("POST", "/api/2.0/mlflow/experiments/create", json={"name": name})
        return str(reply.json()["experiment_id"])

    def experiment_id(self, name: str) -> str:
        reply = self.call("GET", "/api/2.0/mlflow/experiments/get-by-name", params={"experiment_name": name})
        return str(reply.json()["experiment"]["experiment_id"])

    def start_trace(self, info: Json) -> Json:
        reply = self.call("POST", "/api/3.0/mlflow/traces", json={"trace": {"trace_info": info}})
        return dict(reply.json()["trace"]["trace_info"])

    def export(self, experiment_id: str, spans: list[Json], resource: Json | None = None) -> None:
        """Posts spans in OTLP/JSON form, as an exporter with that protocol would."""
        batch = {
            "resourceSpans": [
                {
                    "resource": {"attributes": key_values(resource or {})},
                    "scopeSpans": [{"scope": {}, "spans": spans}],
                }
            ]
        }
        headers = {"x-mlflow-experiment-id": experiment_id}
        self.call("POST", "/v1/traces", json=batch, headers=headers)

    def get_trace(self, trace_id: str) -> Json:
        """`{"trace_info": …, "spans": […]}`, with each span's attributes and events as plain values."""
        reply = self.call("GET", "/api/3.0/mlflow/traces/get", params={"trace_id": trace_id})
        trace = reply.json()["trace"]
        trace["spans"] = [plain_span(span) for span in trace.get("spans", [])]
        return dict(trace)

    def search(self, experiment_id: str, filter_string: str = "", **more: Any) -> list[Json]:
        location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}
        body = {"locations": [location], "filter": filter_string, **more}
        return list(self.call("POST", "/api/3.0/mlflow/traces/search", json=body).json().get("traces", []))


def new_trace_id() -> str:
    """32 random hex digits that neither contain `100` in hex nor in the base64 form of the id."""
    while True:
        raw = os.urandom(16)
        if "100" not in raw.hex() and b"100" not in base64.b64encode(raw):
            return raw.hex()


def any_value(value: Any) -> Json:
    """An OTLP/JSON AnyValue."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(each) for each in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": key_values(value)}}
    return {"stringValue": value}


def key_values(attributes: Json) -> list[Json]:
    return [{"key": key, "value": any_value(value)} for key, value in attributes.items()]


def otlp_span(
    trace_id: str,
    span_id: str,
    name: str,
    start_ms: int,
    end_ms: int,
    *,
    parent: str = "",
    status: int = 0,
    **more: Any,
) -> Json:
    """A span in OTLP/JSON form; `attributes` among `more` is a plain dict."""
    attributes = key_values(more.pop("attributes", {}))
    return {
        "traceId": trace_id,
        "spanId": span_id,
        "parentSpanId": parent,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(start_ms * 1_000_000),
        "endTimeUnixNano": str(end_ms * 1_000_000),
        "attributes": attributes,
        "status": {"code": status},
        **more,
    }


def plain_value(value: Json) -> Any:
    """The Python value of an AnyValue as the REST API renders it."""
    if "array_value" in value:
        return [plain_value(each) for each in value["array_value"].get("values", [])]
    if "kvlist_value" in value:
        return plain_attributes(value["kvlist_value"].get("values", []))
    if not value:
        return None
    scalars = {k: v for k, v in value.items() if k in ("string_value", "int_value", "double_value", "bool_value")}
    (only,) = scalars.values()
    return int(only) if "int_value" in scalars else only


def plain_attributes(pairs: list[Json]) -> Json:
    return {pair["key"]: plain_value(pair["value"]) if pair.get("value") else None for pair in pairs}


def plain_span(span: Json) -> Json:
    """A REST span with hex ids and plain attributes, so that tests can compare it with literals."""
    return {
        "trace_id": base64.b64decode(span["trace_id"]).hex(),
        "span_id": base64.b64decode(span["span_id"]).hex(),
        "parent": base64.b64decode(span.get("parent_span_id", "")).hex(),
        "name": span["name"],
        "start": int(span["start_time_unix_nano"]),
        "end": int(span["end_time_unix_nano"]),
        "status": span.get("status", {}),
        "attributes": plain_attributes(span.get("attributes", [])),
        "events": [
            {
                "name": event["name"],
                "time": int(event["time_unix_nano"]),
                "attributes": plain_attributes(event.get("attributes", [])),
            }
            for event in span.get("events", [])
        ],
        "links": [
            {
                "trace_id": base64.b64decode(link["trace_id"]).hex(),
                "span_id": base64.b64decode(link["span_id"]).hex(),
                "attributes": plain_attributes(link.get("attributes", [])),
            }
            for link in span.get("links", [])
        ],
    }


def unique(prefix: str) -> str:
    """A name no other test, and no earlier run against the same server, has used."""
    return f"{prefix}-{time.time_ns():x}-{os.urandom(3).hex()}"


def tracing_json(value: Any) -> str:
    """JSON text with the separators the trace metadata uses."""
    return json.dumps(value, ensure_ascii=False)
