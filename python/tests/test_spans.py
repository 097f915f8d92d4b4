"""What is recorded of functions, blocks and streams, read back from the server."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import math
import threading
from typing import Any

import fanlight
import pytest
from fanlight.entities import Span, SpanEvent, SpanLogLevel, SpanType, Trace


def last() -> Trace:
    trace_id = fanlight.get_last_active_trace_id()
    assert trace_id
    trace = fanlight.get_trace(trace_id)
    assert trace is not None
    return trace


def only_span() -> Span:
    (span,) = last().data.spans
    return span


def tree(trace: Trace) -> list[tuple[str, str | None]]:
    names = {span.span_id: span.name for span in trace.data.spans}
    return sorted((span.name, names.get(span.parent_id or "")) for span in trace.data.spans)


def test_a_decorated_function_is_a_span_with_named_arguments_and_result() -> None:
    @fanlight.trace
    def add(a: int, b: int = 2, *args: int, c: int = 3, **kw: int) -> dict[str, int]:
        return {"sum": a + b + c}

    assert add(1) == {"sum": 6}
    span = only_span()
    assert (span.name, span.span_type, span.status.status_code) == ("add", "UNKNOWN", "OK")
    assert span.inputs == {"a": 1, "b": 2, "args": [], "c": 3, "kw": {}}
    assert span.outputs == {"sum": 6}
    assert span.get_attribute("mlflow.spanFunctionName") == "add"
    add(1, 5, 7, c=0, d=4)
    assert only_span().inputs == {"a": 1, "b": 5, "args": [7], "c": 0, "kw": {"d": 4}}
    add(b=1, a=2)
    assert only_span().inputs == {"a": 2, "b": 1, "args": [], "c": 3, "kw": {}}


def test_a_decorator_takes_name_type_and_attributes() -> None:
    @fanlight.trace(name="My Span", span_type=SpanType.TOOL, attributes={"n": 1, "d": {"k": [1]}, "none": None})
    def work() -> None: ...

    work()
    span = only_span()
    assert (span.name, span.span_type, span.outputs) == ("My Span", "TOOL", None)
    assert span.attributes["n"] == 1
    assert span.attributes["d"] == {"k": [1]}
    assert span.attributes["none"] is None


def test_a_level_is_a_name_or_a_number() -> None:
    @fanlight.trace(log_level="warning")
    def work() -> None: ...

    work()
    assert only_span().log_level is SpanLogLevel.WARNING
    with fanlight.start_span("block", log_level=SpanLogLevel.DEBUG, description="what it does") as span:
        assert span.log_level is SpanLogLevel.DEBUG
        span.set_log_level("CRITICAL")
    assert only_span().log_level == 50
    assert only_span().attributes["mlflow.spanDescription"] == "what it does"


def test_a_span_is_read_after_its_end_and_found_by_its_id() -> None:
    with fanlight.start_span("held") as span:
        span.set_inputs({"a": 1})
        found = fanlight._core.find_span(str(span.span_id))
        assert found is not None and found.trace_id == span.trace_id
        found.set_outputs("through the other handle")
        fanlight.update_current_trace(tags={"t": "1"})
    assert (span.inputs, span.outputs, span.status.status_code) == ({"a": 1}, "through the other handle", "OK")
    assert span.end_time_ns is not None and span.start_time_ns is not None and span.end_time_ns >= span.start_time_ns
    assert set(span.attributes) == {"mlflow.spanType", "mlflow.spanInputs", "mlflow.spanOutputs"}
    span.set_outputs("too late")
    assert span.outputs == "through the other handle"
    assert only_span().outputs == "through the other handle"
    span_id = str(span.span_id)
    del span, found
    assert fanlight._core.find_span(span_id) is None


def test_calls_in_calls_are_one_tree() -> None:
    @fanlight.trace
    def inner(x: int) -> int:
        return x

    @fanlight.trace
    def outer(x: int) -> int:
        with fanlight.start_span("block") as block:
            block.set_inputs([x])
            return inner(x) + inner(x + 1)

    outer(1)
    assert tree(last()) == [("block", "outer"), ("inner", "block"), ("inner", "block"), ("outer", None)]


def test_the_wrapper_looks_like_what_it_wraps() -> None:
    @fanlight.trace
    def plain(a: int) -> None:
        """Doc."""

    @fanlight.trace
    async def coroutine() -> None: ...

    @fanlight.trace
    def generator() -> Any:
        yield 1

    @fanlight.trace
    async def async_generator() -> Any:
        yield 1

    assert plain.__doc__ == "Doc."
    assert str(inspect.signature(plain)) == "(a: 'int') -> 'None'"
    assert inspect.iscoroutinefunction(coroutine)
    assert inspect.isgeneratorfunction(generator)
    assert inspect.isasyncgenfunction(async_generator)


def test_methods_leave_out_self_and_cls() -> None:
    class Thing:
        @fanlight.trace
        def method(self, a: int) -> int:
            return a

        @classmethod
        @fanlight.trace
        def of_class(cls, a: int) -> int:
            return a

        @fanlight.trace
        @classmethod
        def outside(cls, a: int) -> int:
            return a

        @fanlight.trace
        @staticmethod
        def static(a: int) -> int:
            return a

    for call in (Thing().method, Thing.of_class, Thing.outside, Thing.static, Thing().static):
        assert call(5) == 5
        assert only_span().inputs == {"a": 5}


def test_builtins_partials_and_callable_objects() -> None:
    assert fanlight.trace(math.pow)(2, 3) == 8.0
    assert only_span().inputs == {"x": 2, "y": 3}
    assert fanlight.trace(max)(1, 2) == 2
    assert (only_span().name, only_span().outputs) == ("max", 2)

    class Adder:
        def __call__(self, x: int) -> int:
            return x + 1

    assert fanlight.trace(Adder())(1) == 2
    assert (only_span().name, only_span().inputs) == ("Adder", {"x": 1})
    assert fanlight.trace(functools.partial(pow, 2))(5) == 32
    assert only_span().outputs == 32
    assert fanlight.trace(int)("7") == 7
    assert (only_span().name, only_span().outputs) == ("int", 7)


def test_an_exception_passes_through_and_is_recorded() -> None:
    @fanlight.trace
    def boom() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no") as caught:
        boom()
    assert [frame.name for frame in caught.traceback][-1] == "boom"
    trace = last()
    (span,) = trace.data.spans
    assert (trace.info.state, span.status.status_code) == ("ERROR", "ERROR")
    assert span.status.description == "ValueError: no"
    (event,) = span.events
    assert event.name == "exception"
    assert event.attributes["exception.type"] == "ValueError"
    assert event.attributes["exception.message"] == "no"
    assert "in boom" in event.attributes["exception.stacktrace"]
    with pytest.raises(KeyError), fanlight.start_span("block"):
        raise KeyError("x")
    assert last().info.state == "ERROR"


def test_coroutines_and_tasks_nest() -> None:
    @fanlight.trace
    async def leaf(x: int) -> int:
        await asyncio.sleep(0)
        return x

    @fanlight.trace
    async def root() -> list[int]:
        return [*await asyncio.gather(leaf(1), leaf(2)), await asyncio.to_thread(fanlight.trace(abs), -3)]

    assert asyncio.run(root()) == [1, 2, 3]
    assert tree(last()) == [("abs", "root"), ("leaf", "root"), ("leaf", "root"), ("root", None)]


def test_a_cancelled_coroutine_is_an_error() -> None:
    @fanlight.trace
    async def slow() -> None:
        await asyncio.sleep(60)

    async def main() -> None:
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert only_span().status.status_code == "ERROR"


def test_a_generator_ends_its_span_with_the_stream() -> None:
    @fanlight.trace
    def stream(n: int) -> Any:
        with fanlight.start_span("inside"):
            pass
        got = yield 0
        yield got
        return "done"

    running = stream(2)
    assert next(running) == 0
    assert fanlight.get_current_active_span() is None
    assert running.send("x") == "x"
    with pytest.raises(StopIteration) as stop:
        next(running)
    assert stop.value.value == "done"
    trace = last()
    assert tree(trace) == [("inside", "stream"), ("stream", None)]
    assert trace.search_spans(name="stream")[0].outputs == [0, "x"]


def test_a_generator_closed_early_has_what_came_so_far() -> None:
    @fanlight.trace
    def stream() -> Any:
        try:
            yield from range(10)
        finally:
            closed.append(True)

    closed: list[bool] = []
    for item in stream():
        if item == 2:
            break
    assert closed == [True]
    span = only_span()
    assert (span.outputs, span.status.status_code) == ([0, 1, 2], "OK")


def test_a_generator_that_raises_and_one_with_a_reducer() -> None:
    @fanlight.trace(output_reducer=lambda items: "".join(items))
    def words() -> Any:
        yield "a"
        yield "b"

    assert list(words()) == ["a", "b"]
    assert only_span().outputs == "ab"

    @fanlight.trace
    def broken() -> Any:
        yield 1
        raise ValueError("late")

    with pytest.raises(ValueError):
        list(broken())
    span = only_span()
    assert (span.outputs, span.status.status_code) == ([1], "ERROR")


def test_exceptions_thrown_into_a_generator_reach_it() -> None:
    @fanlight.trace
    def stream() -> Any:
        try:
            yield 1
        except KeyError:
            yield "caught"

    running = stream()
    next(running)
    assert running.throw(KeyError("k")) == "caught"
    assert list(running) == []
    assert only_span().outputs == [1, "caught"]


def test_async_generators_end_too() -> None:
    @fanlight.trace
    async def stream() -> Any:
        for item in range(3):
            yield item

    async def all_of_it() -> list[int]:
        return [item async for item in stream()]

    async def first_of_it() -> None:
        running = stream()
        await anext(running)
        await running.aclose()

    assert asyncio.run(all_of_it()) == [0, 1, 2]
    assert only_span().outputs == [0, 1, 2]
    asyncio.run(first_of_it())
    assert only_span().outputs == [0]


def test_threads_and_executors_join_the_trace() -> None:
    @fanlight.trace
    def child(i: int) -> int:
        return i

    @fanlight.trace
    def root() -> None:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(child, [1, 2]))
        thread = threading.Thread(target=child, args=(3,))
        thread.start()
        thread.join()

    root()
    assert tree(last()) == [("child", "root")] * 3 + [("root", None)]
    child(4)
    assert tree(last()) == [("child", None)]


def test_spans_without_a_context_and_their_setters() -> None:
    root = fanlight.start_span_no_context("root", inputs={"q": 1}, tags={"k": "v"}, metadata={"m": 1})
    assert fanlight.get_current_active_span() is None
    child = fanlight.start_span_no_context("child", parent_span=root, span_type="LLM", attributes={"x": 1})
    child.add_event(SpanEvent("happened", attributes={"y": [1]}))
    child.set_attributes({"z": {"a": 1}})
    child.set_status("ERROR")
    child.end(outputs=[1])
    root.end()
    assert (child.outputs, child.status.status_code, child.name) == ([1], "ERROR", "child")
    assert child.end_time_ns is not None and child.start_time_ns is not None
    trace = last()
    assert tree(trace) == [("child", "root"), ("root", None)]
    (span,) = trace.search_spans(span_type="LLM")
    assert (span.attributes["x"], span.attributes["z"]) == (1, {"a": 1})
    assert span.events[0].attributes == {"y": [1]}
    assert trace.info.state == "OK"


def test_times_can_be_given() -> None:
    start = 1_700_000_000_000_000_000
    span = fanlight.start_span_no_context("old", start_time_ns=start)
    span.end(end_time_ns=start + 2_500_000_000)
    trace = last()
    assert trace.data.spans[0].start_time_ns == start
    assert trace.data.spans[0].end_time_unix_ms == start // 1_000_000 + 2500
    assert trace.info.execution_duration == 2500


def test_off_means_off() -> None:
    before = fanlight.get_last_active_trace_id()
    fanlight.tracing.disable()
    try:
        with fanlight.start_span("off") as span:
            span.set_inputs({"a": 1})
            assert fanlight.trace(abs)(-1) == 1
            assert span.span_id is None
        assert fanlight.get_last_active_trace_id() == before
    finally:
        fanlight.tracing.enable()
    with fanlight.start_span("on"):
        pass
    assert fanlight.get_last_active_trace_id() != before


def test_errors_are_kept_whatever_the_sampling_ratio() -> None:
    fanlight.config.set_sampling_ratio(0)
    try:
        with fanlight.start_span("left out"):
            pass
        left_out = fanlight.get_last_active_trace_id()
        with pytest.raises(ValueError), fanlight.start_span("kept"):
            raise ValueError
    finally:
        fanlight.config.set_sampling_ratio(1)
    assert last().data.spans[0].name == "kept"
    assert left_out and fanlight.get_trace(left_out, silent=True) is None
    with pytest.raises(ValueError):
        fanlight.config.set_sampling_ratio(2)


def test_processors_change_spans_before_they_are_sent() -> None:
    fanlight.tracing.configure(span_processors=[lambda span: span.set_outputs("***")])
    try:
        with fanlight.start_span("secret") as span:
            span.set_outputs("password")
    finally:
        fanlight.tracing.reset()
    assert only_span().outputs == "***"


def test_headers_carry_a_trace_to_another_process() -> None:
    from fanlight.tracing.distributed import (
        get_tracing_context_headers_for_http_request,
        set_tracing_context_from_http_request_headers,
    )

    with fanlight.start_span("client") as client:
        headers = get_tracing_context_headers_for_http_request()
    with set_tracing_context_from_http_request_headers({"Traceparent": headers["traceparent"]}):
        with fanlight.start_span("service") as service:
            assert service.trace_id == client.trace_id
    with set_tracing_context_from_http_request_headers({"traceparent": "nonsense"}):
        assert fanlight.get_active_trace_id() is None
    trace = fanlight.get_trace(client.trace_id)
    assert trace is not None
    assert tree(trace) == [("client", None), ("service", "client")]
