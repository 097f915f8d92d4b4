"""Functions of libraries that leave a span: what they were given, what they gave back."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from . import spans
from .errors import guard
from .patching import Patches
from .streams import Collector, Listing, Watch, is_stream, observe


class Call:
    """One call as it was made."""

    __slots__ = ("_signature", "args", "function", "kwargs", "started")

    def __init__(
        self, function: Callable[..., Any], signature: inspect.Signature | None, args: Any, kwargs: dict[str, Any]
    ) -> None:
        self.function = function
        self._signature = signature
        self.args = args
        self.kwargs = kwargs
        self.started = time.perf_counter()

    @property
    def subject(self) -> Any:
        """What the method was called on."""
        return self.args[0] if self.args else None

    @property
    def arguments(self) -> dict[str, Any]:
        """By name, without `self`, and without what was left to its default."""
        if self._signature is not None:
            with guard("the arguments of a call"):
                bound = self._signature.bind(*self.args, **self.kwargs).arguments
                return _flat(self._signature, bound)
        return {name: value for name, value in self.kwargs.items() if name not in _HIDDEN}


_HIDDEN = frozenset(
    {
        "api_key",
        "azure_ad_token",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "client",
        "credentials",
        "extra_headers",
        "headers",
        "http_headers",
        "http_options",
        "token",
        "vertex_credentials",
    }
)
"""Arguments that are secrets, or hold some."""


def _flat(signature: inspect.Signature, bound: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in bound.items():
        kind = signature.parameters[name].kind
        if name in ("self", "cls"):
            continue
        if kind is inspect.Parameter.VAR_KEYWORD:
            found.update(value)
        elif kind is not inspect.Parameter.VAR_POSITIONAL or value:
            found[name] = value
    return {name: value for name, value in found.items() if name not in _HIDDEN}


class Method:
    """How calls of one function become spans. Subclasses say what differs."""

    span_type = spans.CHAIN
    library = "a library"

    def __init__(self, name: str | None = None, span_type: str | None = None) -> None:
        self._name = name
        if span_type is not None:
            self.span_type = span_type

    def skips(self, call: Call) -> bool:
        """Calls that leave no span."""
        return False

    def name(self, call: Call) -> str:
        return self._name or call.function.__qualname__

    def inputs(self, call: Call) -> Any:
        return call.arguments

    def attributes(self, call: Call) -> Mapping[str, Any] | None:
        return None

    def collector(self, call: Call) -> Collector:
        return Listing()

    def conclude(self, span: spans.Span, result: Any) -> None:
        """Sets what the result says."""
        span.set_outputs(result)

    def streams(self, call: Call, result: Any) -> bool:
        return is_stream(result)

    # From here on: what all have in common.

    def start(self, call: Call) -> spans.Span | None:
        with guard(self.library):
            is_model = self.span_type in (spans.CHAT_MODEL, spans.LLM, spans.EMBEDDING)
            if not spans.is_on() or (is_model and spans.is_asking()) or self.skips(call):
                return None
            return spans.begin(self.name(call), self.span_type, self.inputs(call), self.attributes(call))
        return None

    def finish(self, span: spans.Span, call: Call, result: Any) -> Any:
        """Ends the span, or hands it on to the stream. Answers what the application gets."""
        with guard(self.library):
            if self.streams(call, result):
                return self.observed(result, Watch(span, self.collector(call), call.started))
        with guard(self.library):
            self.conclude(span, result)
        spans.end(span)
        return result

    def observed(self, stream: Any, watch: Watch) -> Any:
        return observe(stream, watch, is_current=True)


class Switch:
    """Whether wrappers record: some stay in place after an undo, because others have wrapped them."""

    def __init__(self) -> None:
        self.on = True


def wrap(function: Callable[..., Any], method: Method, switch: Switch) -> Callable[..., Any]:
    """`function`, with a span for each call."""
    signature = _signature(function)
    if inspect.iscoroutinefunction(function):
        return _wrap_async(function, signature, method, switch)
    return _wrap_sync(function, signature, method, switch)


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _wrap_sync(function: Any, signature: Any, method: Method, switch: Switch) -> Callable[..., Any]:
    is_generator = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not switch.on:
            return function(*args, **kwargs)
        call = Call(function, signature, args, kwargs)
        span = method.start(call)
        if span is None:
            return function(*args, **kwargs)
        if is_generator:  # nothing of it has run yet
            return method.finish(span, call, function(*args, **kwargs))
        token = spans.enter(span)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            spans.fail(span, error)
            raise
        finally:
            spans.leave(span, token)
        if inspect.iscoroutine(result):
            return _awaited(result, span, call, method)
        return method.finish(span, call, result)

    return wrapper


async def _awaited(coroutine: Any, span: spans.Span, call: Call, method: Method) -> Any:
    """A plain function that answers a coroutine: the call is over when that is."""
    token = spans.enter(span)
    try:
        result = await coroutine
    except BaseException as error:
        spans.fail(span, error)
        raise
    finally:
        spans.leave(span, token)
    return method.finish(span, call, result)


def _wrap_async(function: Any, signature: Any, method: Method, switch: Switch) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not switch.on:
            return await function(*args, **kwargs)
        call = Call(function, signature, args, kwargs)
        span = method.start(call)
        if span is None:
            return await function(*args, **kwargs)
        token = spans.enter(span)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            spans.fail(span, error)
            raise
        finally:
            spans.leave(span, token)
        return method.finish(span, call, result)

    return wrapper


def silent(function: Callable[..., Any], is_wanted: Callable[[], bool]) -> Callable[..., Any]:
    """A coroutine function or asynchronous generator below which no client tells of calls of models. Any other kind of
    function stays as it is."""
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        def pieces(*args: Any, **kwargs: Any) -> Any:
            return _silent_pieces(function(*args, **kwargs), is_wanted)

        return pieces
    if not inspect.iscoroutinefunction(function):
        return function

    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        with spans.silence(is_wanted()):
            return await function(*args, **kwargs)

    return wrapper


async def _silent_pieces(
    inner: AsyncGenerator[Any, Any], is_wanted: Callable[[], bool]
) -> AsyncGenerator[Any, Any]:
    """Silent while a piece is made, not while the application has it."""
    step: Callable[[], Any] = inner.__anext__
    while True:
        with spans.silence(is_wanted()):
            try:
                piece = await step()
            except StopAsyncIteration:
                return
        try:
            step = functools.partial(inner.asend, (yield piece))
        except GeneratorExit:
            await inner.aclose()
            raise
        except BaseException as error:
            step = functools.partial(inner.athrow, error)


class Wrapping(Patches):
    """Patches that make spans, all turned off together."""

    def __init__(self) -> None:
        super().__init__()
        self.switch = Switch()

    def trace(self, path: str, method: Method) -> bool:
        """Spans for calls of `package.module:Class.name`, where there is such a thing."""
        return self.at(path, lambda function: wrap(function, method, self.switch))

    def undo(self) -> None:
        self.switch.on = False
        super().undo()
