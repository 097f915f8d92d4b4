"""Experiments, and the runs in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from ._wire import Json, list_of, texts


class ViewType:
    ACTIVE_ONLY, DELETED_ONLY, ALL = 1, 2, 3


class RunStatus:
    RUNNING, SCHEDULED, FINISHED, FAILED, KILLED = "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"


class Experiment:
    """An experiment. One that was only named so far is looked up, or made, when more than the name is asked for."""

    def __init__(
        self,
        experiment_id: str | None,
        name: str,
        artifact_location: str | None = None,
        lifecycle_stage: str = "active",
        tags: dict[str, str] | None = None,
        creation_time: int | None = None,
        last_update_time: int | None = None,
    ) -> None:
        self._id = experiment_id
        self.name = name
        self.artifact_location = artifact_location
        self.lifecycle_stage = lifecycle_stage
        self.tags: dict[str, str] = tags or {}
        self.creation_time = creation_time
        self.last_update_time = last_update_time

    @property
    def experiment_id(self) -> str:
        if self._id is None:
            from .._experiments import id_of_name

            self._id = id_of_name(self.name)
        return self._id

    def __repr__(self) -> str:
        return f"Experiment(name={self.name!r}, experiment_id={self._id!r})"


@dataclass
class Metric:
    key: str
    value: float
    timestamp: int = 0
    step: int = 0


@dataclass
class Param:
    key: str
    value: str


@dataclass
class RunInfo:
    run_id: str
    experiment_id: str
    run_name: str | None = None
    status: str = "RUNNING"
    start_time: int | None = None
    end_time: int | None = None
    artifact_uri: str | None = None
    lifecycle_stage: str = "active"
    user_id: str | None = None

    @property
    def run_uuid(self) -> str:
        return self.run_id


@dataclass
class RunData:
    metrics: dict[str, float] = field(default_factory=lambda: cast("dict[str, float]", {}))
    params: dict[str, str] = field(default_factory=lambda: cast("dict[str, str]", {}))
    tags: dict[str, str] = field(default_factory=lambda: cast("dict[str, str]", {}))


class Run:
    """A run: `info.run_id`, and `data` with metrics, params and tags."""

    def __init__(self, info: RunInfo, data: RunData | None = None) -> None:
        self.info = info
        self.data = data or RunData()

    @classmethod
    def from_dict(cls, data: Json) -> Run:
        names = RunInfo.__dataclass_fields__
        info = RunInfo(**{key: value for key, value in data["info"].items() if key in names})
        found: Json = data.get("data") or {}
        return cls(
            info,
            RunData(
                {entry["key"]: entry["value"] for entry in list_of(found.get("metrics"))},
                texts(found.get("params") or []),
                texts(found.get("tags") or []),
            ),
        )

    def __repr__(self) -> str:
        return f"Run(run_id={self.info.run_id!r}, status={self.info.status!r})"
