"""Waiting for imports: an integration costs nothing until the application imports its library."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from .errors import guard

_waiting: dict[str, list[Callable[[], None]]] = {}
_lock = threading.RLock()


def when_imported(module: str, act: Callable[[], None]) -> Callable[[], None]:
    """Calls `act` once `module` is imported, now if it is already. Answers what takes the wish back."""
    with _lock:
        loaded = sys.modules.get(module)
        spec = getattr(loaded, "__spec__", None)
        if loaded is None or getattr(spec, "_initializing", False):
            _waiting.setdefault(module, []).append(act)
            if _finder not in sys.meta_path:
                sys.meta_path.insert(0, _finder)
            return lambda: _forget(module, act)
    act()
    return lambda: None


def _forget(module: str, act: Callable[[], None]) -> None:
    with _lock:
        acts = _waiting.get(module, [])
        if act in acts:
            acts.remove(act)
        if not acts:
            _waiting.pop(module, None)
        if not _waiting and _finder in sys.meta_path:
            sys.meta_path.remove(_finder)


def _loaded(module: str) -> None:
    with _lock:
        acts = _waiting.pop(module, [])
        if not _waiting and _finder in sys.meta_path:
            sys.meta_path.remove(_finder)
    for act in acts:
        with guard(f"the start of autolog for {module}"):
            act()


class _Finder(MetaPathFinder):
    """First in the row; lets the others find, and wraps the loader of what is waited for."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if fullname not in _waiting:
            return None
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, fullname)
                return spec
        return None


class _Loader(Loader):
    """Says when a module has run; otherwise the loader it wraps."""

    def __init__(self, inner: Any, name: str) -> None:
        self._inner = inner
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # The module sees its own loader from the first line on.
        module.__loader__ = self._inner
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        self._inner.exec_module(module)
        _loaded(self._name)


_finder = _Finder()
