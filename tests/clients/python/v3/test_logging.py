"""Logging traces with the client and reading back exactly what was logged."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import mlflow
import pytest
from mlflow.entities import SpanEvent, SpanType

from support.rest import Rest, unique
from support.server import Target
from support.v3_client import (
    needs_links,
    read,
    read_last,
    refused,
    search,
    search_ids,
    spans_by_name,
    uploaded,
)

USAGE = {"input_tokens": 100, "output_tokens": 50, "total_tokens": 150}


@mlflow.trace(name="answer", span_type=SpanType.AGENT, attributes={"team": "blue"})
def answer(question: str) -> dict[str, Any]:
    """An agent that looks something up and asks a model."""
    mlflow.update_current_trace(
        tags={"tier": "gold"},
        metadata={"mlflow.trace.session": "session-1", "mlflow.trace.user": "ann", "build": "42"},
        client_request_id="request-1",
    )
    with mlflow.start_span("look up", span_type=SpanType.TOOL) as tool:
        tool.set_inputs({"key": question})
        tool.set_outputs([{"page": 1, "score": 0.5}, None])
    with mlflow.start_span("ask model", span_type=SpanType.CHAT_MODEL) as model:
        model.set_inputs({"messages": [{"role": "user", "content": question}]})
        model.set_attributes(
            {
                "mlflow.llm.model": "gpt-4o-mini",
                "mlflow.llm.provider": "openai",
                "mlflow.chat.tokenUsage": USAGE,
                "text": "Grüße 日本 🎉 \"quoted\"\nline",
                "int": -7,
                "big": 2**53 + 1,
                "float": 0.25,
                "bool": True,
                "list": [1, "two", 3.5, None],
                "nested": {"a": {"b": [True, {}]}},
                "digits": "5",
            }
        )
        model.add_event(SpanEvent("first token", timestamp=1_767_225_600_000_000_123, attributes={"n": 1, "ok": True}))
        model.set_outputs("forty-two")
    return {"answer": "forty-two"}


def test_the_same_experiment_name_is_created_once(rest: Rest) -> None:
    name = unique("twice")
    first, second = mlflow.set_experiment(name), mlflow.set_experiment(name)
    assert first.experiment_id == second.experiment_id
    assert second.name == name
    assert second.lifecycle_stage == "active"
    found = rest.call(
        "POST",
        "/api/2.0/mlflow/experiments/search",
        json={"filter": f"name = '{name}'", "max_results": 10},
    ).json()
    assert [each["experiment_id"] for each in found["experiments"]] == [first.experiment_id]


def test_nested_spans_come_back_as_logged(active_experiment: str) -> None:
    answer("What?")
    trace = read_last()
    spans = spans_by_name(trace)
    assert set(spans) == {"answer", "look up", "ask model"}
    root, tool, model = spans["answer"], spans["look up"], spans["ask model"]

    assert root.parent_id is None
    assert tool.parent_id == root.span_id == model.parent_id
    assert [each.span_type for each in (root, tool, model)] == ["AGENT", "TOOL", "CHAT_MODEL"]
    assert [each.status.status_code.value for each in (root, tool, model)] == ["OK", "OK", "OK"]
    assert {each.trace_id for each in spans.values()} == {trace.info.trace_id}
    assert root.start_time_ns <= tool.start_time_ns <= tool.end_time_ns <= model.start_time_ns
    assert model.end_time_ns <= root.end_time_ns

    assert (root.inputs, root.outputs) == ({"question": "What?"}, {"answer": "forty-two"})
    assert (tool.inputs, tool.outputs) == ({"key": "What?"}, [{"page": 1, "score": 0.5}, None])
    assert model.inputs == {"messages": [{"role": "user", "content": "What?"}]}
    assert model.outputs == "forty-two"


def test_attributes_and_events_keep_value_and_type(active_experiment: str) -> None:
    answer("What?")
    model = spans_by_name(read_last())["ask model"]
    expected: dict[str, Any] = {
        "mlflow.llm.model": "gpt-4o-mini",
        "mlflow.llm.provider": "openai",
        "mlflow.chat.tokenUsage": USAGE,
        "text": "Grüße 日本 🎉 \"quoted\"\nline",
        "int": -7,
        "big": 2**53 + 1,
        "float": 0.25,
        "bool": True,
        "list": [1, "two", 3.5, None],
        "nested": {"a": {"b": [True, {}]}},
        "digits": "5",
    }
    for key, value in expected.items():
        assert model.get_attribute(key) == value, key
        assert type(model.get_attribute(key)) is type(value), key
    (event,) = model.events
    assert (event.name, event.timestamp) == ("first token", 1_767_225_600_000_000_123)
    assert event.attributes == {"n": 1, "ok": True}


def test_the_trace_info_sums_up_the_trace(active_experiment: str) -> None:
    answer("What?")
    info = read_last().info
    assert info.experiment_id == active_experiment
    assert info.state.value == "OK"
    assert info.client_request_id == "request-1"
    assert info.request_preview == '{"question": "What?"}'
    assert info.response_preview == '{"answer": "forty-two"}'
    assert info.execution_duration >= 0
    assert {key: info.tags[key] for key in ("mlflow.traceName", "tier")} == {
        "mlflow.traceName": "answer",
        "tier": "gold",
    }
    wanted = {"mlflow.trace.session": "session-1", "mlflow.trace.user": "ann", "build": "42"}
    assert {key: info.trace_metadata[key] for key in wanted} == wanted
    assert info.trace_metadata["mlflow.trace_schema.version"] == "3"
    assert info.token_usage == USAGE
    assert info.assessments == []


def test_cost_is_worked_out_from_model_and_usage(active_experiment: str) -> None:
    answer("What?")
    trace = read_last()
    expected = {"input_cost": 1.5e-05, "output_cost": 3e-05, "total_cost": 4.5e-05}
    assert spans_by_name(trace)["ask model"].get_attribute("mlflow.llm.cost") == pytest.approx(expected)
    assert trace.info.cost == pytest.approx(expected)


def test_an_exception_is_recorded_and_passed_on(active_experiment: str) -> None:
    @mlflow.trace
    def outer() -> None:
        inner()

    @mlflow.trace
    def inner() -> None:
        raise ValueError("no such page")

    with pytest.raises(ValueError, match="no such page"):
        outer()
    trace = read_last()
    assert trace.info.state.value == "ERROR"
    for name in ("outer", "inner"):
        span = spans_by_name(trace)[name]
        assert span.status.status_code.value == "ERROR"
        assert span.status.description == "ValueError: no such page"
        (event,) = [event for event in span.events if event.name == "exception"]
        assert event.attributes["exception.type"] == "ValueError"
        assert event.attributes["exception.message"] == "no such page"
        assert 'raise ValueError("no such page")' in event.attributes["exception.stacktrace"]


def test_a_caught_exception_of_a_child_leaves_the_trace_ok(active_experiment: str) -> None:
    with mlflow.start_span("root"), pytest.raises(KeyError), mlflow.start_span("child"):
        raise KeyError("missing")
    trace = read_last()
    assert trace.info.state.value == "OK"
    assert spans_by_name(trace)["child"].status.status_code.value == "ERROR"


def test_async_functions_nest_by_task(active_experiment: str) -> None:
    @mlflow.trace
    async def gather() -> list[int]:
        return list(await asyncio.gather(*(double(n) for n in range(5))))

    @mlflow.trace
    async def double(n: int) -> int:
        await asyncio.sleep(0)
        with mlflow.start_span(f"step {n}"):
            await asyncio.sleep(0)
        return 2 * n

    assert asyncio.run(gather()) == [0, 2, 4, 6, 8]
    trace = read_last()
    (root,) = [span for span in trace.data.spans if span.parent_id is None]
    doubles = {span.span_id: span for span in trace.data.spans if span.name.startswith("double")}
    steps = [span for span in trace.data.spans if span.name.startswith("step")]
    assert (root.name, root.outputs) == ("gather", [0, 2, 4, 6, 8])
    assert len(trace.data.spans) == 11
    assert {span.parent_id for span in doubles.values()} == {root.span_id}
    assert sorted(span.outputs for span in doubles.values()) == [0, 2, 4, 6, 8]
    for step in steps:
        parent = doubles[step.parent_id or ""]
        assert step.name == f"step {parent.inputs['n']}"


def test_a_generator_records_its_chunks(active_experiment: str) -> None:
    @mlflow.trace(output_reducer="".join)
    def stream() -> Any:
        yield "for"
        yield "ty"

    assert list(stream()) == ["for", "ty"]
    (span,) = read_last().data.spans
    assert span.outputs == "forty"
    assert [event.name for event in span.events] == ["mlflow.chunk.item.0", "mlflow.chunk.item.1"]


def test_worker_threads_join_the_trace_of_their_context(active_experiment: str) -> None:
    @mlflow.trace
    def work(n: int) -> int:
        return n * n

    with mlflow.start_span("root") as root, ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(contextvars.copy_context().run, work, n) for n in range(8)]
        assert [job.result() for job in jobs] == [n * n for n in range(8)]
    trace = read_last()
    assert len(trace.data.spans) == 9
    children = [span for span in trace.data.spans if span.parent_id == root.span_id]
    assert sorted(span.outputs for span in children) == [n * n for n in range(8)]


def test_traces_of_parallel_threads_stay_apart(active_experiment: str) -> None:
    def one(n: int) -> str:
        with mlflow.start_span("parent") as parent:
            parent.set_inputs(n)
            with mlflow.start_span("child") as child:
                child.set_inputs(n)
        return str(parent.trace_id)

    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(one, range(20)))
    uploaded(ids)
    found = search(active_experiment, max_results=100)
    pairs = [{span.name: span.inputs for span in trace.data.spans} for trace in found]
    assert sorted(pair["parent"] for pair in pairs) == list(range(20))
    assert all(pair["child"] == pair["parent"] for pair in pairs)


def test_a_trace_of_300_spans_comes_back_whole(active_experiment: str) -> None:
    with mlflow.start_span("root") as root:
        for n in range(299):
            with mlflow.start_span(f"child {n}") as child:
                child.set_inputs({"n": n, "text": "x" * 200})
    trace = read_last()
    assert len(trace.data.spans) == 300
    assert {span.inputs["n"] for span in trace.data.spans if span.parent_id == root.span_id} == set(range(299))


@needs_links
def test_links_between_traces_survive(active_experiment: str) -> None:
    from mlflow.entities import Link

    with mlflow.start_span("cause") as cause:
        pass
    with mlflow.start_span("effect", links=[Link(cause.trace_id, cause.span_id, {"why": "retry"})]):
        pass
    (span,) = read_last().data.spans
    (link,) = span.links
    assert (link.trace_id, link.span_id, link.attributes) == (cause.trace_id, cause.span_id, {"why": "retry"})


def test_chosen_times_are_kept_to_the_nanosecond(active_experiment: str, target: Target) -> None:
    start, end = 1_767_225_600_123_456_789, 1_767_225_602_000_000_001
    span = mlflow.start_span_no_context("timed", inputs=1, start_time_ns=start, tags={"a": "b"}, metadata={"c": "d"})
    span.end(outputs=2, end_time_ns=end)
    uploaded([span.trace_id])
    trace = read(span.trace_id)
    (stored,) = trace.data.spans
    assert (stored.start_time_ns, stored.end_time_ns) == (start, end)
    assert trace.info.request_time == 1_767_225_600_123
    # The client announces 1876 ms; the reference may recompute it from times already cut to milliseconds.
    assert trace.info.execution_duration in ((1_876,) if target.is_fanlight else (1_876, 1_877))
    assert (trace.info.tags["a"], trace.info.trace_metadata["c"]) == ("b", "d")


def test_flushing_makes_a_trace_readable(active_experiment: str) -> None:
    with mlflow.start_span("flushed") as span:
        pass
    mlflow.flush_trace_async_logging()
    assert read(span.trace_id).data.spans[0].name == "flushed"


def test_an_unknown_trace_is_none(active_experiment: str) -> None:
    assert mlflow.get_trace("tr-" + "0" * 31 + "1") is None
    assert search_ids(active_experiment) == []


def test_an_experiment_that_does_not_exist_has_no_traces() -> None:
    assert search_ids("987654321") == []
    with refused("RESOURCE_DOES_NOT_EXIST"):
        mlflow.set_experiment(experiment_id="987654321")
