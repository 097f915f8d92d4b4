"""A base for messages that are dicts on the wire and objects in code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast


class Message:
    """Keyword arguments become attributes; attributes that are `None` are left out of `to_dict`.

    Subclasses name their fields and defaults in `_fields`, and in `_nested` the fields that hold a message, or a list
    of them, with their class. Values of other fields may be given too and are kept. It also reads as a mapping, so
    that code made for dicts accepts it.
    """

    _fields: dict[str, Any] = {}
    _required: tuple[str, ...] = ()
    _nested: dict[str, Any] = {}

    def __init__(self, **values: Any) -> None:
        missing = [name for name in self._required if values.get(name) is None]
        if missing:
            raise ValueError(f"{type(self).__name__} needs {', '.join(missing)}")
        for name, default in self._fields.items():
            setattr(self, name, list(cast("list[Any]", default)) if isinstance(default, list) else default)
        for name, value in values.items():
            setattr(self, name, _nested(self._nested.get(name), value))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Any:
        return cls(**data)

    model_validate = from_dict

    def to_dict(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in vars(self).items() if value is not None}

    def model_dump(self, **_options: Any) -> dict[str, Any]:
        return self.to_dict()

    model_dump_compat = model_dump

    def model_dump_json(self, **_options: Any) -> str:
        from .._core import to_json

        return to_json(self.to_dict())

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name, default)

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None

    def keys(self) -> list[str]:
        return list(self.to_dict())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and getattr(self, name, None) is not None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value is not None)
        return f"{type(self).__name__}({shown})"


def _nested(kind: Any, value: Any) -> Any:
    if kind is None or value is None:
        return value
    if isinstance(value, list):
        return [_nested(kind, each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return kind(**value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return value.to_dict()
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in cast("dict[str, Any]", value).items()}
    return value
