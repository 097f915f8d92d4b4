"""Values that programs pass around."""

import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid

import mlflow
import pydantic


class Color(enum.Enum):
    RED = "red"


class Level(str, enum.Enum):
    HIGH = "high"


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.5
    names: list = dataclasses.field(default_factory=list)


class Order(pydantic.BaseModel):
    id: int
    lines: list[dict] = []
    at: datetime.datetime | None = None


class Plain:
    def __str__(self):
        return "plain text"


for value in [
    None, True, 0, -5, 2**53 + 1, 1.5, 1e300, "", "text", "ünï ✓ 😀", "line\nbreak \"quoted\" \\ tab\t", "{\"json\": 1}",
    "[1, 2]", "\"quoted\"", "12", "null", [], {}, [1, "a", None, [2, {"k": (1, 2)}]], {"a": {"b": [1.0, 2]}}, (1, "two"),
    {1: "int key", "s": 2}, datetime.datetime(2024, 1, 2, 3, 4, 5), datetime.date(2024, 1, 2), Color.RED, Level.HIGH,
    Point(1, names=["n"]), [Point(2)], Order(id=1, lines=[{"sku": "a", "count": 2}]),
    {"order": Order(id=2, at=datetime.datetime(2024, 1, 2, 3, 4, 5))}, Plain(), {"plain": Plain()},
    decimal.Decimal("1.50"), uuid.UUID(int=7), pathlib.PurePosixPath("folder/x"), {3}, range(3), ValueError("no"),
]:  # fmt: skip
    with mlflow.start_span("block") as span:
        span.set_inputs({"value": value})
        span.set_outputs(value)
