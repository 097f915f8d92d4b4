"""Answers in SQL, opened as tables by tools that know nothing of Fanlight."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.ipc
import pytest
import requests

from support.server import Target

TRACES = 40
START_NS = 1_767_225_600_000_000_001
QUERY = """
    SELECT s.trace_id, s.start_time, s.duration_ms, s.input_tokens, s.model, s.inputs, t.models
    FROM spans s JOIN traces t USING (trace_id) ORDER BY s.start_time
"""
TEXT = 'say "hi",\n=1+1 \u65e5\u672c'


def span_of(trace: int) -> dict[str, object]:
    attributes = [
        {"key": "input.value", "value": {"stringValue": f"{TEXT} {trace}"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": str(2**53 + 1 + trace)}},
    ]
    if trace % 2:
        attributes.append({"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o"}})
    return {
        "traceId": f"{trace + 1:032x}",
        "spanId": f"{trace + 1:016x}",
        "name": "call",
        "startTimeUnixNano": str(START_NS + trace * 1_000_000),
        "endTimeUnixNano": str(START_NS + trace * 1_000_000 + 2_500_000),
        "attributes": attributes,
    }


@pytest.fixture(scope="module")
def url(target: Target) -> Iterator[str]:
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span_of(trace) for trace in range(TRACES)]}]}]}
    reply = requests.post(f"{target.url}/v1/traces", json=body, timeout=20)
    assert reply.status_code == 200, reply.text
    yield f"{target.url}/api/v1/sql"


def answer(url: str, form: str) -> bytes:
    reply = requests.post(url, json={"query": QUERY, "format": form}, timeout=60)
    assert reply.status_code == 200, reply.text
    return reply.content


def check(table: pyarrow.Table) -> None:
    assert table.num_rows == TRACES
    assert table.schema.field("start_time").type == pyarrow.timestamp("ns", tz="UTC")
    assert table["trace_id"].to_pylist() == [f"tr-{trace + 1:032x}" for trace in range(TRACES)]
    starts = table["start_time"].cast(pyarrow.int64()).to_pylist()
    assert starts == [START_NS + trace * 1_000_000 for trace in range(TRACES)]
    assert table["input_tokens"].to_pylist() == [2**53 + 1 + trace for trace in range(TRACES)]
    assert table["inputs"].to_pylist() == [f"{TEXT} {trace}" for trace in range(TRACES)]
    assert table["models"].to_pylist() == [["gpt-4o"] if trace % 2 else [] for trace in range(TRACES)]
    assert set(table["duration_ms"].to_pylist()) == {2.5}


def test_arrow_opens_in_pyarrow_polars_and_duckdb(url: str) -> None:
    content = answer(url, "arrow")
    answered = pyarrow.ipc.open_stream(content).read_all()
    check(answered)
    frame = polars.read_ipc_stream(content)
    assert frame.height == TRACES
    assert frame["model"].null_count() == TRACES // 2
    rows = duckdb.sql("SELECT count(*), count(model), max(duration_ms) FROM answered").fetchall()
    assert rows == [(TRACES, TRACES // 2, 2.5)]


def test_parquet_opens_in_pandas_polars_and_duckdb(url: str, tmp_path: Path) -> None:
    path = tmp_path / "answer.parquet"
    path.write_bytes(answer(url, "parquet"))
    frame = pandas.read_parquet(path)
    check(pyarrow.Table.from_pandas(frame, preserve_index=False))
    assert str(frame["start_time"].dtype) == "datetime64[ns, UTC]"
    assert polars.read_parquet(path).height == TRACES
    rows = duckdb.sql(f"SELECT model, count(*) FROM '{path}' GROUP BY model ORDER BY model NULLS FIRST").fetchall()
    assert rows == [(None, TRACES // 2), ("gpt-4o", TRACES // 2)]


def test_csv_keeps_quotes_and_line_breaks(url: str) -> None:
    frame = pandas.read_csv(io.BytesIO(answer(url, "csv")), dtype={"input_tokens": "Int64"})
    assert frame["inputs"].tolist() == [f"{TEXT} {trace}" for trace in range(TRACES)]
    assert frame["input_tokens"].tolist() == [2**53 + 1 + trace for trace in range(TRACES)]


def test_json_keeps_large_numbers_exact(url: str) -> None:
    reply = requests.post(url, json={"query": QUERY}, timeout=60).json()
    names = [column["name"] for column in reply["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in reply["rows"]]
    assert [int(row["input_tokens"]) for row in rows] == [2**53 + 1 + trace for trace in range(TRACES)]
    assert reply["row_count"] == TRACES
