"""The same program, under MLflow itself and under Fanlight, leaves the same traces on the server: names, types,
parents, order, inputs, outputs, attributes and status of the spans, tags, session and user of the trace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fanlight
import pytest
from fanlight.entities import Span, Trace

from server import Server
from statements import Runner, is_installed
from test_snippets import NEEDS

HERE = Path(__file__).parent
PROGRAMS = sorted(HERE.glob("programs/*.py"))
GUIDES = sorted(HERE.glob("snippets/s[0-9]*.py"))

# What a program needs that may not be installed.
LIBRARIES = {
    "autolog_openai": ["openai"],
    "autolog_anthropic": ["anthropic"],
    "autolog_langchain": ["langchain_openai"],
    "autolog_langgraph": ["langgraph", "langchain_openai"],
}
# MLflow runs a part of it only: its `ChatAgent` takes no list of messages, and messages of its agent's state have no
# `tool_calls`, so that the agent never calls its tool. What Fanlight makes of it is looked at in test_snippets.py.
OTHER_PROGRAMS = {"s2a_agent"}
# Deletes what it makes.
WITHOUT_TRACES = {"s3e_client"}

# Where Fanlight means to differ. Everywhere:
MEANT = [
    # Fields that nobody set are not written.
    r": '\(none\)' is None under MLflow$",
    # What is different in every run.
    r"\.id: '(lc_run-|[0-9a-f-]{36}')",
    r"\.metadata\.(langgraph_)?checkpoint_ns: '\w+:[0-9a-f-]{36}'",
    # MLflow has an event for each item of a stream, and does not say what function made it.
    r"\.events: \[\] is \['mlflow\.chunk\.item\.0'",
    r"\.mlflow\.spanFunctionName: '(count|speak|stream)' is '\(none\)'",
    # A text that looks like JSON is a text.
    r"""\.outputs: '(\{"json": 1\}|\[1, 2\]|"quoted")' is """,
    # What pydantic's own JSON says of a time.
    r"\.at: '2024-01-02T03:04:05' is '2024-01-02 03:04:05'",
    # What is known beyond: when a stream began, why a model stopped, what a chat model's answer says of its tokens.
    r"\.gen_ai\.response\.time_to_first_chunk: [0-9.]+ is '\(none\)'",
    r"\.finish_reason: '\w+' is None",
    r"\.mlflow\.chat\.tokenUsage\.\w+: 0 is '\(none\)'",
    r"\.mlflow\.chat\.tokenUsage\.cache_creation_input_tokens_above_1hr: '\(none\)' is 0",
    r"\.outputs\.(usage\.\w+_details|service_tier|system_fingerprint|choices\[0\]\.message\.annotations): .* is '\(none\)'",
    r"\.inputs\.messages\[\d+\]\.name: '\w+' is '\(none\)'",
    r"\.mlflow\.tool\.function_name: '\w+' is '\(none\)'",
]
# Of OpenAI's and Anthropic's clients what is sent is recorded: parameters of all calls as attributes, tools as
# `mlflow.chat.tools`, a model of an answer as its schema, and of vectors how long they are.
MEANT += [
    r"\.attributes\.(model|max_tokens|system): .* is '\(none\)'",
    r"\.attributes\.tools: '\(none\)' is \[",
    r"\.response_format: \{'type': 'json_schema'.* is \"<class '__main__\.Answer'>\"",
    r"\.(inputs|attributes)\.(stream: False|encoding_format: 'base64') is '\(none\)'",
    r"\.outputs\.data\[\d\]\.(embedding: '\(none\)' is \[|dimensions: 8 is '\(none\)')",
]
# LangChain tells tags of its own to the steps of a chain, and its callbacks options that say nothing. A step that reads
# the stream of another one is beside that, not below it.
MEANT += [
    r"\.attributes\.tags: \['(seq:step|map:key|graph:step):\w+'\] is '\(none\)'",
    r"\.attributes\.(options|batch_size|color|defers_inputs): '\(none\)' is ",
    r"\.children: \[\{'name': 'ChatPromptTemplate'.*'Stream!'",
]
# MLflow has no masking of personal data to turn on, which a guide does.
MEANT += [r"\[EMAIL\].*a@example\.com"]


Runners = dict[str, Runner]


@pytest.fixture(scope="module")
def runners(provider: str) -> Iterator[Runners]:
    if not is_installed("mlflow.tracing"):
        pytest.skip("MLflow is not installed")
    libraries = "openai anthropic langchain_openai langgraph.prebuilt"
    runners = {module: Runner(module, provider, libraries) for module in ("fanlight", "mlflow")}
    yield runners
    for runner in runners.values():
        runner.stop()


@pytest.mark.parametrize("path", [*PROGRAMS, *GUIDES], ids=lambda path: path.stem)
def test_both_leave_the_same_traces(path: Path, runners: Runners, tmp_path: Path, server: Server) -> None:
    for module in LIBRARIES.get(path.stem, NEEDS.get(path.stem[:3], [])):
        if not is_installed(module):
            pytest.skip(f"{module}, which it uses, is not installed")
    if path.stem in OTHER_PROGRAMS:
        pytest.skip("MLflow runs a part of it only")
    try:
        ours, our_failures = traces_of(path, runners["fanlight"], tmp_path / "fanlight")
        theirs, their_failures = traces_of(path, runners["mlflow"], tmp_path / "mlflow")
    finally:
        fanlight.set_tracking_uri(server.url)
    if path in PROGRAMS:
        assert (our_failures, their_failures) == ([], [])
    assert (path.stem in WITHOUT_TRACES) == (theirs == [])
    assert len(ours) == len(theirs)
    pairs = enumerate(zip(ours, theirs, strict=True))
    # MLflow does not read back what it wrote of an integer of more than 64 bits.
    found = [each for at, (our, their) in pairs if their["roots"] for each in differences(our, their, f"[{at}]")]
    found = [each for each in found if not any(re.search(meant, each) for meant in MEANT)]
    assert found == [], "\n".join(found)


def traces_of(path: Path, runner: Runner, directory: Path) -> tuple[list[Any], list[dict[str, str]]]:
    """What it leaves on a server of its own, oldest first, and the statements that fail."""
    directory.mkdir()
    server = Server(directory)
    try:
        failures = runner.failures_of(path, server.url)
        fanlight.set_tracking_uri(server.url)
        experiments = [each.experiment_id for each in fanlight.search_experiments()]
        found = fanlight.search_traces(experiments, max_results=None, return_type="list")
    finally:
        server.stop()
    return [described(trace) for trace in sorted(found, key=begin_of)], failures


def begin_of(trace: Trace) -> int:
    return trace.data.spans[0].start_time_ns if trace.data.spans else trace.info.request_time * 1_000_000


WHOSE = ("mlflow.trace.session", "mlflow.trace.user")


def described(trace: Trace) -> Any:
    said = {**trace.info.tags, **trace.info.trace_metadata}
    own = {key: value for key, value in said.items() if not key.startswith("mlflow.") or key in WHOSE}
    roots = [span for span in trace.data.spans if span.parent_id is None]
    return {"said": own, "state": trace.info.state.value, "roots": [tree(root, trace.data.spans) for root in roots]}


# What is compared by another name; and the level that MLflow derives from a span's type and status.
SAID_ELSEWHERE = ("mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.spanType", "mlflow.spanLogLevel")
# Ids that each trace has of its own.
IDS = ("mlflow.traceRequestId", "mlflow.experimentId")
# How what is said of a whole trace travels.
OF_TRACE = "fanlight.trace."


def tree(span: Span, spans: list[Span]) -> Any:
    children = sorted((each for each in spans if each.parent_id == span.span_id), key=lambda each: each.start_time_ns)
    return {
        "name": span.name,
        "type": span.span_type,
        "status": span.status.status_code.value,
        "inputs": span.inputs,
        "outputs": span.outputs,
        "attributes": {key: value for key, value in span.attributes.items() if key not in SAID_ELSEWHERE + IDS and not key.startswith(OF_TRACE)},
        "events": [event.name for event in span.events],
        "children": [tree(child, spans) for child in children],
    }


def differences(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Where two values differ, and how."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in [*theirs, *(key for key in ours if key not in theirs)]:
            yield from differences(ours.get(key, "(none)"), theirs.get(key, "(none)"), f"{place}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (our, their) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(our, their, f"{place}[{at}]")
    elif type(ours) is not type(theirs) or ours != theirs:
        yield f"{place}: {ours!r} is {theirs!r} under MLflow"
