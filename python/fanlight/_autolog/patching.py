"""Attributes of libraries, replaced and put back.

What is replaced is found by name when it is needed: a library that has no such name is left as it is.
"""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from .errors import log

_ABSENT: Any = object()


def find(path: str) -> Any:
    """The object at `package.module:Class.name`, or `None` when the installed version has none."""
    module, _, names = path.partition(":")
    try:
        found = importlib.import_module(module)
    except Exception as error:  # a broken optional part of a library raises anything
        log.debug("%s is not there: %s", path, error)
        return None
    for name in filter(None, names.split(".")):
        found = getattr(found, name, None)
    return found


class Patches:
    """What one integration has replaced."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._done: list[str] = []

    @property
    def names(self) -> list[str]:
        """What was replaced, for messages and tests."""
        return list(self._done)

    def attribute(self, owner: Any, name: str, make: Callable[[Any], Any]) -> bool:
        """Replaces `owner.name` with `make(original)`; `False` when there is nothing to replace."""
        original = inspect.getattr_static(owner, name, _ABSENT) if owner is not None else _ABSENT
        if original is _ABSENT:
            return False
        own = vars(owner).get(name, _ABSENT)
        replacement = _like(original, make)
        setattr(owner, name, replacement)
        self._undo.append(lambda: _restore(owner, name, replacement, own))
        self._done.append(f"{getattr(owner, '__name__', owner)}.{name}")
        return True

    def at(self, path: str, make: Callable[[Any], Any]) -> bool:
        """Replaces what `package.module:Class.name` names."""
        owner, _, name = path.rpartition("." if "." in path.partition(":")[2] else ":")
        return self.attribute(find(owner), name, make)

    def on_undo(self, undo: Callable[[], None]) -> None:
        """For what is registered with a library rather than replaced in it."""
        self._undo.append(undo)
        self._done.append(getattr(undo, "__name__", "registration"))

    def undo(self) -> None:
        """Puts everything back, the latest first."""
        while self._undo:
            self._undo.pop()()
        self._done.clear()


def _like(original: Any, make: Callable[[Any], Any]) -> Any:
    """Class and static methods stay what they are."""
    if isinstance(original, (classmethod, staticmethod)):
        return type(original)(make(original.__func__))
    return make(original)


def _restore(owner: Any, name: str, replacement: Any, own: Any) -> None:
    """Somebody who replaced ours meanwhile keeps theirs, which then calls ours: that one records nothing any more."""
    if vars(owner).get(name, _ABSENT) is not replacement:
        return
    if own is _ABSENT:
        delattr(owner, name)
    else:
        setattr(owner, name, own)
