"""Servers that are away, crash or hang: nothing is lost, and the application does not notice.

`FANLIGHT_TEST_OUTAGE_SECONDS` and `FANLIGHT_TEST_OUTAGE_SPANS` make the outage as long, and the program as large, as
wanted: 60 and 100000 are the full form.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from server import Server, clean_environment, run_python

# The tests' own settings are taken out of the environment of the programs they run.
OUTAGE_SECONDS = float(os.environ.get("FANLIGHT_TEST_OUTAGE_SECONDS", "3"))
OUTAGE_SPANS = int(os.environ.get("FANLIGHT_TEST_OUTAGE_SPANS", "20000"))

PROGRAM = """
import json, sys, time, fanlight
spans, seconds = int(sys.argv[1]), float(sys.argv[2])
fanlight.set_experiment("outage")
made = 0
def work(count):
    global made
    for _ in range(count):
        with fanlight.start_span("root"):
            for _ in range(9):
                with fanlight.start_span("child") as child:
                    child.set_inputs({"number": made})
        made += 10
work(spans // 30)
print("kill", flush=True)
sys.stdin.readline()
# A third during the outage, evenly, and the last one when the server is back.
for _ in range(50):
    work(spans // 30 // 50)
    time.sleep(seconds / 50)
print("back", flush=True)
sys.stdin.readline()
work((spans - made) // 10)
fanlight.flush_trace_async_logging(timeout=120)
print(json.dumps({"made": made, **fanlight.stats()}), flush=True)
"""


def test_a_server_that_is_killed_gets_every_span_when_it_is_back(fresh_server: Server, tmp_path: Path) -> None:
    server = fresh_server
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(OUTAGE_SPANS), str(OUTAGE_SECONDS)],
        env={**clean_environment(), "FANLIGHT_SERVER": server.url, "FANLIGHT_SPOOL_DIR": str(tmp_path / "spool")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdin and program.stdout
    assert program.stdout.readline() == "kill\n"
    server.kill()
    program.stdin.write("\n")
    program.stdin.flush()
    time.sleep(OUTAGE_SECONDS)
    assert program.stdout.readline() == "back\n"
    server.start()
    program.stdin.write("\n")
    program.stdin.flush()
    printed, _ = program.communicate(timeout=180)
    assert program.returncode == 0
    stats = json.loads(printed)
    (destination,) = stats["destinations"]
    assert (stats["made"], stats["ended"], stats["dropped"]) == (OUTAGE_SPANS, OUTAGE_SPANS, 0)
    assert (destination["sent"], destination["failed"], destination["dropped"]) == (OUTAGE_SPANS, 0, 0)
    (counted,) = server.sql("SELECT count(*) AS spans, count(DISTINCT span_id) AS ids FROM spans")
    assert counted == {"spans": OUTAGE_SPANS, "ids": OUTAGE_SPANS}
    (traces,) = server.sql("SELECT count(*) AS traces FROM traces")
    assert traces == {"traces": OUTAGE_SPANS // 10}


def test_the_next_process_sends_what_the_last_one_could_not(fresh_server: Server, tmp_path: Path) -> None:
    server = fresh_server
    code = """
import fanlight
fanlight.set_experiment("spooled")
with fanlight.start_span("kept"):
    pass
"""
    spool = {"FANLIGHT_SPOOL_DIR": str(tmp_path / "spool"), "FANLIGHT_EXIT_TIMEOUT": "0.5"}
    server.stop()
    run_python(code, server.url, **spool)
    server.start()
    later = """
import fanlight, time
fanlight.trace(abs)(-1)
deadline = time.monotonic() + 30
while not fanlight.search_traces(experiment_names=["spooled"]) and time.monotonic() < deadline:
    time.sleep(0.1)
"""
    run_python(later, server.url, **spool)
    (found,) = server.sql("SELECT count(*) AS spans FROM spans WHERE name = 'kept'")
    assert found == {"spans": 1}


HUNG = """
import json, resource, fanlight
def waits():
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
@fanlight.trace
def work(number):
    return number
work(0)
before = waits()
for number in range(20_000):
    work(number)
print(json.dumps({"waits": waits() - before, **fanlight.stats()}))
"""


def test_a_server_that_hangs_does_not_slow_the_application() -> None:
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen()
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        printed = run_python(HUNG, url, FANLIGHT_EXIT_TIMEOUT="0.3", FANLIGHT_SPOOL_DIR="off")
    stats = json.loads(printed)
    # The server answers nothing, for ever: whoever waited for it would still do so.
    assert (stats["ended"], stats["dropped"], stats["destinations"][0]["sent"]) == (20_001, 0, 0)
    # Nor does the thread of the application wait for the one that sends: it gives up the processor now and then, when
    # both want the queue, and not once a span.
    assert stats["waits"] < 2_000
