"""Doing something when a module is imported, now or later: what nobody uses costs nothing."""

from __future__ import annotations

import sys
from _thread import allocate_lock

# `typing` and `importlib.abc` take longer to import than all of this package: only type checkers do.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_waiting: dict[str, list[Callable[[Any], Any]]] = {}
_lock = allocate_lock()


def when_imported(name: str, act: Callable[[Any], Any]) -> Callable[[], None]:
    """Calls `act(module)`: at once when it is imported already, else right after its import. What `act` raises is
    swallowed: an import must not fail because of it. Answers what takes the wish back."""
    with _lock:
        module = sys.modules.get(name)
        if module is None or getattr(getattr(module, "__spec__", None), "_initializing", False):
            _waiting.setdefault(name, []).append(act)
            if _finder not in sys.meta_path:
                sys.meta_path.insert(0, _finder)
            return lambda: _forget(name, act)
    _run(act, module)
    return lambda: None


def _forget(name: str, act: Callable[[Any], Any]) -> None:
    with _lock:
        acts = _waiting.get(name, [])
        if act in acts:
            acts.remove(act)
        if not acts:
            _waiting.pop(name, None)
        _leave_if_idle()


def _imported(module: Any) -> None:
    with _lock:
        acts = _waiting.pop(module.__name__, [])
        _leave_if_idle()
    for act in acts:
        _run(act, module)


def _leave_if_idle() -> None:
    if not _waiting and _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


def _run(act: Callable[[Any], Any], module: Any) -> None:
    try:
        act(module)
    except Exception as error:
        import warnings

        warnings.warn(f"fanlight: {getattr(module, '__name__', module)} is not traced: {error!r}", RuntimeWarning)


class _Finder:
    """Finds nothing itself: it lets the others find, and wraps what they found."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname not in _waiting:
            return None
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    loader: Any = _Loader(spec.loader)
                    spec.loader = loader
                return spec
        return None


class _Loader:
    """Says when a module has run; otherwise the loader it wraps."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def create_module(self, spec: Any) -> Any:
        return self._inner.create_module(spec)

    def exec_module(self, module: Any) -> None:
        # The module sees the loader it would have without us, from its first line on.
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        module.__loader__ = self._inner
        self._inner.exec_module(module)
        _imported(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


_finder: Any = _Finder()
