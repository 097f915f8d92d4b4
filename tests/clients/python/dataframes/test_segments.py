"""A segment's Parquet files, opened by tools that know nothing of Fanlight."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas
import polars
import pytest
import requests

from support.server import FanlightServer

REPOSITORY = Path(__file__).resolve().parents[4]
TRACES = 30
DOCUMENTATION = REPOSITORY / "docs/format.md"
START_NS = 1_767_225_600_000_000_000


def history(turns: int) -> list[dict[str, str]]:
    """What an agent sends at its last turn: every message it has seen."""
    return [
        {"role": "user" if turn % 2 == 0 else "assistant", "content": f"message {turn} — \u65e5\u672c, {'word ' * 40}"}
        for turn in range(turns)
    ]


def inputs_of(trace: int) -> str:
    return json.dumps({"messages": history(2 + trace)}, ensure_ascii=False)


def span_of(trace: int) -> dict[str, object]:
    return {
        "traceId": f"{trace + 1:032x}",
        "spanId": f"{trace + 1:016x}",
        "name": f"step {trace % 3}",
        "startTimeUnixNano": str(START_NS + trace * 1_000_000),
        "endTimeUnixNano": str(START_NS + trace * 1_000_000 + 5_000_000),
        "attributes": [
            {"key": "mlflow.spanInputs", "value": {"stringValue": inputs_of(trace)}},
            {"key": "gen_ai.usage.input_tokens", "value": {"intValue": str(trace)}},
        ],
    }


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of a segment that a server has just sealed."""
    directory = tmp_path_factory.mktemp("fanlight")
    binary = Path(os.environ.get("FANLIGHT_BIN") or REPOSITORY / "target/debug/fanlight")
    server = FanlightServer(binary, directory, "--seal-after", "1ms", "--quiet-ms", "0")
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span_of(trace) for trace in range(TRACES)]}]}]}
    reply = requests.post(f"{server.target.url}/v1/traces", json=body, timeout=20)
    assert reply.status_code == 200, reply.text
    deadline = time.monotonic() + 60
    while not (found := [path for path in (directory / "data/segments").glob("*") if len(path.name) == 16]):
        assert time.monotonic() < deadline, server.log()
        time.sleep(0.05)
    yield found[0]
    server.stop()


def test_duckdb_joins_traces_and_spans(segment: Path) -> None:
    rows = duckdb.sql(f"""
        SELECT s.name, count(*), sum(t.input_tokens)
        FROM '{segment}/traces.parquet' t JOIN '{segment}/spans.parquet' s USING (trace_id)
        GROUP BY s.name ORDER BY s.name
    """).fetchall()
    expected = [(f"step {step}", TRACES // 3, sum(range(step, TRACES, 3))) for step in range(3)]
    assert rows == expected


def test_the_documented_query_makes_long_texts_whole(segment: Path) -> None:
    (query,) = re.findall(r"```sql\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    for name in ("texts.parquet", "spans.parquet"):
        query = query.replace(f"'{name}'", f"'{segment / name}'")
    long = {bytes(span_id).hex(): text for span_id, text in duckdb.sql(query).fetchall()}
    short = duckdb.sql(f"SELECT span_id, inputs FROM '{segment}/spans.parquet' WHERE inputs IS NOT NULL").fetchall()
    whole = long | {bytes(span_id).hex(): text for span_id, text in short}
    # The column holds JSON: the attribute is a string.
    assert {span_id: json.loads(text) for span_id, text in whole.items()} == {
        f"{trace + 1:016x}": inputs_of(trace) for trace in range(TRACES)
    }


def test_each_stretch_is_stored_once(segment: Path) -> None:
    texts = pandas.read_parquet(segment / "texts.parquet")["text"]
    assert texts.is_unique
    assert texts.str.len().sum() < sum(len(inputs_of(trace)) for trace in range(TRACES)) / 2


def test_polars_and_pandas_read_the_same(segment: Path) -> None:
    for name in ("traces.parquet", "spans.parquet"):
        with_polars = polars.read_parquet(segment / name)
        with_pandas = pandas.read_parquet(segment / name)
        assert with_polars.height == len(with_pandas) == TRACES
        assert with_polars.columns == list(with_pandas.columns)
    starts = polars.read_parquet(segment / "traces.parquet")["start_ns"].to_list()
    assert starts == sorted(starts, reverse=True)
