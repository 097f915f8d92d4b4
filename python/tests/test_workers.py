"""Programs that serve with several processes: the trace of every request and task arrives, also of those that a worker
did right before it was replaced."""

from __future__ import annotations

import concurrent.futures
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server import Server, clean_environment, run_python

REQUESTS = 60


def arrived(server: Server, experiment: str) -> list[Any]:
    """Number, process, names of spans of each trace in an experiment."""
    code = f"""
import fanlight, json
found = fanlight.search_traces(experiment_names=[{experiment!r}], max_results=None, return_type="list")
print(json.dumps(sorted(
    [trace.info.tags["number"], trace.info.tags["process"], sorted(span.name for span in trace.data.spans)]
    for trace in found
)))
"""
    return json.loads(run_python(code, server.url))


@contextmanager
def running(*command: str, folder: Path, url: str, **env: str) -> Iterator[Path]:
    """A program in a folder of its own, stopped as its users would stop it. Gives the path of what it prints."""
    output = folder / "output"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env={**clean_environment(), "FANLIGHT_SERVER": url, "FANLIGHT_SPOOL_DIR": "off", **env},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield output
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                pytest.fail(output.read_text(errors="replace")[-3000:])


SITE = """
import os
from urllib.parse import parse_qs
import fanlight

fanlight.set_experiment(os.environ["EXPERIMENT"])
# When the application is loaded before the fork, the tracer runs there already.
with fanlight.start_span("loaded"):
    fanlight.update_current_trace(tags={"number": "-1", "process": "-1"})

@fanlight.trace
def work(number):
    return number * 2

@fanlight.trace
def handle(number):
    fanlight.update_current_trace(tags={"number": number, "process": os.getpid()})
    return work(number)

def site(environ, start_response):
    number = int(parse_qs(environ["QUERY_STRING"])["number"][0])
    body = str(handle(number)).encode()
    start_response("200 OK", [("content-type", "text/plain"), ("content-length", str(len(body)))])
    return [body]
"""


@pytest.mark.parametrize(
    "options",
    [
        ["--worker-class", "sync", "--max-requests", "7"],
        ["--worker-class", "sync", "--max-requests", "7", "--preload"],
        ["--worker-class", "gthread", "--threads", "4", "--max-requests", "7"],
        ["--worker-class", "gthread", "--threads", "4", "--preload"],
    ],
    ids=["prefork", "prefork-preload", "gthread", "gthread-preload"],
)
def test_gunicorn(server: Server, experiment: str, tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "web.py").write_text(SITE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"

    def ask(number: int) -> int:
        # A worker that is being replaced may close a connection before it reads from it.
        for _ in range(50):
            try:
                with urllib.request.urlopen(f"http://{address}/?number={number}", timeout=20) as reply:
                    return int(reply.read())
            except OSError:
                time.sleep(0.2)
        raise AssertionError(f"request {number} has no answer")

    command = ["gunicorn", "web:site", "--bind", address, "--workers", "2", *options]
    with running(*command, folder=tmp_path, url=server.url, EXPERIMENT=experiment) as output:
        assert ask(0) == 0, output.read_text()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert list(pool.map(ask, range(1, REQUESTS))) == [number * 2 for number in range(1, REQUESTS)]
    found = [each for each in arrived(server, experiment) if each[0] != "-1"]
    assert {each[0] for each in found} == {str(number) for number in range(REQUESTS)}
    assert all(names == ["handle", "work"] for _, _, names in found)
    processes = {each[1] for each in found}
    assert len(processes) >= (5 if "--max-requests" in options else 1)


TASKS = """
import os
import celery, fanlight

fanlight.set_experiment(os.environ["EXPERIMENT"])
app = celery.Celery("tasks", broker="filesystem://", backend="file://" + os.path.abspath("results"))
app.conf.broker_transport_options = {
    "data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control", "store_processed": False,
}
app.conf.broker_connection_retry_on_startup = True

@fanlight.trace
def work(number):
    return number * 2

@app.task
@fanlight.trace
def handle(number):
    fanlight.update_current_trace(tags={"number": number, "process": os.getpid()})
    return work(number)
"""

ASK = """
import tasks
asked = [tasks.handle.delay(number) for number in range(%d)]
assert [each.get(timeout=90) for each in asked] == [number * 2 for number in range(%d)]
"""


def test_celery_replaces_its_workers(server: Server, experiment: str, tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    for name in ("queue", "control", "results"):
        (tmp_path / name).mkdir()
    tasks = 20
    worker = ["celery", "-A", "tasks", "worker", "-P", "prefork", "-c", "2", "--max-tasks-per-child", "3"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with running(*worker, *quiet, folder=tmp_path, url=server.url, EXPERIMENT=experiment) as output:
        done = subprocess.run(
            [sys.executable, "-c", ASK % (tasks, tasks)],
            cwd=tmp_path,
            env={**clean_environment(), "EXPERIMENT": experiment, "FANLIGHT_DISABLED": "true"},
            capture_output=True,
            text=True,
            timeout=150,
        )
        assert done.returncode == 0, done.stderr[-2000:] + output.read_text(errors="replace")[-2000:]
    found = arrived(server, experiment)
    assert {each[0] for each in found} == {str(number) for number in range(tasks)}
    assert all(names == ["handle", "work"] for _, _, names in found)
    assert len({each[1] for each in found}) >= tasks // 3
