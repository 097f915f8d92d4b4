"""What a span costs with one SDK: `bench.py <sdk> <server> <provider>` prints a JSON object.

Times are microseconds a span on the caller's thread, exported in the background to a real server; the best of several
rounds. Those of the decorator are what it adds to the call. `openai` is what autolog adds to a call of OpenAI's client
to a stand-in for the provider. `memory` is bytes of a live span.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

SMALL = ("a question", 7)
# 3.6 KB of messages, as an agent resends them.
MESSAGES = [{"role": "user", "content": "word " * 40} for _ in range(16)]

Work = Callable[[], Any]


def fanlight(server: str) -> dict[str, Any]:
    import fanlight

    fanlight.set_tracking_uri(server)

    def span() -> Any:
        with fanlight.start_span("block") as span:
            span.set_inputs({"x": 1})
            span.set_outputs(2)

    def disable() -> None:
        fanlight.tracing.disable()

    start = lambda: fanlight.start_span_no_context("live", inputs={"x": 1})  # noqa: E731
    return {
        "decorate": fanlight.trace,
        "block": span,
        "disable": disable,
        "start": start,
        "autolog": lambda: fanlight.openai.autolog(),
    }


def mlflow(server: str) -> dict[str, Any]:
    os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "true"
    import mlflow

    mlflow.set_tracking_uri(server)
    mlflow.set_experiment("bench")

    def span() -> Any:
        with mlflow.start_span("block") as span:
            span.set_inputs({"x": 1})
            span.set_outputs(2)

    start = lambda: mlflow.start_span_no_context("live", inputs={"x": 1})  # noqa: E731
    return {
        "decorate": mlflow.trace,
        "block": span,
        "disable": mlflow.tracing.disable,
        "start": start,
        "autolog": lambda: mlflow.openai.autolog(),
    }


def opentelemetry(server: str) -> dict[str, Any]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{server}/v1/traces")))
    tracer = provider.get_tracer("bench")

    def span() -> Any:
        with tracer.start_as_current_span("block") as span:
            span.set_attribute("inputs", '{"x": 1}')
            span.set_attribute("outputs", "2")

    start = lambda: tracer.start_span("live", attributes={"inputs": '{"x": 1}'})  # noqa: E731
    # Its decorator records no arguments.
    return {"decorate": lambda function: tracer.start_as_current_span("call")(function), "block": span, "start": start}


def langfuse(server: str) -> dict[str, Any]:
    os.environ.update(LANGFUSE_PUBLIC_KEY="pk", LANGFUSE_SECRET_KEY="sk", LANGFUSE_HOST=server, LANGFUSE_BASE_URL=server)
    import langfuse

    client = langfuse.get_client()

    def span() -> Any:
        with client.start_as_current_observation(name="block", input={"x": 1}) as span:
            span.update(output=2)

    start = lambda: client.start_observation(name="live", input={"x": 1})  # noqa: E731
    return {"decorate": lambda function: langfuse.observe(name="call")(function), "block": span, "start": start}


def logfire(server: str) -> dict[str, Any]:
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = server
    import logfire

    logfire.configure(send_to_logfire=False, console=False)

    def span() -> Any:
        with logfire.span("block", x=1) as span:
            span.set_attribute("outputs", 2)

    start = lambda: logfire.span("live", x=1).__enter__()  # noqa: E731
    return {"decorate": logfire.instrument("call", extract_args=True), "block": span, "start": start}


# Importable name, and how many spans a round has: a few milliseconds, in which other programs mostly leave the
# processor alone.
SDKS: dict[str, tuple[Callable[[str], dict[str, Any]], str, int]] = {
    "fanlight": (fanlight, "fanlight", 2_000),
    "opentelemetry": (opentelemetry, "opentelemetry.sdk.trace", 200),
    "logfire": (logfire, "logfire", 50),
    "langfuse": (langfuse, "langfuse", 50),
    "mlflow": (mlflow, "mlflow", 10),
}


def best(work: Work, count: int, rounds: int = 25) -> float:
    """Microseconds of one call."""
    found = []
    for _ in range(rounds):
        begin = time.perf_counter()
        for _ in range(count):
            work()
        found.append((time.perf_counter() - begin) / count * 1e6)
        # What waits is sent meanwhile: the caller's cost is measured, not a full queue.
        time.sleep(0.2)
    return round(min(found), 2)


def openai_added(autolog: Callable[[], Any], provider: str) -> float:
    """Microseconds that autolog adds to a call: the medians of many calls, the best of several rounds before and after."""
    from openai import OpenAI

    client = OpenAI(base_url=f"{provider}/v1", api_key="x")

    def call() -> None:
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "a question"}])

    def median() -> float:
        found = []
        for _ in range(200):
            begin = time.perf_counter()
            call()
            found.append(time.perf_counter() - begin)
        return sorted(found)[len(found) // 2] * 1e6

    call()
    plain = min(median() for _ in range(5))
    autolog()
    call()
    return round(min(median() for _ in range(5)) - plain, 1)


def resident_bytes() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def import_ms(module: str) -> float:
    """Beyond a bare interpreter: the best of five fresh ones."""
    code = f"import time; b = time.perf_counter(); import {module}; print((time.perf_counter() - b) * 1e3)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    return round(min(float(run.stdout.split()[-1]) for run in runs), 1)


def main(name: str, server: str, provider: str) -> None:
    begin, module, count = SDKS[name]
    figures: dict[str, Any] = {"sdk": name, "import_ms": import_ms(module)}
    importlib.import_module(module)
    sdk = begin(server)

    def call(question: Any, limit: int) -> int:
        return limit

    # First of all, so that nothing freed earlier is used again.
    sdk["start"]()
    before = resident_bytes()
    live = [sdk["start"]() for _ in range(10_000)]
    figures["memory"] = (resident_bytes() - before) // len(live)
    del live
    decorated = sdk["decorate"](call)
    decorated(*SMALL)
    bare = best(lambda: call(*SMALL), count)
    figures["decorator_us"] = round(best(lambda: decorated(*SMALL), count) - bare, 2)
    figures["block_us"] = best(sdk["block"], count)
    figures["messages_us"] = round(best(lambda: decorated(MESSAGES, 7), max(count // 4, 10)) - bare, 2)
    if autolog := sdk.get("autolog"):
        figures["openai_us"] = openai_added(autolog, provider)
    if disable := sdk.get("disable"):
        disable()
        figures["disabled_us"] = round(best(lambda: decorated(*SMALL), count) - bare, 2)
    print(json.dumps(figures), flush=True)
    # What is left to send says nothing about the caller's cost.
    os._exit(0)


main(*sys.argv[1:])
