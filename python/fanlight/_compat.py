"""`import mlflow` served by this package, for code that cannot be edited."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

# Modules of MLflow whose names are elsewhere here.
_ELSEWHERE = {
    "mlflow": "fanlight",
    "mlflow.client": "fanlight.client",
    "mlflow.tracking.client": "fanlight.client",
    "mlflow.tracking.fluent": "fanlight",
    "mlflow.tracing.fluent": "fanlight",
    "mlflow.tracing.config": "fanlight.config",
    "mlflow.tracing.provider": "fanlight.tracing",
    "mlflow.tracing.display": "fanlight.tracing",
    "mlflow.pyfunc.model": "fanlight.pyfunc",
    "mlflow.models.model_config": "fanlight.models",
}


class MlflowPresentError(ImportError):
    """MLflow itself is imported already."""


class _Finder:
    """Answers imports of `mlflow` and everything below it."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != "mlflow" and not fullname.startswith("mlflow."):
            return None
        from importlib.machinery import ModuleSpec

        home = _home(fullname)
        if home is None:
            return None
        return ModuleSpec(fullname, _Loader(home), is_package=True)  # type: ignore[arg-type]


def _home(fullname: str) -> str | None:
    if fullname in _ELSEWHERE:
        return _ELSEWHERE[fullname]
    if fullname.startswith("mlflow.entities."):
        return "fanlight.entities"
    own = "fanlight" + fullname[len("mlflow") :]
    try:
        return own if importlib.util.find_spec(own) is not None else None
    except (ImportError, ValueError):
        return None


class _Loader:
    def __init__(self, home: str) -> None:
        self.home = home

    def create_module(self, spec: Any) -> ModuleType:
        home = importlib.import_module(self.home)
        module = _Mirror(spec.name, home.__doc__)
        module.__dict__["_fanlight_home"] = home
        return module

    def exec_module(self, module: ModuleType) -> None:
        pass


class _Mirror(ModuleType):
    """A module that has what another one has, also what that gets later."""

    def __getattr__(self, name: str) -> Any:
        home = self.__dict__.get("_fanlight_home")
        if home is None:
            raise AttributeError(name)
        return getattr(home, name)

    def __dir__(self) -> list[str]:
        return dir(self.__dict__["_fanlight_home"])


def install_as_mlflow(force: bool = False) -> None:
    """From now on `import mlflow` gives this package, also to other libraries, whether MLflow is installed or not.

    Call it before anything imports `mlflow`. Raises `ImportError` when MLflow itself is imported already; with
    `force` it is replaced for imports to come.
    """
    present = sys.modules.get("mlflow")
    if present is not None and not isinstance(present, _Mirror):
        if not force:
            raise MlflowPresentError("mlflow is imported already; call install_as_mlflow() before, or say force=True")
        for name in [name for name in sys.modules if name == "mlflow" or name.startswith("mlflow.")]:
            del sys.modules[name]
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())  # type: ignore[arg-type]


def uninstall_as_mlflow() -> None:
    """Undoes `install_as_mlflow` for imports to come."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    for name in [name for name, module in sys.modules.items() if isinstance(module, _Mirror)]:
        del sys.modules[name]
