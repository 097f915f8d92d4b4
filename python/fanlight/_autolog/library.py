"""Turning the integrations on and off."""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from .._imports import when_imported
from .calls import Wrapping, silent
from .errors import guard, log


@dataclass(frozen=True)
class Native:
    """Written here: `install` names a module of this package and its function."""

    module: str
    """What the application imports; the patches wait for it."""
    install: str = "install"
    source: str = ""
    is_optional: bool = False
    """Whether a version of the library without it is nothing to speak of."""

    def start(self, patches: Wrapping, library: str, is_asked_for: bool) -> None:
        source = importlib.import_module(f"fanlight._autolog.{self.source or library}")
        getattr(source, self.install)(patches)
        if not patches.names:
            say = log.debug if self.is_optional else log.warning
            say("this version of %s has nothing that autolog knows; it is not traced", self.module)


@dataclass(frozen=True)
class Instrumentor:
    """An OpenTelemetry instrumentor of somebody else, which the user installs."""

    module: str
    """What the application imports."""
    path: str
    """`package.module:Class` of the instrumentor."""
    package: str
    """What to install."""

    def start(self, patches: Wrapping, library: str, is_asked_for: bool) -> None:
        missing = next(
            (name for name in (self.path.partition(":")[0], "opentelemetry.sdk") if not is_there(name)), None
        )
        if missing is not None:
            say = log.warning if is_asked_for else log.debug
            say(
                "%s is traced with %s, which is not installed: pip install %s opentelemetry-sdk",
                library,
                self.package,
                self.package,
            )
            return
        from . import otel

        otel.instrument(self.path, patches)


@dataclass(frozen=True)
class Silence:
    """Methods that ask models, of a library whose instrumentor makes its spans elsewhere or later: the integrations of
    clients would count the same call once more."""

    module: str
    methods: tuple[str, ...]
    path: str
    """Of the instrumentor: unless it is started here, they shall be heard."""

    def start(self, patches: Wrapping, library: str, is_asked_for: bool) -> None:
        from . import otel

        for name in self.methods:
            patches.at(f"{self.module}:{name}", lambda method: silent(method, lambda: self.path in otel.started))


class Part(Protocol):
    """One way in."""

    @property
    def module(self) -> str: ...

    def start(self, patches: Wrapping, library: str, is_asked_for: bool) -> None: ...


class Library:
    """What `fanlight.<name>.autolog()` turns on."""

    def __init__(self, name: str, *parts: Part, is_for_all: bool = True) -> None:
        self.name = name
        self.parts = parts
        self.is_for_all = is_for_all
        """Whether `fanlight.autolog()` turns it on too."""
        self._lock = threading.RLock()
        self._undo: list[Callable[[], None]] = []

    @property
    def is_on(self) -> bool:
        return bool(self._undo)

    @property
    def modules(self) -> list[str]:
        return [part.module for part in self.parts]

    def enable(self, is_asked_for: bool) -> None:
        with self._lock:
            if self._undo:
                return
            for part in self.parts:
                self._enable(part, is_asked_for)
        if is_asked_for and not any(is_there(module.partition(".")[0]) for module in self.modules):
            log.warning("%s is not installed: there is nothing to trace yet", self.modules[0])

    def _enable(self, part: Part, is_asked_for: bool) -> None:
        patches = Wrapping()

        def start(module: Any) -> None:
            with guard(f"the start of autolog for {self.name}"):
                part.start(patches, self.name, is_asked_for)

        take_back = when_imported(part.module, start)
        self._undo += [take_back, patches.undo]

    def disable(self) -> None:
        with self._lock:
            undo, self._undo = self._undo, []
        for act in undo:
            with guard(f"the end of autolog for {self.name}"):
                act()


def is_there(module: str) -> bool:
    """Whether it could be imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return False
