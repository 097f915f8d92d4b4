"""How values are recorded, and that none of them can hurt."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import uuid
from typing import Any

import fanlight
import pytest
from fanlight._core import to_json


class Color(enum.Enum):
    RED = 1


class Word(str, enum.Enum):
    A = "a"


@dataclasses.dataclass
class Point:
    a: int
    b: list[int]


class Plain:
    def __repr__(self) -> str:
        return "<Plain>"


ID = uuid.uuid4()

# As MLflow records them.
SAME = [
    (1, 1),
    (2**70, 2**70),
    (-(2**63) - 1, -(2**63) - 1),
    (True, True),
    (1.5, 1.5),
    (1e300, 1e300),
    (None, None),
    ("é🙂\n\t\"\\\x00\x1f", "é🙂\n\t\"\\\x00\x1f"),
    ((1, 2), [1, 2]),
    ({3}, "{3}"),
    ({1: {"a": [None, True]}}, {"1": {"a": [None, True]}}),
    ({True: 1, None: 2, 1.5: 3}, {"true": 1, "null": 2, "1.5": 3}),
    (Point(1, [2]), {"a": 1, "b": [2]}),
    (Color.RED, "Color.RED"),
    (Word.A, "a"),
    (datetime.datetime(2024, 1, 2, 3, 4, 5), "2024-01-02 03:04:05"),
    (datetime.date(2024, 1, 2), "2024-01-02"),
    (datetime.timedelta(seconds=5), "0:00:05"),
    (decimal.Decimal("1.10"), "1.10"),
    (ID, str(ID)),
    (pathlib.PurePosixPath("a/b"), "a/b"),
    (Plain(), "<Plain>"),
    (range(3), "range(0, 3)"),
    (ValueError("x"), "x"),
    (b"\x00\xffabc", "b'\\x00\\xffabc'"),
]
# Where JSON has no word, a text that says it.
OURS = [
    (float("nan"), "NaN"),
    (float("inf"), "Infinity"),
    (float("-inf"), "-Infinity"),
    ({"x": float("nan")}, {"x": "NaN"}),
]


@pytest.mark.parametrize(("value", "written"), SAME + OURS, ids=lambda value: type(value).__name__)
def test_a_value_is_written_as_json(value: Any, written: Any) -> None:
    assert json.loads(to_json(value)) == written


def test_values_arrive_at_the_server() -> None:
    for value, written in SAME + OURS:
        with fanlight.start_span("value") as span:
            span.set_inputs({"v": value})
            span.set_outputs(value)
        trace = fanlight.get_trace(span.trace_id)
        assert trace is not None
        (read,) = trace.data.spans
        if isinstance(value, int) and abs(value) >= 2**63:
            assert float(read.inputs["v"]) == pytest.approx(float(value))
            continue
        assert read.inputs == {"v": written}
        assert read.outputs == written


def test_numpy_and_pydantic() -> None:
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    pydantic = pytest.importorskip("pydantic", reason="Pydantic is not installed")
    assert json.loads(to_json(numpy.float32(1.5))) == 1.5
    assert json.loads(to_json(numpy.arange(4).reshape(2, 2))) == [[0, 1], [2, 3]]
    assert "array of shape (200, 200)" in json.loads(to_json(numpy.zeros((200, 200))))

    class Model(pydantic.BaseModel):
        a: int
        b: list[str] = []

    assert json.loads(to_json([Model(a=1, b=["x"])])) == [{"a": 1, "b": ["x"]}]


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class AllNames:
    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: "not json"


def test_hostile_values_leave_a_text() -> None:
    cycle: list[Any] = [1]
    cycle.append({"again": cycle})
    assert json.loads(to_json(cycle)) == [1, {"again": "… [contains itself]"}]
    assert json.loads(to_json(Hostile())) == "<Hostile without a text: RuntimeError>"
    assert json.loads(to_json({Hostile(): 1})) == {"<Hostile without a text: RuntimeError>": 1}
    assert json.loads(to_json(AllNames()))
    json.loads(to_json("a\ud800b"))
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    assert "nested too deep" in to_json(deep)
    assert "integer of" in json.loads(to_json(10**6000))
    shared = [1]
    assert json.loads(to_json([shared, shared])) == [[1], [1]]

    class Grows(dict[str, Any]):
        pass

    growing = Grows()

    class Changes:
        def __str__(self) -> str:
            growing[str(len(growing))] = 1
            return "x"

    growing.update(a=Changes(), b=Changes())
    json.loads(to_json(growing))


def test_large_values_are_cut_and_stay_json() -> None:
    text = json.loads(to_json("x" * (5 << 20)))
    assert "[cut: " in text and len(text) < 3 << 20
    items = json.loads(to_json(["y" * 1000] * 10_000))
    assert "more items]" in items[-1]
    entries = json.loads(to_json({str(i): "z" * 1000 for i in range(10_000)}))
    assert "more entries]" in entries["…"]
    assert "of 1000000 bytes" in json.loads(to_json(b"\x00" * 1_000_000))


def test_a_picture_that_does_not_fit_leaves_room_for_what_follows() -> None:
    fits = "data:image/png;base64," + "A" * 1000
    large = "data:image/png;base64," + "A" * (3 << 20)
    read = json.loads(to_json([fits, large, "next"]))
    assert read[0] == fits and read[2] == "next"
    assert read[1] == large[:256] + f"… [cut: 256 of {len(large)} bytes]"


def test_cuts_are_seen_by_readers() -> None:
    with fanlight.start_span("large") as span:
        span.set_inputs({"image": b"\x89PNG" + b"\x00" * 10_000, "small": bytearray(b"ok")})
        span.set_outputs(["x" * (3 << 20), "left out"])
        span.set_attribute("log", "y" * (5 << 20))
    trace = fanlight.get_trace(span.trace_id)
    assert trace is not None
    (found,) = trace.data.spans
    assert found.inputs["image"].startswith("b'\\x89PNG") and found.inputs["image"].endswith("[cut: 256 of 10004 bytes]")
    assert found.inputs["small"] == "b'ok'"
    assert found.outputs[0].endswith(f"of {3 << 20} bytes]") and len(found.outputs[0]) < 3 << 20
    assert found.outputs[1] == "… [cut: 1 more items]"
    assert found.attributes["log"].endswith(f"of {5 << 20} bytes]")


def test_nothing_a_span_is_given_raises() -> None:
    with fanlight.start_span("odd") as span:
        span.set_inputs(Hostile())
        span.set_attribute("a", Hostile())
        span.set_attribute(7, float("nan"))  # type: ignore[arg-type]
        span.set_attributes(5)  # type: ignore[arg-type]
        span.set_attributes({"x": {"y": Hostile()}})
        span.add_event("odd", {"h": Hostile()})
        span.record_exception(Hostile())  # type: ignore[arg-type]
    span.set_outputs("too late")
    assert span.attributes["7"] == "NaN"
    assert span.outputs is None
