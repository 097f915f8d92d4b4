"""Real libraries against a stand-in for the providers, read back from a real server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

for name in [name for name in os.environ if name.startswith(("MLFLOW_", "OTEL_", "FANLIGHT_T", "FANLIGHT_E"))]:
    del os.environ[name]
os.environ.update(
    NO_PROXY="127.0.0.1,localhost",
    OPENAI_API_KEY="x",
    ANTHROPIC_API_KEY="x",
    LANGSMITH_TRACING="false",
    LITELLM_LOCAL_MODEL_COST_MAP="True",
    HAYSTACK_TELEMETRY_ENABLED="False",
    DO_NOT_TRACK="true",
    FANLIGHT_SPOOL_DIR="off",
)
HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
# The stand-in, the server under test, and calls in a plain form are those of the client tests.
sys.path[:0] = [str(HERE), str(REPOSITORY / "tests/clients/python")]

import fanlight  # noqa: E402
import pytest  # noqa: E402
from fanlight import _autolog  # noqa: E402
from support.server import FanlightServer  # noqa: E402

# Failing assertions of the shared modules show their values too.
pytest.register_assert_rewrite("recorded", "conventions.calls")

from provider import Provider  # noqa: E402
from recorded import Recorded  # noqa: E402


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    binary = Path(os.environ.get("FANLIGHT_BIN") or REPOSITORY / "target/debug/fanlight")
    server = FanlightServer(binary, tmp_path_factory.mktemp("fanlight"))
    fanlight.set_tracking_uri(server.target.url)
    yield server.target.url
    fanlight.shutdown()
    server.stop()


@pytest.fixture(scope="session")
def the_provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.server.shutdown()


@pytest.fixture
def provider(the_provider: Provider) -> Provider:
    the_provider.forget()
    return the_provider


@pytest.fixture
def recorded(server_url: str) -> Recorded:
    return Recorded(server_url)


@pytest.fixture
def autolog() -> Iterator[Callable[..., None]]:
    """Turns libraries on for one test, and says when recording failed."""
    before = _autolog.faults()
    names: list[str] = []

    def turn_on(*libraries: str) -> None:
        names.extend(libraries)
        for name in libraries:
            _autolog.of(name)()

    yield turn_on
    for name in names:
        _autolog.of(name)(disable=True)
    assert _autolog.faults() == before
