"""A real server for all tests, an experiment of its own for each."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

for _name in [name for name in os.environ if name.startswith(("MLFLOW_", "OTEL_", "FANLIGHT_"))]:
    if _name != "FANLIGHT_BIN" and not _name.startswith("FANLIGHT_TEST_"):
        del os.environ[_name]
os.environ["FANLIGHT_SPOOL_DIR"] = "off"

import fanlight  # noqa: E402
import pytest  # noqa: E402

from server import Server  # noqa: E402


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("fanlight"))
    fanlight.set_tracking_uri(server.url)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def experiment(server: Server, request: pytest.FixtureRequest) -> str:
    name = f"{request.node.name[:60]}-{uuid.uuid4().hex[:8]}"
    fanlight.set_experiment(name)
    return name


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    """One that a test may stop and start."""
    server = Server(tmp_path)
    yield server
    server.stop()
