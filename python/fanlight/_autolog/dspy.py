"""DSPy, through callbacks that are among the active ones whatever the application configures."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from . import spans
from .calls import Switch, Wrapping
from .errors import guard
from .patching import find
from .usage import read, token_usage


class Running:
    """Calls under way, by the ids of DSPy."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._open: dict[str, tuple[spans.Span, Any, Any]] = {}

    def start(
        self, call_id: str, instance: Any, name: str, span_type: str, inputs: Any, attributes: dict[str, Any]
    ) -> None:
        with guard("dspy"):
            if self._switch.on and spans.is_on():
                span = spans.begin(name, span_type, inputs, attributes)
                self._open[call_id] = (span, spans.enter(span), instance)

    def end(self, call_id: str, outputs: Any, error: BaseException | None) -> None:
        with guard("dspy"):
            found = self._open.pop(call_id, None)
            if found is None:
                return
            span, token, instance = found
            spans.leave(span, token)
            if error is not None:
                spans.fail(span, error)
                return
            with guard("dspy"):
                span.set_outputs(_outputs(outputs))
                if span_history := _call_of_model(instance, outputs):
                    span.set_attributes(span_history)
            spans.end(span)


def _outputs(outputs: Any) -> Any:
    return outputs.toDict() if hasattr(type(outputs), "toDict") else outputs


def _call_of_model(instance: Any, outputs: Any) -> dict[str, Any]:
    """What a model remembers of the call: tokens are nowhere else."""
    for entry in reversed((read(instance, "history") or [])[-20:]):
        if read(entry, "outputs") == outputs:
            model = read(entry, "response_model") or read(entry, "model")
            return spans.known({spans.USAGE: token_usage(read(entry, "usage") or None), spans.MODEL: model})
    return {}


def _inputs(inputs: dict[str, Any]) -> Any:
    """Arguments by name, as they were given."""
    flat = {name: value for name, value in inputs.items() if name != "kwargs" and value is not None and value != ()}
    return {**flat, **(inputs.get("kwargs") or {})}


def _callback(base: type[Any], running: Running) -> Any:
    def pair(span_type: str, method: str) -> tuple[Callable[..., None], Callable[..., None]]:
        def on_start(self: Any, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
            asked, attributes = _inputs(inputs), {}
            if span_type == spans.CHAT_MODEL:
                attributes = _attributes_of_model(instance)
            name = getattr(instance, "name", None) if span_type == spans.TOOL else None
            running.start(
                call_id, instance, name or f"{type(instance).__name__}.{method}", span_type, asked, attributes
            )

        def on_end(self: Any, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
            running.end(call_id, outputs, exception)

        return on_start, on_end

    methods: dict[str, Any] = {}
    for event, span_type, method in (
        ("module", spans.CHAIN, "forward"),
        ("lm", spans.CHAT_MODEL, "__call__"),
        ("adapter_format", "PARSER", "format"),
        ("adapter_parse", "PARSER", "parse"),
        ("tool", spans.TOOL, "__call__"),
        ("evaluate", "EVALUATOR", "__call__"),
        ("compile", spans.CHAIN, "compile"),
    ):
        methods[f"on_{event}_start"], methods[f"on_{event}_end"] = pair(span_type, method)
    return type("FanlightCallback", (base,), methods)()


def _attributes_of_model(instance: Any) -> dict[str, Any]:
    model = str(read(instance, "model") or "")
    parameters = {name: value for name, value in (read(instance, "kwargs") or {}).items() if "key" not in name}
    provider = model.partition("/")[0] if "/" in model else None
    known = {spans.MODEL: model.rpartition("/")[2], spans.PROVIDER: provider, spans.FORMAT: "dspy"}
    return spans.known({**parameters, **known})


def install(patches: Wrapping) -> None:
    base: Any = find("dspy.utils.callback:BaseCallback")
    if not isinstance(base, type):
        return
    callback = _callback(base, Running(patches.switch))

    def with_ours(get: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(get)
        def wrapper(self: Any, key: str, *default: Any) -> Any:
            value = get(self, key, *default)
            return [*(value or ()), callback] if key == "callbacks" and patches.switch.on else value

        return wrapper

    patches.at("dspy.dsp.utils.settings:Settings.get", with_ours)
