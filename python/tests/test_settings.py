"""Where spans go, and what is sent with them."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from server import Server, run_python


class Receiver:
    """Takes any request, and keeps its path and headers."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def headers_of(self, path: str) -> dict[str, str]:
        (headers, *_) = [headers for requested, headers in self.requests if requested == path]
        return headers


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


ONE = "import fanlight\nfanlight.trace(abs)(-1)\nfanlight.search_traces(experiment_ids=['1'])\n"
READ = "/api/3.0/mlflow/traces/search"


@pytest.mark.parametrize(
    ("env", "header", "value"),
    [
        ({"MLFLOW_TRACKING_TOKEN": "t1"}, "authorization", "Bearer t1"),
        ({"FANLIGHT_TOKEN": "t2"}, "authorization", "Bearer t2"),
        (
            {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "pä:ss"},
            "authorization",
            "Basic " + base64.b64encode("ann:pä:ss".encode()).decode(),
        ),
        ({"MLFLOW_TRACKING_TOKEN": "t", "MLFLOW_TRACKING_USERNAME": "ann"}, "authorization", "Bearer t"),
        ({"FANLIGHT_HEADERS": "x-team=search,x-a=b%20c"}, "x-team", "search"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "x-team=otel"}, "x-team", "otel"),
        ({"MLFLOW_WORKSPACE": "shop"}, "x-mlflow-workspace", "shop"),
        ({"FANLIGHT_WORKSPACE": "store", "MLFLOW_WORKSPACE": "shop"}, "x-mlflow-workspace", "store"),
    ],
)
def test_the_environment_says_what_is_sent(receiver: Receiver, env: dict[str, str], header: str, value: str) -> None:
    run_python(ONE, receiver.url, FANLIGHT_SPOOL_DIR="off", **env)
    assert receiver.headers_of("/v1/traces")[header] == value
    assert receiver.headers_of(READ)[header] == value


def test_so_does_the_program(receiver: Receiver) -> None:
    said = """
fanlight.set_token("secret")
fanlight.set_workspace("shop")
fanlight.set_headers({"x-team": "search"})
assert fanlight.get_workspace() == "shop"
"""
    run_python(ONE.replace("\n", said, 1), receiver.url, FANLIGHT_SPOOL_DIR="off", MLFLOW_TRACKING_TOKEN="other")
    for path in ("/v1/traces", READ):
        headers = receiver.headers_of(path)
        expected = {"authorization": "Bearer secret", "x-mlflow-workspace": "shop", "x-team": "search"}
        assert expected.items() <= headers.items()


def test_spans_go_to_several_receivers(server: Server, fresh_server: Server, receiver: Receiver, experiment: str) -> None:
    code = f"""
import fanlight, json
fanlight.set_experiment({experiment!r})
fanlight.add_exporter("{fresh_server.url}/v1/traces")
fanlight.add_exporter("{receiver.url}/v1/traces", {{"x-api-key": "k"}})
for _ in range(3):
    with fanlight.start_span("everywhere"):
        pass
fanlight.flush_trace_async_logging()
print(json.dumps(fanlight.stats()))
"""
    stats = json.loads(run_python(code, server.url, FANLIGHT_SPOOL_DIR="off", FANLIGHT_TOKEN="of the first"))
    assert [each["sent"] for each in stats["destinations"]] == [3, 3, 3]
    for each in (server, fresh_server):
        (found,) = each.sql("SELECT count(*) AS spans FROM spans WHERE name = 'everywhere'")
        assert found == {"spans": 3}
    headers = receiver.headers_of("/v1/traces")
    assert headers["x-api-key"] == "k"
    # A token is for the server it was said for.
    assert "authorization" not in headers


def test_another_address_ends_what_served_the_one_before(server: Server, fresh_server: Server) -> None:
    code = f"""
import fanlight, os, time

def threads():
    names = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{{task}}/comm") as comm:
                names.append(comm.read().strip())
        except FileNotFoundError:
            pass
    return sorted(name for name in names if name.startswith("fanlight"))

with fanlight.start_span("across") as span:
    for _ in range(3):
        fanlight.set_tracking_uri({fresh_server.url!r})
        fanlight.trace(abs)(-1)
        fanlight.set_tracking_uri({server.url!r})
        fanlight.trace(abs)(-1)
assert fanlight.stats()["ended"] == 7
# A span belongs to the tracer it was started with, as long as somebody has it.
del span
deadline = time.monotonic() + 60
while len(threads()) > 2 and time.monotonic() < deadline:
    time.sleep(0.1)
assert len(threads()) == 2, threads()
fanlight.flush_trace_async_logging()
stats = fanlight.stats()
assert (stats["ended"], stats["dropped"], sum(each["sent"] for each in stats["destinations"])) == (7, 0, 7), stats
"""
    run_python(code, server.url, FANLIGHT_SPOOL_DIR="off", timeout=120)
