"""Autolog: traces of what libraries do, without a change of the application.

Start reading at `table.py`, which lists the libraries; `library.py` turns one on. Native integrations patch what
`patching.py` finds, make spans with `calls.py` (functions), `streams.py` (answers in pieces) and `stainless.py`
(clients of OpenAI's kind), or are told by a library's own callbacks. All others come through `otel.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from .errors import faults
from .table import LIBRARIES

__all__ = ["Autolog", "autolog", "faults", "of"]


class Autolog(Protocol):
    """`fanlight.<library>.autolog`."""

    def __call__(self, disable: bool = False, *, log_traces: bool = True, silent: bool = False, **others: Any) -> None:
        """Traces what the library does from now on; with `disable=True`, no more.

        The library may be imported before or after, or not be there at all. Other arguments of MLflow's functions are
        accepted and have no effect here.
        """
        ...


def of(name: str) -> Autolog:
    """The `autolog` of one library."""
    library = LIBRARIES[name]

    def autolog(disable: bool = False, *, log_traces: bool = True, silent: bool = False, **others: Any) -> None:
        if disable or not log_traces:
            library.disable()
        else:
            library.enable(is_asked_for=not silent)

    autolog.__doc__ = Autolog.__call__.__doc__
    autolog.__module__ = f"fanlight.{name}"
    return autolog


def autolog(
    disable: bool = False,
    *,
    log_traces: bool = True,
    exclude: Collection[str] = (),
    exclude_flavors: Collection[str] | None = None,
    **others: Any,
) -> None:
    """Traces every library that Fanlight knows, as soon as the application imports it.

    `exclude` names libraries to leave alone; MLflow calls it `exclude_flavors`. Libraries that need an instrumentor are
    traced when it is installed. Other arguments of MLflow's function are accepted and have no effect here.
    """
    left_alone = {*exclude, *(exclude_flavors or ())}
    for library in LIBRARIES.values():
        if disable or not log_traces:
            library.disable()
        elif library.is_for_all and library.name not in left_alone:
            library.enable(is_asked_for=False)
