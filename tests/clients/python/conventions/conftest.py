"""A stand-in for the providers, and programs that talk to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from support import fakellm
from support.server import Target

PROGRAMS = Path(__file__).parent / "programs"
# Content is off by default in the conventions' own instrumentation, and so is its newest form.
CONTENT = {
    "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY",
}


class Programs:
    """Runs programs against one server; knows what the models were asked meanwhile."""

    def __init__(self, target: Target, models_url: str) -> None:
        self.url = target.url
        self._models_url = models_url

    def run(self, program: str, instrumentation: str) -> list[dict]:
        """Answers the requests that reached the models: path and body."""
        requests.post(f"{self._models_url}/_reset", timeout=10).raise_for_status()
        environment = {
            **os.environ,
            **CONTENT,
            "FANLIGHT_URL": self.url,
            "FAKELLM_URL": self._models_url,
            "EXPERIMENT": self.experiment(program, instrumentation),
        }
        done = subprocess.run(
            [sys.executable, str(PROGRAMS / "run.py"), program, instrumentation],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return requests.get(f"{self._models_url}/_requests", timeout=10).json()

    @staticmethod
    def experiment(program: str, instrumentation: str) -> str:
        return f"{program}-{instrumentation}"


@pytest.fixture(scope="session")
def programs(target: Target) -> Iterator[Programs]:
    server = fakellm.serve()
    yield Programs(target, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
