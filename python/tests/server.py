"""Starts and stops the server binary, and the stand-in for model providers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
GREETING = re.compile(r"Open +(http://\S+)")


class Server:
    """One server on free ports of the loopback interface. `start` again keeps the data and the port."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = "0"
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        binary = os.environ.get("FANLIGHT_BIN") or str(REPOSITORY / "target/debug/fanlight")
        path = self.directory / f"server-{time.monotonic_ns()}.log"
        with path.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    binary,
                    "server",
                    "--host", "127.0.0.1",
                    "--port", self.port,
                    "--otlp-http-port", "0",
                    "--otlp-grpc-port", "0",
                    "--data-dir", str(self.directory / "data"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if found := GREETING.search(path.read_text(errors="replace")):
                self.url = found[1]
                self.port = self.url.rsplit(":", 1)[1]
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the server did not start\n{path.read_text(errors='replace')[-5000:]}")

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


    def kill(self) -> None:
        """Ends it at once, as a crash does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def sql(self, query: str) -> list[dict[str, Any]]:
        """Rows of a question in SQL."""
        body = json.dumps({"query": query, "format": "jsonl"}).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/sql", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return [json.loads(line) for line in reply.read().splitlines()]


def run_python(code: str, url: str, *arguments: str, timeout: float = 60, **env: str) -> str:
    """Runs a program in a process of its own and answers what it prints. Fails when that fails."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**clean_environment(), "FANLIGHT_SERVER": url, **env},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def clean_environment() -> dict[str, str]:
    prefixes = ("MLFLOW_", "OTEL_", "FANLIGHT_")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
