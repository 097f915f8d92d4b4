"""Fixtures of the OpenTelemetry tests: a reader, and an experiment to send to."""

from __future__ import annotations

import pytest

from support.rest import Rest, unique
from support.server import Target


@pytest.fixture(scope="session")
def rest(target: Target) -> Rest:
    return Rest(target.url)


@pytest.fixture
def experiment(rest: Rest) -> str:
    return rest.create_experiment(unique("otel"))
