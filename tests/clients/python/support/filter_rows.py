"""Filters over the three traces of `filter_fixture`, with the letters they find.

Found letters are written in order of time, oldest first; `""` finds nothing. `reference` is set where the reference
server answers otherwise than Fanlight; `INVALID` means it refuses the filter.
"""

from __future__ import annotations

from typing import NamedTuple

INVALID = "INVALID"


class Row(NamedTuple):
    filter: str
    found: str
    reference: str | None = None


ROWS = [
    Row("tags.env = 'prod'", "A"),
    Row("tags.env != 'prod'", "B"),
    Row("tags.env IS NULL", "C"),
    Row("tags.env LIKE 'p%'", "A"),
    Row("tags.env LIKE 'P%'", ""),
    Row("tags.env ILIKE 'P%'", "A"),
    Row("tags.env RLIKE 'p.*d'", "A"),
    Row("name = 'chat'", "A"),
    Row("name != 'chat'", "B"),
    Row("name IS NULL", "C"),
    Row("name ILIKE 'chat%'", "A B"),
    Row("name LIKE 'chat'", "A"),
    Row("name RLIKE 'hat'", "A B"),
    Row("metadata.m != '1'", ""),
    Row("metadata.m IS NULL", "B C"),
    Row("client_request_id = 'cr-1'", "C"),
    Row("client_request_id != 'x'", "C"),
    Row("client_request_id NOT IN ('cr-1')", ""),
    Row("status != 'OK'", "B"),
    Row("status IN ('OK','IN_PROGRESS')", "A C"),
    Row("execution_time > 1000", "B C"),
    Row("execution_time >= 1000 AND execution_time <= 2000", "A B"),
    Row("end_time > 1767225611000", "B C"),
    Row("timestamp = 1767225600000", "A"),
    Row("timestamp_ms < 1767225610000", "A"),
    Row("request_id NOT IN ('x')", "A B C"),
    Row("request_id LIKE 'TR-%'", ""),
    Row("run_id IS NULL", "A B C"),
    Row("run_id != 'x'", ""),
    Row("span.name = 'root'", "A B"),
    Row("span.name != 'root'", "A C"),
    Row("span.name ILIKE 'LLM CALL'", "A"),
    Row("span.type = 'LLM' AND span.name = 'root'", ""),
    Row("span.type = 'LLM' AND span.name LIKE 'llm%'", "A"),
    Row("span.type NOT IN ('LLM')", "A B C"),
    Row("span.status = 'ERROR'", "B"),
    Row("span.status = 'UNSET'", "A C"),
    Row("span.status = 'STATUS_CODE_ERROR'", ""),
    Row("span.attributes.mlflow.llm.model = 'gpt-4o'", "A", reference=""),
    Row("span.attributes.mlflow.llm.model != 'x'", "A", reference="A B C"),
    Row("span.attributes.mlflow.llm.model LIKE '%gpt%'", "A"),
    Row("span.attributes.mlflow.llm.model LIKE 'gpt%'", "A", reference=""),
    Row("span.attributes.mlflow.llm.model IN ('gpt-4o')", "A", reference=INVALID),
    Row("span.attributes.n LIKE '%5%'", "A"),
    Row("span.attributes.n = '5'", "A", reference=""),
    Row("span.attributes.flag LIKE '%true%'", "A"),
    Row("span.attributes.temp RLIKE '0.5'", "A", reference=""),
    Row("span.content LIKE '%Hello%'", "A"),
    Row("span.content LIKE '%hello%'", "B"),
    Row("trace.text ILIKE '%hello%'", "A B"),
    Row("trace.text LIKE '%100%%'", "B", reference="A B"),
    Row("trace.text ILIKE '%done_x%'", "B"),
    Row("trace.text LIKE '%100\\%%'", ""),
    Row("feedback.ok = 'true'", "A"),
    Row("feedback.ok = 'True'", ""),
    Row("feedback.ok != 'true'", "B"),
    Row("feedback.score > 0.5", "A B"),
    Row("feedback.score >= 1", "B"),
    Row("feedback.score < 1", "A"),
    Row("feedback.score = '0.75'", "A"),
    Row("feedback.score = '1.0'", "B"),
    Row("feedback.score = '1'", "B", reference=""),
    Row("feedback.rel = 'yes'", "A"),
    Row("feedback.rel != 'yes'", "B"),
    Row("feedback.rel LIKE '%e%'", "A"),
    Row("feedback.rel LIKE 'y%'", "A", reference=""),
    Row("feedback.rel ILIKE 'YES'", "A", reference=""),
    Row("feedback.rel RLIKE '^y'", "A", reference=""),
    Row("feedback.rel IS NOT NULL", "A B"),
    Row("feedback.missing IS NULL", "A B C"),
    Row("feedback.ok IS NULL", "C"),
    Row("feedback.nul IS NULL", "A C"),
    Row("feedback.nul = 'null'", "B"),
    Row("feedback.strnum = '5'", "B"),
    Row("feedback.strnum > 3", ""),
    Row("feedback.obj LIKE '%a%'", "A"),
    Row("feedback.ov = 'no'", ""),
    Row("feedback.ov = 'yes'", "A"),
    Row("feedback.exp IS NOT NULL", ""),
    Row("feedback.score > 0.5 AND feedback.rel = 'no'", "B"),
    Row("expectation.exp = 'paris'", "A"),
    Row("expectation.expn > 2", "A"),
    Row("expectation.expn = '3'", "A", reference=""),
    Row("metadata.mlflow.trace.session = 's1'", "A B"),
    Row("request_metadata.mlflow.trace.session != 's1'", ""),
    Row("metadata.mlflow.trace.session IS NULL", "C"),
    Row("metadata.mlflow.trace.user = 'u1'", "A"),
    Row("tags.env != 'prod' AND span.name = 'root'", "B"),
    Row("prompt = 'p/1'", ""),
]

