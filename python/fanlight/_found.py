"""A list of traces that answers questions to a data frame too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple, cast

from .entities import Trace


class Traces(list[Trace]):
    """Iterating gives `Trace` objects. With pandas installed, `traces["trace_id"]`, `traces.iloc[0]`,
    `traces.columns` and the like work as on the data frame that `to_pandas()` makes."""

    _frame: Any = None

    def __init__(self, traces: Iterable[Trace] = (), extract_fields: Iterable[str] = ()) -> None:
        super().__init__(traces)
        self._fields = [Field.parse(text) for text in extract_fields]

    def to_pandas(self) -> Any:
        """One row a trace. Raises `ImportError` without pandas."""
        if self._frame is None or len(self._frame) != len(self):
            import pandas  # pyright: ignore[reportMissingImports, reportMissingModuleSource, reportMissingTypeStubs]

            names = [field.column for field in self._fields]
            rows = [{**_row(trace), **{field.column: field.of(trace) for field in self._fields}} for trace in self]
            self._frame = pandas.DataFrame(rows, columns=[*_COLUMNS, *names])
        return self._frame

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return Traces(super().__getitem__(cast("slice[Any, Any, Any]", key)))
        if isinstance(key, int):
            return super().__getitem__(key)
        return self.to_pandas()[key]

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            try:
                frame = self.to_pandas()
            except ImportError:
                pass
            else:
                if hasattr(frame, name):
                    return getattr(frame, name)
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    def _repr_html_(self) -> str:
        from ._notebook import html_of

        return html_of(list(self))


class Field(NamedTuple):
    """What a column shows of the spans with one name."""

    span_name: str
    kind: str
    key: str | None

    @classmethod
    def parse(cls, text: str) -> Field:
        form = re.fullmatch(r"(?:`([^`]+)`|([^.`]+))\.(inputs|outputs)(?:\.(?:`([^`]+)`|(.+)))?", text)
        if form is None:
            raise ValueError(f"{text!r} is no field: it is `span name.inputs` or `span name.outputs`, and a key if wanted")
        quoted_name, name, kind, quoted_key, key = form.groups()
        return cls(quoted_name or name, kind, quoted_key or key)

    @property
    def column(self) -> str:
        return ".".join(filter(None, self))

    def of(self, trace: Trace) -> Any:
        """Of the last span with the name."""
        spans = trace.search_spans(name=self.span_name)
        found: Any = getattr(spans[-1], self.kind) if spans else None
        if self.key is None:
            return found
        return cast("dict[str, Any]", found).get(self.key) if isinstance(found, dict) else None


_COLUMNS = [
    "trace_id",
    "trace",
    "client_request_id",
    "state",
    "request_time",
    "execution_duration",
    "request",
    "response",
    "trace_metadata",
    "tags",
    "spans",
    "assessments",
]


def _row(trace: Trace) -> dict[str, Any]:
    info = trace.info
    root = next((span for span in trace.data.spans if span.parent_id is None), None)
    return {
        "trace_id": info.trace_id,
        "trace": trace.to_json(),
        "client_request_id": info.client_request_id,
        "state": info.state.value,
        "request_time": info.request_time,
        "execution_duration": info.execution_duration,
        "request": None if root is None else root.inputs,
        "response": None if root is None else root.outputs,
        "trace_metadata": info.trace_metadata,
        "tags": info.tags,
        "spans": [span.to_dict() for span in trace.data.spans],
        "assessments": [assessment.to_dictionary() for assessment in info.assessments],
    }


