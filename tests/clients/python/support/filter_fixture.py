"""Three traces, A, B and C, that the filter tests ask about.

| | A | B | C |
|---|---|---|---|
| name | chat | Chat2 | (none) |
| state, time, duration | OK, T0, 1 s | ERROR, T0 + 10 s, 2 s | OK, T0 + 20 s, 3 s |
| tags | env=prod, team=a | env=dev | |
| metadata | m=1, session s1, user u1 | session s1 | |
| client request id | | | cr-1 |
| spans | root (AGENT), llm call (LLM) | root (CHAIN, ERROR) | tool (TOOL) |

Spans go in as OTLP/JSON and the trace infos through the trace API, because no Python client can leave a span's
status unset or a trace without a name. Clients that have assessments add those of `filter_assessments`.
"""

from __future__ import annotations

from dataclasses import dataclass

from support.rest import Json, Rest, new_trace_id, otlp_span, tracing_json, unique

T0 = 1_767_225_600_000  # 2026-01-01T00:00:00Z in milliseconds


@dataclass(frozen=True)
class FilterFixture:
    experiment_id: str
    trace_ids: dict[str, str]  # letter -> trace id

    def letters(self, trace_ids: list[str]) -> str:
        """The found traces as letters in the order found, such as `C A`."""
        by_id = {trace_id: letter for letter, trace_id in self.trace_ids.items()}
        return " ".join(by_id[trace_id] for trace_id in trace_ids)


def build(url: str) -> FilterFixture:
    rest = Rest(url)
    experiment_id = rest.create_experiment(unique("filters"))
    ids = {letter: new_trace_id() for letter in "ABC"}
    rest.export(experiment_id, _spans(ids))
    for letter, info in _infos().items():
        location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}
        rest.start_trace({"trace_id": f"tr-{ids[letter]}", "trace_location": location, **info})
    return FilterFixture(experiment_id, {letter: f"tr-{each}" for letter, each in ids.items()})


def _spans(ids: dict[str, str]) -> list[Json]:
    root_of_a = "aa00000000000001"
    return [
        otlp_span(
            ids["A"], "aa00000000000002", "llm call", T0 + 200, T0 + 800, parent=root_of_a,
            attributes={"mlflow.spanType": "LLM", "mlflow.llm.model": "gpt-4o", "temp": 0.5, "n": 5, "flag": True},
        ),
        otlp_span(
            ids["A"], root_of_a, "root", T0, T0 + 1_000,
            attributes={"mlflow.spanType": "AGENT", "mlflow.spanInputs": tracing_json({"q": "Hello World"})},
        ),
        otlp_span(
            ids["B"], "bb00000000000001", "root", T0 + 10_000, T0 + 12_000, status=2,
            attributes={"mlflow.spanType": "CHAIN", "mlflow.spanInputs": tracing_json("hello 100% done_x")},
        ),
        otlp_span(
            ids["C"], "cc00000000000001", "tool", T0 + 20_000, T0 + 23_000,
            attributes={"mlflow.spanType": "TOOL"},
        ),
    ]  # fmt: skip


def _infos() -> dict[str, Json]:
    return {
        "A": {
            "request_time": "2026-01-01T00:00:00Z",
            "execution_duration": "1s",
            "state": "OK",
            "tags": {"mlflow.traceName": "chat", "env": "prod", "team": "a"},
            "trace_metadata": {"m": "1", "mlflow.trace.session": "s1", "mlflow.trace.user": "u1"},
        },
        "B": {
            "request_time": "2026-01-01T00:00:10Z",
            "execution_duration": "2s",
            "state": "ERROR",
            "tags": {"mlflow.traceName": "Chat2", "env": "dev"},
            "trace_metadata": {"mlflow.trace.session": "s1"},
        },
        "C": {
            "request_time": "2026-01-01T00:00:20Z",
            "execution_duration": "3s",
            "state": "OK",
            "client_request_id": "cr-1",
        },
    }
