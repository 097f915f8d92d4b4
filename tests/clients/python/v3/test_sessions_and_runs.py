"""Sessions (traces of one conversation) and runs."""

from __future__ import annotations

import mlflow
import pytest

from support.filter_fixture import T0
from support.v3_client import (
    log_trace,
    log_traces,
    needs_full_client,
    refused,
    search_ids,
    uploaded,
)


@pytest.fixture
def conversations(experiment: str) -> dict[str, list[str]]:
    """Two sessions, interleaved in time, and a trace outside any; session -> trace ids, oldest first."""
    found: dict[str, list[str]] = {"first": [], "second": []}
    for at, session in enumerate(["first", "second", "first", "second", "first"]):
        found[session].append(
            log_trace(experiment, f"turn {at}", T0 + 1_000 * at, metadata={"mlflow.trace.session": session})
        )
    alone = log_trace(experiment, "alone", T0)
    uploaded([*found["first"], *found["second"], alone])
    return found


def test_sessions_are_found_with_their_turns_in_order(experiment: str, conversations: dict[str, list[str]]) -> None:
    sessions = mlflow.search_sessions(locations=[experiment])
    assert [session.id for session in sessions] == ["first", "second"]
    assert {session.id: [trace.info.trace_id for trace in session] for session in sessions} == conversations
    assert [trace.data.spans[0].name for trace in sessions[0]] == ["turn 0", "turn 2", "turn 4"]


def test_the_newest_session_comes_first_and_can_be_limited(
    experiment: str, conversations: dict[str, list[str]]
) -> None:
    (session,) = mlflow.search_sessions(locations=[experiment], max_results=1, include_spans=False)
    assert (session.id, len(session)) == ("first", 3)


def test_one_session_is_a_filter(experiment: str, conversations: dict[str, list[str]]) -> None:
    found = search_ids(experiment, "metadata.mlflow.trace.session = 'second'", order_by=["timestamp ASC"])
    assert found == conversations["second"]
    found = search_ids(experiment, "metadata.`mlflow.trace.session` != 'second'", order_by=["timestamp ASC"])
    assert found == conversations["first"]


@needs_full_client
def test_a_trace_of_a_run_is_found_by_it(active_experiment: str) -> None:
    with mlflow.start_run() as run, mlflow.start_span("inside") as inside:
        pass
    with mlflow.start_run() as other, mlflow.start_span("elsewhere") as elsewhere:
        pass
    outside = log_traces(active_experiment, ["outside"], T0)["outside"]
    uploaded([inside.trace_id, elsewhere.trace_id])

    assert search_ids(active_experiment, run_id=run.info.run_id) == [inside.trace_id]
    assert search_ids(active_experiment, run_id=other.info.run_id) == [elsewhere.trace_id]
    assert search_ids(active_experiment, f"run_id = '{run.info.run_id}'") == [inside.trace_id]
    assert search_ids(active_experiment, f"metadata.mlflow.sourceRun = '{run.info.run_id}'") == [inside.trace_id]
    assert search_ids(active_experiment, "run_id IS NULL") == [outside]


@needs_full_client
def test_a_trace_can_be_linked_to_a_run_afterwards(experiment: str) -> None:
    ids = log_traces(experiment, ["one", "two", "three"], T0)
    with mlflow.start_run(experiment_id=experiment) as run:
        pass
    client = mlflow.MlflowClient()
    client.link_traces_to_run([ids["one"], ids["three"]], run.info.run_id)
    client.link_traces_to_run([ids["one"]], run.info.run_id)
    assert search_ids(experiment, run_id=run.info.run_id) == [ids["three"], ids["one"]]


@needs_full_client
def test_a_run_keeps_what_was_logged(experiment: str) -> None:
    with mlflow.start_run(experiment_id=experiment, run_name="nightly", tags={"kind": "eval"}) as started:
        mlflow.log_param("model", "gpt-4o")
        mlflow.log_metrics({"score": 0.5, "count": 3})
        mlflow.log_metric("score", 0.75, step=1)
        mlflow.set_tag("stage", "done")
    run = mlflow.get_run(started.info.run_id)
    assert (run.info.run_name, run.info.status, run.info.experiment_id) == ("nightly", "FINISHED", experiment)
    assert run.info.end_time >= run.info.start_time
    assert run.data.params == {"model": "gpt-4o"}
    assert run.data.metrics == {"score": 0.75, "count": 3.0}
    assert {key: run.data.tags[key] for key in ("kind", "stage")} == {"kind": "eval", "stage": "done"}
    (found,) = mlflow.search_runs([experiment], "tags.kind = 'eval' AND metrics.score > 0.7", output_format="list")
    assert found.info.run_id == started.info.run_id


@needs_full_client
def test_a_failed_run_is_marked(experiment: str) -> None:
    with pytest.raises(ValueError, match="stop"), mlflow.start_run(experiment_id=experiment) as run:
        raise ValueError("stop")
    assert mlflow.get_run(run.info.run_id).info.status == "FAILED"


@needs_full_client
def test_traces_of_an_unknown_run(experiment: str) -> None:
    with refused("RESOURCE_DOES_NOT_EXIST"):
        search_ids(experiment, run_id="0" * 32)
