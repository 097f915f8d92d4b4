"""Spans of OpenTelemetry and ours are one tree."""

from __future__ import annotations

import logging
from typing import Any

import fanlight
import openai
import pytest
from fanlight import _autolog
from fanlight._autolog import otel, spans
from fanlight._autolog.calls import Wrapping
from fanlight._autolog.library import Instrumentor, Library
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from provider import Provider
from recorded import Recorded

MESSAGES: Any = [{"role": "user", "content": "Hello there"}]


@pytest.fixture(scope="module")
def tracer() -> trace.Tracer:
    provider = TracerProvider()
    trace.set_tracer_provider(provider)
    return trace.get_tracer("the application")


def test_every_span_of_the_process(tracer: trace.Tracer, autolog: Any, recorded: Recorded) -> None:
    autolog("otel")
    with tracer.start_as_current_span("outer", attributes={"session.id": "s-1"}) as span:
        span.set_attribute("openinference.span.kind", "CHAIN")
        span.add_event("seen", {"what": "it"})
        with pytest.raises(ValueError, match="no"), tracer.start_as_current_span("inner"):
            raise ValueError("no")
    assert recorded.tree() == ["outer CHAIN", "  inner UNKNOWN"]
    outer, inner = recorded.spans()
    assert (outer["session"], outer["events"][0]["name"]) == ("s-1", "seen")
    assert inner["status"]["code"] == "ERROR"
    assert inner["events"][0]["name"] == "exception"
    assert outer["attributes"]["otel.scope.name"] == "the application"


def test_ours_and_theirs_find_each_other(
    tracer: trace.Tracer, provider: Provider, autolog: Any, recorded: Recorded
) -> None:
    autolog("otel", "openai")
    client = openai.OpenAI(base_url=f"{provider.url}/v1")
    with fanlight.start_span("ours"), tracer.start_as_current_span("theirs"):
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
        with fanlight.start_span("ours again"), tracer.start_as_current_span("theirs again"):
            pass
    tree = recorded.tree()
    assert tree[:3] == ["ours UNKNOWN", "  theirs UNKNOWN", "    Completions CHAT_MODEL"]
    assert len(recorded.rows()) == 1


def test_a_span_below_one_that_is_over(tracer: trace.Tracer, autolog: Any, recorded: Recorded) -> None:
    autolog("otel")
    outer = tracer.start_span("outer")
    outer.end()
    tracer.start_span("late", context=trace.set_span_in_context(outer)).end()
    assert recorded.tree() == ["outer UNKNOWN", "  late UNKNOWN"]
    assert len(recorded.rows()) == 1


def test_off_is_off(tracer: trace.Tracer, recorded: Recorded) -> None:
    _autolog.of("otel")()
    _autolog.of("otel")(disable=True)
    with tracer.start_as_current_span("unseen"):
        pass
    assert recorded.rows() == []


def test_two_listen_and_one_leaves(tracer: trace.Tracer, recorded: Recorded) -> None:
    first, second = Wrapping(), Wrapping()
    otel.install_global(first)
    otel.install_global(second)
    first.undo()
    with tracer.start_as_current_span("seen"):
        pass
    second.undo()
    with tracer.start_as_current_span("unseen"):
        pass
    assert recorded.tree() == ["seen UNKNOWN"]


def test_what_an_instrumentor_leaves_behind_is_not_heard(recorded: Recorded) -> None:
    patches = Wrapping()
    left = otel.own_provider(patches).get_tracer("an instrumentor")
    patches.undo()
    left.start_span("unseen").end()
    assert recorded.rows() == []


def test_a_call_that_is_told_already_is_not_told_again(recorded: Recorded) -> None:
    """Whichever convention says that it is a call; other spans below it stay."""
    patches = Wrapping()
    theirs = otel.own_provider(patches).get_tracer("an instrumentor")
    ours = spans.begin("ours", spans.CHAT_MODEL)
    token = spans.enter(ours)
    for attributes in (
        {"openinference.span.kind": "LLM"},
        {"gen_ai.operation.name": "chat"},
        {"llm.request.type": "completion"},
    ):
        with theirs.start_as_current_span("again", attributes=attributes), theirs.start_as_current_span("HTTP"):
            pass
    spans.leave(ours, token)
    spans.end(ours)
    patches.undo()
    assert recorded.tree() == ["ours CHAT_MODEL", *["  HTTP UNKNOWN"] * 3]


def test_an_instrumentor_is_bound_to_our_core(provider: Provider, recorded: Recorded) -> None:
    """And counts once with our own integration of the same client below it."""
    patches = Wrapping()
    otel.instrument("openinference.instrumentation.openai:OpenAIInstrumentor", patches)
    _autolog.of("openai")()
    try:
        client = openai.OpenAI(base_url=f"{provider.url}/v1")
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    finally:
        _autolog.of("openai")(disable=True)
        patches.undo()
    [call] = recorded.calls()
    assert (call.input[0].text, call.output[0].text) == ("Hello there", "You said: Hello there")
    assert recorded.tokens() == (9, 5)


def test_an_instrumentor_of_the_application_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    from openinference.instrumentation.openai import OpenAIInstrumentor

    path = "openinference.instrumentation.openai:OpenAIInstrumentor"
    OpenAIInstrumentor().instrument(tracer_provider=TracerProvider())
    try:
        library = Library("theirs", Instrumentor("openai", path, "some-package"))
        with caplog.at_level(logging.WARNING, "fanlight.autolog"):
            library.enable(is_asked_for=True)
        assert "is started already" in caplog.text
        library.disable()
        assert OpenAIInstrumentor().is_instrumented_by_opentelemetry
    finally:
        OpenAIInstrumentor().uninstrument()
        for client in (openai.OpenAI, openai.AsyncOpenAI):
            if "request" in vars(client):
                del client.request


def test_a_missing_instrumentor_is_named(caplog: pytest.LogCaptureFixture) -> None:
    library = Library("nothing", Instrumentor("json", "openinference.instrumentation.nothing:Nothing", "some-package"))
    with caplog.at_level(logging.WARNING, "fanlight.autolog"):
        library.enable(is_asked_for=True)
    assert "pip install some-package" in caplog.text
    library.disable()
