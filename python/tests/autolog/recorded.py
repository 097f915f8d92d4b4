"""What the server shows of the traces of one test."""

from __future__ import annotations

from typing import Any

import fanlight
import requests
from conventions.calls import Call, is_call, of_span


class Recorded:
    """Traces that came since it was made, oldest first."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._before = {row["id"] for row in self._rows()}

    def _rows(self) -> list[dict[str, Any]]:
        fanlight.flush_trace_async_logging()
        query = {"experiments": ["0"], "order_by": ["timestamp_ms DESC"], "limit": 100}
        page = requests.post(f"{self._url}/api/v1/traces/search", json=query, timeout=20)
        page.raise_for_status()
        return list(reversed(page.json()["traces"]))

    def rows(self) -> list[dict[str, Any]]:
        return [row for row in self._rows() if row["id"] not in self._before]

    def row(self) -> dict[str, Any]:
        """The only one."""
        [row] = self.rows()
        return row

    def spans(self) -> list[dict[str, Any]]:
        """All spans, in order of their start."""
        found = []
        for row in self.rows():
            trace = requests.get(f"{self._url}/api/v1/traces/{row['id']}", timeout=20)
            trace.raise_for_status()
            found += trace.json()["spans"]
        return sorted(found, key=lambda span: int(span["start_ns"]))

    def span(self, name: str) -> dict[str, Any]:
        """The only one with this name."""
        [span] = [span for span in self.spans() if span["name"] == name]
        return span

    def calls(self) -> list[Call]:
        """Calls of models in a plain form."""
        return [of_span(span) for span in self.spans() if is_call(span)]

    def tree(self) -> list[str]:
        """Names and types, each indented below its parent."""
        spans = self.spans()
        known = {span["id"] for span in spans}
        lines: list[str] = []

        def add(parent: str | None, depth: int) -> None:
            for span in spans:
                above = span["parent_id"] if span["parent_id"] in known else None
                if above == parent:
                    lines.append(f"{'  ' * depth}{span['name']} {span['type']}")
                    add(span["id"], depth + 1)

        add(None, 0)
        return lines

    def tokens(self) -> tuple[int, int]:
        """Of all traces."""
        rows = [row["tokens"] or {} for row in self.rows()]
        return sum(row.get("input", 0) for row in rows), sum(row.get("output", 0) for row in rows)

    def dollars(self) -> float:
        return sum((row["cost"] or {}).get("total", 0.0) for row in self.rows())
