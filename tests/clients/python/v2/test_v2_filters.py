"""Every filter of the shared fixture that asks for no assessment, through the clients' own search."""

from __future__ import annotations

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from support import filter_fixture, filter_rows
from support.filter_fixture import FilterFixture
from support.filter_rows import INVALID, Row

pytestmark = pytest.mark.fanlight_only  # the reference has no spans for 2.x clients to read in these traces

ASSESSED = ("feedback.", "expectation.")
ROWS = [
    row
    for row in filter_rows.ROWS + filter_rows.FANLIGHT_ROWS
    if row.found != INVALID and not any(entity in row.filter for entity in ASSESSED)
]


@pytest.fixture(scope="session")
def abc(tracking: str) -> FilterFixture:
    return filter_fixture.build(tracking)


def search_ids(experiment_id: str, filter_string: str | None = None, order_by: list[str] | None = None) -> list[str]:
    found = MlflowClient().search_traces([experiment_id], filter_string=filter_string, order_by=order_by)
    return [trace.info.request_id for trace in found]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.filter)
def test_filter(abc: FilterFixture, row: Row) -> None:
    assert abc.letters(search_ids(abc.experiment_id, row.filter, ["timestamp ASC"])) == row.found


@pytest.mark.parametrize(("order_by", "expected"), filter_rows.ORDERS, ids=str)
def test_order(abc: FilterFixture, order_by: list[str], expected: str) -> None:
    assert abc.letters(search_ids(abc.experiment_id, order_by=order_by or None)) == expected


def test_a_bad_filter_says_what_is_wrong(abc: FilterFixture) -> None:
    with pytest.raises(MlflowException, match="did you mean `status`") as caught:
        search_ids(abc.experiment_id, "statu = 'OK'")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_traces_of_newer_clients_can_be_read(abc: FilterFixture) -> None:
    trace = MlflowClient().get_trace(abc.trace_ids["A"])
    assert [(span.name, span.span_type) for span in trace.data.spans] == [("root", "AGENT"), ("llm call", "LLM")]
