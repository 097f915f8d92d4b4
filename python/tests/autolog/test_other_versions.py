"""Versions of libraries that have none of the names that the integrations look for, or mean something else by them."""

from __future__ import annotations

import importlib.machinery
import logging
import sys
from types import ModuleType
from typing import Any

import pytest
from fanlight import _autolog, _imports
from fanlight._autolog import errors
from fanlight._autolog.library import Native
from fanlight._autolog.table import LIBRARIES

NATIVE = sorted({library.name for library in LIBRARIES.values() if isinstance(library.parts[0], Native)})


class Strange(ModuleType):
    """Has every name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.meaning()

    @staticmethod
    def meaning() -> Any:
        return 7


class Classes(Strange):
    """All of them classes, without anything inside."""

    @staticmethod
    def meaning() -> Any:
        return type("Thing", (), {})


class Functions(Strange):
    """All of them functions that want nothing."""

    @staticmethod
    def meaning() -> Any:
        return lambda: None


def install(name: str, kind: type[ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a fake library where the one of this name would be, all of it imported already."""
    for path in LIBRARIES[name].modules:
        root = path.partition(".")[0]
        for module in [it for it in sys.modules if it == root or it.startswith(f"{root}.")]:
            monkeypatch.delitem(sys.modules, module)
    for path in LIBRARIES[name].modules:
        parts = path.split(".")
        for length in range(1, len(parts) + 1):
            module = kind(".".join(parts[:length]))
            module.__path__ = []
            module.__spec__ = importlib.machinery.ModuleSpec(module.__name__, None, is_package=True)
            monkeypatch.setitem(sys.modules, module.__name__, module)
            if length > 1:
                setattr(sys.modules[".".join(parts[: length - 1])], parts[length - 1], module)


def test_all_that_are_written_here_are_meant() -> None:
    assert len(NATIVE) == 19
    assert {"openai", "langchain", "bedrock", "strands"} <= set(NATIVE)


@pytest.mark.parametrize("name", NATIVE)
def test_a_library_without_any_of_the_names(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    install(name, ModuleType, monkeypatch)
    before = _autolog.faults()
    hooks = list(sys.meta_path)
    with caplog.at_level(logging.WARNING, "fanlight.autolog"):
        _autolog.of(name)()
        _autolog.of(name)(disable=True)
    assert _autolog.faults() == before
    assert sys.meta_path == hooks
    assert not LIBRARIES[name].is_on
    assert name == "strands" or "it is not traced" in caplog.text  # that one makes spans of OpenTelemetry by itself


@pytest.mark.parametrize("kind", [Strange, Classes, Functions])
@pytest.mark.parametrize("name", NATIVE)
def test_a_library_that_means_something_else(
    name: str, kind: type[ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may not be traced, and that may be counted as a fault; but nothing is raised, and all is taken back."""
    monkeypatch.setattr(errors, "_counts", {})
    install(name, kind, monkeypatch)
    fakes = {key: module for key, module in sys.modules.items() if isinstance(module, kind)}
    before = {key: dict(vars(module)) for key, module in fakes.items()}
    waiting = dict(_imports._waiting)
    _autolog.of(name)()
    _autolog.of(name)(disable=True)
    assert {key: dict(vars(module)) for key, module in fakes.items()} == before
    assert _imports._waiting == waiting
