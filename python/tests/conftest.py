"""A real server for all tests, an experiment of its own for each."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

for _name in [name for name in os.environ if name.startswith(("MLFLOW_", "OTEL_", "FANLIGHT_"))]:
    if _name != "FANLIGHT_BIN" and not _name.startswith("FANLIGHT_TEST_"):
        del os.environ[_name]
os.environ["FANLIGHT_SPOOL_DIR"] = "off"

import fanlight  # noqa: E402
import pytest  # noqa: E402

from server import REPOSITORY, Server  # noqa: E402


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


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """The address of the stand-in for model providers."""
    script = REPOSITORY / "tests/clients/python/support/fakellm.py"
    process = subprocess.Popen(
        [sys.executable, str(script), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+?:\d+", line)
    assert found, line
    yield found[0]
    process.terminate()
    process.communicate()
