"""Fixtures of the 3.x clients: a fresh experiment for each test, and a plain reader beside the client."""

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


@pytest.fixture(scope="session")
def rest(target: Target) -> Rest:
    return Rest(target.url)


@pytest.fixture
def experiment(rest: Rest) -> str:
    """The id of a new experiment, to be named where a trace is logged."""
    return rest.create_experiment(unique("python"))


@pytest.fixture
def active_experiment(tracking: str) -> str:
    """The id of a new experiment that is also the active one, into which decorated functions log.

    Takes about a second: the client empties its upload queue whenever the active experiment changes.
    """
    return str(mlflow.set_experiment(unique("python")).experiment_id)
