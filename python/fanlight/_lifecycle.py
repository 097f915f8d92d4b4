"""From the first span to the last: what happens at exit, after a fork, and on request."""

from __future__ import annotations

import atexit
import os
import sys

from . import _core
from ._imports import when_imported

# `typing` takes longer to import than all of this package: only type checkers do.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# At exit, how long to send before the rest goes to the spool.
EXIT_SECONDS = 5.0


def _shut_down_at_exit() -> None:
    try:
        seconds = float(os.environ.get("FANLIGHT_EXIT_TIMEOUT", EXIT_SECONDS))
    except ValueError:
        seconds = EXIT_SECONDS
    _core.shut_down(seconds)


def _after_fork() -> None:
    _core.after_fork_in_child()
    # A child of `multiprocessing` ends without `atexit`, by its own list of things to do; that list is emptied before
    # the hooks that are registered here run.
    util: Any = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.register_after_fork(_core, _finish_child_of_multiprocessing)


def _finish_child_of_multiprocessing(_: Any) -> None:
    util: Any = sys.modules["multiprocessing.util"]
    util.Finalize(None, _shut_down_at_exit, exitpriority=-100)


atexit.register(_shut_down_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _shut_down_with_celery_worker(signals: Any) -> None:
    # Its prefork pool ends a worker with `os._exit`, and tells nobody but those who listen to this signal.
    def shut_down(**_: Any) -> None:
        _shut_down_at_exit()

    signals.worker_process_shutdown.connect(shut_down, weak=False)


when_imported("celery.signals", _shut_down_with_celery_worker)


def flush_trace_async_logging(terminate: bool = False, timeout: float = 30.0) -> None:
    """Waits until every span that has ended is acknowledged by every destination, at most `timeout` seconds.

    When that is not enough, a warning says why; nothing is lost by that. With `terminate`, nothing is recorded
    afterwards.
    """
    problem = _core.flush(timeout)
    if problem is not None:
        import warnings

        warnings.warn(f"fanlight: {problem}", RuntimeWarning, stacklevel=2)
    if terminate:
        _core.shut_down(timeout)


def shutdown(timeout: float = EXIT_SECONDS) -> None:
    """Sends what is here for at most `timeout` seconds; the rest goes to the spool. Nothing is recorded afterwards.

    Happens by itself when the process exits.
    """
    _core.shut_down(timeout)


def stats() -> dict[str, Any]:
    """Counts of spans since the start: `ended`, `sampled_out`, `dropped`, `queued`, and per destination `sent`,
    `failed` (refused for good), `dropped`, `waiting`, `spooled` and `last_error`."""
    return _core.stats()


# In a notebook, cells show the traces they made.
if "IPython" in sys.modules:
    from . import _notebook

    _notebook.enable()
