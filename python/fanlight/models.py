"""What code written for MLflow's models imports; only settings and wrapping are real here."""

from __future__ import annotations

import json
import os
from typing import Any


class ModelConfig:
    """Settings of an agent, from a dict or from a JSON or YAML file: `config.get("temperature")`."""

    def __init__(self, *, development_config: str | os.PathLike[str] | dict[str, Any] | None = None) -> None:
        if development_config is None or isinstance(development_config, dict):
            self.config: dict[str, Any] = development_config or {}
            return
        with open(development_config, encoding="utf-8") as file:
            text = file.read()
        try:
            self.config = json.loads(text)
        except ValueError:
            import yaml  # pyright: ignore[reportMissingModuleSource]

            self.config = yaml.safe_load(text)

    def get(self, key: str) -> Any:
        """Raises `KeyError` when it is not set."""
        if key not in self.config:
            raise KeyError(f"the configuration has no {key!r}")
        return self.config[key]

    def to_dict(self) -> dict[str, Any]:
        return dict(self.config)


_model: Any = None


def set_model(model: Any) -> None:
    """Remembers the model of a script, for `get_model`."""
    global _model
    _model = model


def get_model() -> Any:
    return _model
