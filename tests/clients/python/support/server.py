"""Starts and stops the Fanlight binary for a test session."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 20
# Printed once the server listens.
GREETING = re.compile(r"Open +(http://\S+)\n +OTLP +(http://\S+) \(HTTP\), http://(\S+) \(gRPC\)\n")


@dataclass(frozen=True)
class Target:
    """The server under test. The two extra OTLP addresses exist on Fanlight only."""

    url: str
    is_fanlight: bool
    otlp_http_url: str = ""
    otlp_grpc_address: str = ""


class FanlightServer:
    """One server process on free ports of the loopback interface, with its own empty data directory."""

    def __init__(self, binary: Path, directory: Path, *flags: str) -> None:
        self.log_path = directory / "server.log"
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    str(binary),
                    "server",
                    "--host", "127.0.0.1",
                    "--port", "0",
                    "--otlp-http-port", "0",
                    "--otlp-grpc-port", "0",
                    "--data-dir", str(directory / "data"),
                    *flags,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.target = self._wait_for_greeting()

    def _wait_for_greeting(self) -> Target:
        """The addresses the server chose. Ports looked for beforehand could be another program's by now."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if found := GREETING.search(self.log()):
                url, otlp_http, otlp_grpc = found.groups()
                return Target(url=url, is_fanlight=True, otlp_http_url=otlp_http, otlp_grpc_address=otlp_grpc)
            try:
                # Pauses between two looks, and notices at once when the process has died.
                code = self._process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
            raise RuntimeError(f"the server ended with code {code} while starting\n{self.log()}")
        self._process.kill()
        self._process.wait()
        raise RuntimeError(f"the server did not greet within {START_SECONDS} s\n{self.log()}")

    def stop(self) -> None:
        """Asks the server to end; fails when it does not, or when it had ended by itself before."""
        if (code := self._process.poll()) is not None:
            raise RuntimeError(f"the server ended during the tests with code {code}\n{self.log()}")
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise RuntimeError(f"the server ignored SIGTERM for {STOP_SECONDS} s\n{self.log()}") from None

    def log(self, since: int = 0) -> str:
        """The server's output from byte `since` on, at most its last 20,000 characters."""
        return self.log_path.read_bytes()[since:].decode(errors="replace")[-20_000:]

    def log_length(self) -> int:
        return self.log_path.stat().st_size
