"""Patching, undoing, waiting for imports, and never being in the way."""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import fanlight
import pytest
from fanlight import _autolog, _imports
from fanlight._autolog import errors, spans
from fanlight._autolog.calls import Call, Method, Wrapping, silent
from fanlight._autolog.library import Library, Native
from fanlight._autolog.table import LIBRARIES

from provider import Provider
from recorded import Recorded

SOURCE = """
class Base:
    def inherited(self, x): return x

class Thing(Base):
    def plain(self, x, y=2): return x + y
    async def later(self, x): return x
    def pieces(self, n):
        for i in range(n):
            got = yield str(i)
            if got: yield got
    async def pieces_later(self, n):
        for i in range(n): yield str(i)
    @classmethod
    def of_class(cls, x): return (cls, x)
    @staticmethod
    def of_none(x): return x
    def fails(self): raise KeyError("mine")
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "a_library.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("a_library")
    sys.modules.pop("a_library", None)


@pytest.fixture
def patches() -> Iterator[Wrapping]:
    patches = Wrapping()
    yield patches
    patches.undo()


METHODS = ("plain", "later", "pieces", "pieces_later", "of_class", "of_none", "fails", "inherited")


def test_undo_restores_exactly(library: Any, patches: Wrapping) -> None:
    before = dict(vars(library.Thing))
    for name in METHODS:
        assert patches.trace(f"a_library:Thing.{name}", Method())
    assert vars(library.Thing) != before
    patches.undo()
    assert dict(vars(library.Thing)) == before


def test_what_others_wrapped_meanwhile_stays_and_records_nothing(
    library: Any, patches: Wrapping, recorded: Recorded
) -> None:
    patches.trace("a_library:Thing.plain", Method())
    ours = library.Thing.plain
    library.Thing.plain = lambda self, x: ours(self, x) * 10
    patches.undo()
    assert library.Thing().plain(1) == 30
    assert recorded.rows() == []


def test_functions_look_as_before(library: Any, patches: Wrapping) -> None:
    for name in METHODS:
        patches.trace(f"a_library:Thing.{name}", Method())
    thing = library.Thing
    assert inspect.iscoroutinefunction(thing.later)
    assert str(inspect.signature(thing.plain)) == "(self, x, y=2)"
    assert inspect.isgenerator(thing().pieces(1))
    assert inspect.isasyncgen(thing().pieces_later(1))
    assert (thing.of_class(1), thing.of_none(2), thing().inherited(3)) == ((thing, 1), 2, 3)


def test_names_that_are_not_there_are_left_alone(library: Any, patches: Wrapping) -> None:
    for path in ("a_library:Thing.gone", "a_library:Gone.plain", "no_such_library:Thing.plain", "a_library.gone:x"):
        assert not patches.trace(path, Method())
    assert patches.names == []


def test_a_call_has_arguments_result_and_error(library: Any, patches: Wrapping, recorded: Recorded) -> None:
    for name in ("plain", "later", "fails"):
        patches.trace(f"a_library:Thing.{name}", Method())
    library.Thing().plain(1, y=3)
    asyncio.run(library.Thing().later(5))
    with pytest.raises(KeyError, match="mine"):
        library.Thing().fails()
    plain, later, fails = recorded.spans()
    assert (plain["name"], plain["inputs"], plain["outputs"]) == ("Thing.plain", {"x": 1, "y": 3}, 4)
    assert (later["inputs"], later["outputs"]) == ({"x": 5}, 5)
    assert fails["status"]["code"] == "ERROR"
    assert fails["events"][0]["name"] == "exception"


def test_a_generator_is_over_when_its_reader_is(library: Any, patches: Wrapping, recorded: Recorded) -> None:
    patches.trace("a_library:Thing.pieces", Method())
    thing = library.Thing()
    assert list(thing.pieces(3)) == ["0", "1", "2"]
    left = thing.pieces(3)
    next(left)
    left.close()
    spoken = thing.pieces(3)
    next(spoken)
    assert spoken.send("x") == "x"
    del spoken
    unread = thing.pieces(3)
    del unread
    gc.collect()
    assert [span["outputs"] for span in recorded.spans()] == ["012", "0", "0x", ""]
    assert {span["status"]["code"] for span in recorded.spans()} == {"OK"}


async def test_an_asynchronous_generator_too(library: Any, patches: Wrapping, recorded: Recorded) -> None:
    patches.trace("a_library:Thing.pieces_later", Method())
    pieces: AsyncIterator[str] = library.Thing().pieces_later(3)
    assert [piece async for piece in pieces] == ["0", "1", "2"]
    left = library.Thing().pieces_later(3)
    await left.__anext__()
    await left.aclose()
    assert [span["outputs"] for span in recorded.spans()] == ["012", "0"]


class Broken(Method):
    library = "a broken integration"

    def inputs(self, call: Call) -> Any:
        raise RuntimeError("ours")


def test_our_faults_are_counted_and_the_application_goes_on(
    library: Any, patches: Wrapping, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "_counts", {})
    patches.trace("a_library:Thing.plain", Broken())
    with caplog.at_level(logging.WARNING, "fanlight.autolog"):
        assert [library.Thing().plain(1) for _ in range(3)] == [3, 3, 3]
    assert errors.faults() == {"a broken integration": 3}
    assert len(caplog.records) == 1


def test_a_model_below_a_model_is_the_same_call(library: Any, patches: Wrapping, recorded: Recorded) -> None:
    patches.trace("a_library:Thing.plain", Method("inner", spans.CHAT_MODEL))
    outer = spans.begin("outer", spans.CHAT_MODEL)
    token = spans.enter(outer)
    library.Thing().plain(1)
    with fanlight.start_span("between"):
        library.Thing().plain(1)
    spans.leave(outer, token)
    spans.end(outer)
    assert recorded.tree() == ["outer CHAT_MODEL", "  between UNKNOWN", "    inner CHAT_MODEL"]


async def test_a_silent_method_makes_no_call_of_a_model(library: Any, recorded: Recorded) -> None:
    """And nothing else changes: what it gets, gives and is."""
    patches = Wrapping()
    before = dict(vars(library.Thing))
    patches.trace("a_library:Thing.inherited", Method("model", spans.CHAT_MODEL))
    thing = library.Thing()

    async def later(self: Any, x: int) -> Any:
        return self.inherited(x)

    async def pieces(self: Any) -> AsyncIterator[Any]:
        got = yield self.inherited(1)
        yield self.inherited(got)

    for name, method in (("later", later), ("pieces_later", pieces)):
        setattr(library.Thing, name, method)
        patches.at(f"a_library:Thing.{name}", lambda function: silent(function, lambda: patches.switch.on))
    plain = library.Thing.plain
    patches.at("a_library:Thing.plain", lambda function: silent(function, lambda: patches.switch.on))
    assert library.Thing.plain is plain
    assert await thing.later(5) == 5
    answers = thing.pieces_later()
    assert await answers.__anext__() == 1
    thing.inherited("heard")
    assert await answers.asend(7) == 7
    await answers.aclose()
    assert [span["inputs"] for span in recorded.spans()] == [{"x": "heard"}]
    patches.undo()
    assert await thing.later(6) == 6
    assert set(vars(library.Thing)) == set(before)


def test_nothing_is_done_while_tracing_is_off(library: Any, patches: Wrapping, recorded: Recorded) -> None:
    patches.trace("a_library:Thing.plain", Method())
    fanlight._core.set_enabled(False)
    try:
        assert library.Thing().plain(1) == 3
    finally:
        fanlight._core.set_enabled(True)
    assert recorded.rows() == []


def test_a_library_is_patched_when_it_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_late_library.py").write_text("value = 1\nloader = __loader__\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    seen: list[int] = []
    _imports.when_imported("a_late_library", lambda module: seen.append(module.value))
    assert seen == []
    module = importlib.import_module("a_late_library")
    assert seen == [1]
    assert module.__spec__.loader is module.__loader__ is module.loader
    assert type(module.__loader__).__name__ == "SourceFileLoader"


def test_a_wish_taken_back_leaves_no_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(sys.meta_path)
    _imports.when_imported("a_library_that_never_comes", lambda module: None)()
    assert sys.meta_path == before


def test_an_integration_that_fails_does_not_break_the_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a_bad_library.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(errors, "_counts", {})
    library = Library("bad", Native("a_bad_library", source="no_such_integration"))
    library.enable(is_asked_for=False)
    assert importlib.import_module("a_bad_library").value == 1
    assert list(errors.faults()) == ["the start of autolog for bad"]
    library.disable()


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_every_library_has_a_module_and_may_be_missing(name: str) -> None:
    module = importlib.import_module(f"fanlight.{name}")
    assert getattr(fanlight, name) is module
    library = LIBRARIES[name]
    if any(part.partition(".")[0] in sys.modules for part in library.modules):
        pytest.skip(f"{name} is installed here: its own tests turn it on and off")
    before = _autolog.faults()
    module.autolog(silent=True)
    assert library.is_on
    module.autolog(disable=True)
    assert not library.is_on
    assert _autolog.faults() == before


def test_a_missing_library_is_said(caplog: pytest.LogCaptureFixture) -> None:
    library = Library("absent", Native("a_library_that_is_not_there"))
    with caplog.at_level(logging.WARNING, "fanlight.autolog"):
        library.enable(is_asked_for=True)
    assert "a_library_that_is_not_there is not installed" in caplog.text
    library.disable()


def test_all_at_once_and_off_again() -> None:
    before = _autolog.faults()
    fanlight.autolog(exclude=["strands"])
    assert LIBRARIES["openai"].is_on
    assert not LIBRARIES["strands"].is_on
    assert not LIBRARIES["otel"].is_on
    fanlight.autolog(disable=True)
    assert not any(library.is_on for library in LIBRARIES.values())
    assert _autolog.faults() == before


def test_the_docs_name_every_library() -> None:
    text = (Path(__file__).parents[3] / "docs/autolog.md").read_text()
    assert [name for name in LIBRARIES if f"| `{name}` |" not in text] == []


PROGRAM = """
import sys
import fanlight
fanlight.autolog()
print(sorted(name for name in ("openai", "langchain_core", "opentelemetry", "botocore") if name in sys.modules))
import openai
print(openai.OpenAI.request.__module__, hasattr(openai.OpenAI.request, "__wrapped__"))
openai.OpenAI(base_url=sys.argv[1], api_key="x").chat.completions.create(
    model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello there"}]
)
"""


def test_a_program_that_turns_all_on_first(server_url: str, provider: Provider, recorded: Recorded) -> None:
    """Nothing is imported before the application does, and the last call of a process is not lost."""
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": server_url,
        "PYTHONPATH": str(Path(fanlight.__file__).parents[1]),
    }
    command = [sys.executable, "-c", PROGRAM, f"{provider.url}/v1"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["[]", "openai._base_client True"]
    assert recorded.tree() == ["Completions CHAT_MODEL"]
    assert recorded.tokens() == (9, 5)