# What only Fanlight understands: OR, NOT and parentheses.
FANLIGHT_ROWS = [
    Row("status = 'ERROR' OR client_request_id = 'cr-1'", "B C"),
    Row("tags.env = 'prod' OR tags.env = 'dev'", "A B"),
    Row("(status = 'OK')", "A C"),
    Row("(status = 'ERROR' OR tags.env = 'prod') AND metadata.mlflow.trace.user = 'u1'", "A"),
    Row("status = 'ERROR' OR tags.env = 'prod' AND metadata.mlflow.trace.user = 'nobody'", "B"),
    Row("NOT status = 'OK'", "B"),
    Row("NOT (status = 'OK' OR name = 'Chat2')", ""),
    Row("NOT span.status = 'ERROR' AND execution_time > 1000", "C"),
    Row("feedback.score > 0.9 OR span.type = 'TOOL'", "B C"),
]

# order_by lists and the order in which they bring the three traces.
ORDERS = [
    (["execution_time DESC"], "C B A"),
    (["execution_time ASC"], "A B C"),
    (["name ASC"], "B A C"),
    (["name DESC"], "A B C"),
    (["tags.env ASC"], "B A C"),
    (["tags.env DESC"], "A B C"),
    (["metadata.mlflow.trace.session DESC", "timestamp ASC"], "A B C"),
    (["status DESC"], "C A B"),
    (["timestamp ASC"], "A B C"),
    (["timestamp_ms DESC"], "C B A"),
    ([], "C B A"),
]

# order_by lists that are refused, and those the reference fails on with an internal error.
BAD_ORDERS = [
    ["timestamp DESC, name"],
    ["timestamp NULLS LAST"],
    ["client_request_id"],
    ["trace_id"],
    ["request_time DESC"],
    ["span.name"],
    ["feedback.ok DESC"],
    ["metadata.mlflow.trace.tokenUsage"],
]
