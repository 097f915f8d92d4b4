"""Tags of stored traces."""

from __future__ import annotations

import mlflow
import pytest

from support.filter_fixture import T0
from support.v3_client import log_traces, read, refused, search_ids


@pytest.fixture
def trace_id(experiment: str) -> str:
    return log_traces(experiment, ["tagged"], T0)["tagged"]


def test_a_tag_is_set_replaced_and_deleted(experiment: str, trace_id: str) -> None:
    mlflow.set_trace_tag(trace_id, "stage", "draft")
    assert read(trace_id).info.tags["stage"] == "draft"
    assert search_ids(experiment, "tags.stage = 'draft'") == [trace_id]

    mlflow.set_trace_tag(trace_id, "stage", "final")
    assert read(trace_id).info.tags["stage"] == "final"
    assert search_ids(experiment, "tags.stage = 'draft'") == []
    assert search_ids(experiment, "tags.stage = 'final'") == [trace_id]

    mlflow.delete_trace_tag(trace_id, "stage")
    assert "stage" not in read(trace_id).info.tags
    assert search_ids(experiment, "tags.stage IS NOT NULL") == []
    assert search_ids(experiment, "tags.stage IS NULL") == [trace_id]


def test_deleting_a_missing_tag_is_an_error(trace_id: str) -> None:
    mlflow.set_trace_tag(trace_id, "once", "1")
    mlflow.delete_trace_tag(trace_id, "once")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        mlflow.delete_trace_tag(trace_id, "once")


@pytest.mark.parametrize("key", ["a b", "a.b/c:d-e_f", "k" * 250])
def test_unusual_keys(experiment: str, trace_id: str, key: str) -> None:
    mlflow.set_trace_tag(trace_id, key, "日本 'quoted' \"twice\"")
    assert read(trace_id).info.tags[key] == "日本 'quoted' \"twice\""
    assert search_ids(experiment, f"tags.`{key}` LIKE '日本%'") == [trace_id]


@pytest.mark.parametrize("key", ["k" * 251, "..", "a/../b", "/a", "a/", "a//b", "a?b", "a,b"])
def test_bad_keys_are_refused(trace_id: str, key: str) -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        mlflow.set_trace_tag(trace_id, key, "value")


def test_the_name_is_a_tag(experiment: str, trace_id: str) -> None:
    assert read(trace_id).info.tags["mlflow.traceName"] == "tagged"
    mlflow.set_trace_tag(trace_id, "mlflow.traceName", "renamed")
    assert search_ids(experiment, "name = 'renamed'") == [trace_id]
    mlflow.delete_trace_tag(trace_id, "mlflow.traceName")
    assert search_ids(experiment, "name IS NULL") == [trace_id]


@pytest.mark.reference_differs
def test_a_tag_of_an_unknown_trace_is_not_found() -> None:
    with refused("RESOURCE_DOES_NOT_EXIST"):
        mlflow.set_trace_tag("tr-" + "0" * 31 + "1", "key", "value")
