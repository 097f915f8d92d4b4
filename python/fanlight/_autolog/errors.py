"""Faults of our own: never raised into the application, counted, and said once for each place."""

from __future__ import annotations

import logging
import threading
from types import TracebackType

log = logging.getLogger("fanlight.autolog")

_counts: dict[str, int] = {}
_lock = threading.Lock()


def report(where: str, error: BaseException) -> None:
    """Counts a fault; the first one of a place is logged, with its traceback at debug level."""
    with _lock:
        seen = _counts.get(where, 0)
        _counts[where] = seen + 1
    if seen == 0:
        log.warning("%s could not be recorded (%s: %s); said once", where, type(error).__name__, error)
        log.debug("where it happened", exc_info=error)


def faults() -> dict[str, int]:
    """How often autolog failed since the process began, by place."""
    with _lock:
        return dict(_counts)


class guard:
    """`with guard("openai"):` an exception in the block is reported, and the application goes on."""

    __slots__ = ("_where",)

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        report(self._where, error)
        return True
