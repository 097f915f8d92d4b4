"""Deleting traces by id and by time."""

from __future__ import annotations

import mlflow
import pytest

from support.filter_fixture import T0
from support.rest import Rest, unique
from support.v3_client import log_traces, needs_full_client, refused, search_ids

pytestmark = needs_full_client

NAMES = ["one", "two", "three", "four"]


@pytest.fixture
def ids(experiment: str) -> dict[str, str]:
    return log_traces(experiment, NAMES, T0)


def test_traces_are_deleted_by_id(experiment: str, ids: dict[str, str]) -> None:
    client = mlflow.MlflowClient()
    mlflow.log_feedback(trace_id=ids["two"], name="ok", value=True)
    gone = [ids["one"], ids["two"], "tr-" + "0" * 31 + "1"]
    assert client.delete_traces(experiment, trace_ids=gone) == 2
    assert search_ids(experiment) == [ids["four"], ids["three"]]
    assert search_ids(experiment, "feedback.ok = 'true'") == []
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_trace(ids["two"])
    assert mlflow.get_trace(ids["two"]) is None
    assert client.delete_traces(experiment, trace_ids=gone) == 0


def test_traces_are_deleted_up_to_a_time_inclusive(experiment: str, ids: dict[str, str]) -> None:
    client = mlflow.MlflowClient()
    assert client.delete_traces(experiment, max_timestamp_millis=T0 + 1_000) == 2
    assert search_ids(experiment) == [ids["four"], ids["three"]]
    assert client.delete_traces(experiment, max_timestamp_millis=T0 + 1_000) == 0


def test_the_oldest_are_deleted_first(experiment: str, ids: dict[str, str]) -> None:
    client = mlflow.MlflowClient()
    assert client.delete_traces(experiment, max_timestamp_millis=T0 + 60_000, max_traces=3) == 3
    assert search_ids(experiment) == [ids["four"]]


def test_traces_of_another_experiment_are_left_alone(experiment: str, ids: dict[str, str], rest: Rest) -> None:
    client = mlflow.MlflowClient()
    elsewhere = rest.create_experiment(unique("elsewhere"))
    assert client.delete_traces(elsewhere, trace_ids=list(ids.values())) == 0
    assert client.delete_traces(elsewhere, max_timestamp_millis=T0 + 60_000) == 0
    assert len(search_ids(experiment)) == 4


def test_a_tag_of_a_deleted_trace_cannot_be_removed(experiment: str, ids: dict[str, str]) -> None:
    mlflow.set_trace_tag(ids["one"], "key", "value")
    mlflow.MlflowClient().delete_traces(experiment, trace_ids=[ids["one"]])
    with refused("RESOURCE_DOES_NOT_EXIST"):
        mlflow.delete_trace_tag(ids["one"], "key")
