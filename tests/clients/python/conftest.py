"""What every client's tests share: the server under test, and its log next to a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# Before any client library is imported: they read these once.
for name in [name for name in os.environ if name.startswith(("MLFLOW_", "OTEL_", "DATABRICKS_"))]:
    del os.environ[name]
os.environ.update(
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",
    MLFLOW_HTTP_REQUEST_TIMEOUT="20",
    # Background uploads start at once, so that waiting for them is short.
    MLFLOW_ASYNC_TRACE_LOGGING_MAX_INTERVAL_MILLIS="20",
    MLFLOW_DISABLE_TELEMETRY="true",
    DO_NOT_TRACK="true",
    GIT_PYTHON_REFRESH="quiet",
    NO_PROXY="127.0.0.1,localhost",
)

import pytest  # noqa: E402

# Failing assertions of the shared modules show their values too.
pytest.register_assert_rewrite("support.otel_client", "support.rest", "support.v3_client")

from support.server import FanlightServer, Target  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[3]
REFERENCE_URL = os.environ.get("FANLIGHT_TEST_URL", "").rstrip("/")

_running: list[FanlightServer] = []


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A fresh Fanlight server, or the running reference server named by FANLIGHT_TEST_URL."""
    if REFERENCE_URL:
        yield Target(url=REFERENCE_URL, is_fanlight=False)
        return
    binary = Path(os.environ.get("FANLIGHT_BIN") or REPOSITORY / "target/debug/fanlight")
    server = FanlightServer(binary, tmp_path_factory.mktemp("fanlight"))
    _running.append(server)
    yield server.target
    _running.remove(server)
    server.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not REFERENCE_URL:
        return
    for item in items:
        for marker in ("fanlight_only", "reference_differs"):
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"{marker}, and this is a reference server"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if call.when == "setup":
        item.stash[_LOG_START] = _log_lengths.get(item.nodeid, 0)
    if report.failed and _running:
        report.sections.append(("server log", _running[-1].log(since=item.stash.get(_LOG_START, 0))))
    return report


_LOG_START = pytest.StashKey[int]()
_log_lengths: dict[str, int] = {}


def pytest_runtest_logstart(nodeid: str) -> None:
    """Remembers where the server log stood, so that a failure shows only what the test caused."""
    if _running:
        _log_lengths[nodeid] = _running[-1].log_length()
