"""What an integration replaces, and whether it is put back."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from typing import Any

import pytest
from fanlight import _autolog
from fanlight._autolog.library import is_there
from fanlight._autolog.patching import Patches
from fanlight._autolog.table import LIBRARIES


def installed() -> list[str]:
    """Libraries of the table that this environment has."""
    return sorted(name for name, library in LIBRARIES.items() if is_there(library.modules[0]))


def check(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns a library on and off again: every attribute that was replaced is the very object it was."""
    for module in LIBRARIES[name].modules:
        if is_there(module):
            importlib.import_module(module)
    replaced: list[tuple[Any, str, Any]] = []
    attribute = Patches.attribute

    def noted(self: Patches, owner: Any, attribute_name: str, make: Any) -> bool:
        before = inspect.getattr_static(owner, attribute_name, None)
        done = attribute(self, owner, attribute_name, make)
        if done:
            replaced.append((owner, attribute_name, before))
        return done

    monkeypatch.setattr(Patches, "attribute", noted)
    faults = _autolog.faults()
    for _ in range(2):
        _autolog.of(name)()
        for owner, attribute_name, before in replaced:
            assert inspect.getattr_static(owner, attribute_name) is not before
        _autolog.of(name)(disable=True)
        # Names that are inherited may be replaced in a class and in the one above it: the last look is what counts.
        for owner, attribute_name, before in reversed(replaced):
            assert inspect.getattr_static(owner, attribute_name) is before
        replaced.clear()
    assert _autolog.faults() == faults
