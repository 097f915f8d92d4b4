"""Starts, forks and exits: nothing is lost, and the application does not notice."""

from __future__ import annotations

import json
import re

import fanlight

from server import Server, run_python


def names_of(server: Server, experiment: str) -> list[str]:
    """Names of the spans in an experiment, as the server has them."""
    code = f"""
import fanlight, json
found = fanlight.search_traces(experiment_names=[{experiment!r}], max_results=None, return_type="list")
print(json.dumps(sorted(span.name for trace in found for span in trace.data.spans)))
"""
    return json.loads(run_python(code, server.url))


def test_a_process_that_exits_right_after_its_last_span_loses_none(server: Server, experiment: str) -> None:
    code = """
import sys, fanlight
fanlight.set_experiment(sys.argv[1])
for i in range(500):
    with fanlight.start_span(f"s{i % 10}"):
        pass
"""
    run_python(code, server.url, experiment)
    assert len(names_of(server, experiment)) == 500


def test_so_does_one_that_raises(server: Server, experiment: str) -> None:
    code = """
import sys, fanlight
fanlight.set_experiment(sys.argv[1])
with fanlight.start_span("last"):
    pass
sys.exit(0)
"""
    run_python(code, server.url, experiment)
    assert names_of(server, experiment) == ["last"]


def test_children_of_a_fork_send_their_own_spans(server: Server, experiment: str) -> None:
    code = """
import os, sys, fanlight
fanlight.set_experiment(sys.argv[1])
with fanlight.start_span("before"):
    pass
with fanlight.start_span("parent"):
    pid = os.fork()
    if pid == 0:
        with fanlight.start_span("child"):
            pass
        fanlight.flush_trace_async_logging()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
"""
    run_python(code, server.url, experiment)
    assert names_of(server, experiment) == ["before", "child", "parent"]


def test_a_child_reads_the_environment_when_it_needs_it(server: Server, experiment: str) -> None:
    code = """
import os, sys, fanlight
address = os.environ.pop("FANLIGHT_SERVER")
pid = os.fork()
if pid == 0:
    os.environ["FANLIGHT_SERVER"] = address
    os.environ["FANLIGHT_EXPERIMENT"] = sys.argv[1]
    with fanlight.start_span("child"):
        pass
    fanlight.shutdown()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
"""
    run_python(code, server.url, experiment)
    assert names_of(server, experiment) == ["child"]


def test_so_do_those_of_multiprocessing(server: Server, experiment: str) -> None:
    code = """
import multiprocessing, sys, fanlight
def work(i):
    with fanlight.start_span(f"child{i}"):
        pass
if __name__ == "__main__":
    fanlight.set_experiment(sys.argv[1])
    with fanlight.start_span("parent"):
        pass
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=work, args=(i,)) for i in range(3)]
    [child.start() for child in children]
    [child.join() for child in children]
"""
    run_python(code, server.url, experiment)
    assert names_of(server, experiment) == ["child0", "child1", "child2", "parent"]


def test_figures_add_up() -> None:
    fanlight.trace(abs)(-1)
    fanlight.flush_trace_async_logging()
    before = fanlight.stats()
    with fanlight.start_span("one"):
        pass
    fanlight.flush_trace_async_logging()
    after = fanlight.stats()
    assert after["ended"] == before["ended"] + 1
    assert after["queued"] == 0
    assert after["destinations"][0]["sent"] == before["destinations"][0]["sent"] + 1


def test_a_wrong_setting_is_said_and_turns_tracing_off(server: Server) -> None:
    code = """
import warnings, fanlight
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with fanlight.start_span("s") as span:
        assert span.span_id is None
print(caught[0].message)
"""
    assert "FANLIGHT_SAMPLING_RATIO" in run_python(code, server.url, FANLIGHT_SAMPLING_RATIO="2")


def test_importing_takes_little() -> None:
    code = """
import sys
before = set(sys.modules)
import fanlight
heavy = {"typing", "functools", "inspect", "asyncio", "json", "dataclasses", "urllib", "http", "logging", "fanlight.entities"}
assert not heavy & (set(sys.modules) - before), heavy & set(sys.modules)
"""
    run_python(code, "http://127.0.0.1:9")


def test_code_that_imports_mlflow_gets_fanlight(server: Server, experiment: str) -> None:
    code = """
import sys, fanlight
fanlight.install_as_mlflow()
import mlflow
import mlflow.tracing.distributed
from mlflow.entities import SpanType
from mlflow.entities.span import SpanEvent
from mlflow.tracking import MlflowClient
from mlflow.pyfunc import ChatAgent
mlflow.set_experiment(sys.argv[1])
@mlflow.trace(span_type=SpanType.TOOL)
def f(): return 1
f()
assert MlflowClient is fanlight.MlflowClient
assert mlflow.get_last_active_trace().data.spans[0].span_type == "TOOL"
try:
    import mlflow.nothing_of_the_kind
except ImportError:
    pass
else:
    raise AssertionError
"""
    run_python(code, server.url, experiment)


def test_a_subinterpreter_is_refused_clearly(server: Server) -> None:
    code = """
import fanlight
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
other = interpreters.create()
said = "nothing"
try:
    problem = interpreters.run_string(other, "import fanlight")
    said = getattr(problem, "formatted", None) or said
except Exception as error:
    said = str(error)
interpreters.destroy(other)
with fanlight.start_span("still works"):
    pass
print(said)
"""
    # Ours, or from 3.12 on that of Python itself.
    assert re.search("does not (work|support loading) in subinterpreters", run_python(code, server.url))
