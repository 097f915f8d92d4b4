"""Fixtures of the 2.x clients, which log whole traces as a file and know nothing of OTLP."""

from __future__ import annotations

import mlflow
import pytest

from support.rest import Rest, unique
from support.server import Target


@pytest.fixture(scope="session", autouse=True)
def tracking(target: Target) -> str:
    """Points the client at the server under test."""
    mlflow.set_tracking_uri(target.url)
    return target.url


@pytest.fixture
def experiment() -> str:
    """The id of a new experiment, which is also the active one."""
    return str(mlflow.set_experiment(unique("python2")).experiment_id)


@pytest.fixture(scope="session")
def rest(target: Target) -> Rest:
    return Rest(target.url)
