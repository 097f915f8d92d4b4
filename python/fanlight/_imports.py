"""Doing something when a module is imported, now or later."""

from __future__ import annotations

import sys

# `typing` takes longer to import than all of this package: only type checkers do.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_waiting: dict[str, list[Callable[[Any], Any]]] = {}


def when_imported(name: str, act: Callable[[Any], Any]) -> None:
    """Calls `act(module)`: at once when it is imported already, else right after its import. What `act` raises is
    swallowed: an import must not fail because of it."""
    module = sys.modules.get(name)
    if module is not None:
        _run(act, module)
        return
    _waiting.setdefault(name, []).append(act)
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


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
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader)  # pyright: ignore[reportAttributeAccessIssue]
                return spec
        return None


class _Loader:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def create_module(self, spec: Any) -> Any:
        return self._inner.create_module(spec)

    def exec_module(self, module: Any) -> None:
        self._inner.exec_module(module)
        # The module keeps the loader it would have without us.
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        module.__loader__ = self._inner
        for act in _waiting.pop(module.__name__, []):
            _run(act, module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
