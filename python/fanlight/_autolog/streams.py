"""Answers that come in pieces: the span ends when they do.

A stream may end by itself, be closed, be dropped, or fail. Each piece is added up as it passes by; nothing is kept of
it but what the whole answer needs.
"""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncGenerator, Callable, Generator
from types import TracebackType
from typing import Any, Protocol

from . import spans
from .errors import guard
from .patching import Patches


class Collector(Protocol):
    """Puts the pieces of an answer together."""

    def add(self, piece: Any) -> bool:
        """Takes a piece; whether it has anything of the answer itself in it."""
        ...

    def conclude(self, span: spans.Span) -> None:
        """Sets what is known of the answer so far."""
        ...


class Listing:
    """Of pieces nobody knows more about: a list, cut where it gets long."""

    def __init__(self, limit: int = 1000) -> None:
        self._pieces: list[Any] = []
        self._limit = limit
        self._more = 0

    def add(self, piece: Any) -> bool:
        if len(self._pieces) < self._limit:
            self._pieces.append(piece)
        else:
            self._more += 1
        return True

    def conclude(self, span: spans.Span) -> None:
        if all(isinstance(piece, str) for piece in self._pieces):
            span.set_outputs("".join(self._pieces))
        else:
            span.set_outputs(self._pieces)
        if self._more:
            span.set_attribute("fanlight.stream.pieces_left_out", self._more)


class Watch:
    """The span of a stream. Of its ends only the first counts."""

    def __init__(self, span: spans.Span, collector: Collector, started: float) -> None:
        """`started` is when the call was made, by `time.perf_counter`."""
        self.span = span
        self._collector = collector
        self._started = started
        self._first: float | None = None
        self._open = True

    def piece(self, piece: Any) -> None:
        with guard("a piece of a stream"):
            if self._collector.add(piece) and self._first is None:
                self._first = time.perf_counter() - self._started

    def done(self) -> None:
        """It came to its end."""
        if self._conclude():
            spans.end(self.span)

    def closed(self) -> None:
        """The reader wanted no more of it. That is no error."""
        if self._conclude():
            with guard("a stream closed early"):
                self.span.set_attribute("fanlight.stream.closed_early", True)
            spans.end(self.span)

    def failed(self, error: BaseException) -> None:
        if isinstance(error, GeneratorExit):
            self.closed()
        elif self._conclude():
            spans.fail(self.span, error)

    def _conclude(self) -> bool:
        if not self._open:
            return False
        self._open = False
        with guard("the end of a stream"):
            if self._first is not None:
                self.span.set_attribute(spans.FIRST_CHUNK, self._first)
            self._collector.conclude(self.span)
        return True

    def __del__(self) -> None:
        if self._open:
            self.closed()


class _Observed:
    """Stands in for an iterator, and answers to all its names."""

    def __init__(self, inner: Any, watch: Watch, is_current: bool = False) -> None:
        self._inner = inner
        self.watch = watch
        self._is_current = is_current

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _enter(self) -> Any:
        return spans.enter(self.watch.span) if self._is_current else None

    def _leave(self, token: Any) -> None:
        if self._is_current:
            spans.leave(self.watch.span, token)


class ObservedIterator(_Observed):
    """Inside, the span is current only while the next piece is made."""

    def __iter__(self) -> ObservedIterator:
        return self

    def __next__(self) -> Any:
        token = self._enter()
        try:
            piece = self._inner.__next__()
        except StopIteration:
            self.watch.done()
            raise
        except BaseException as error:
            self.watch.failed(error)
            raise
        finally:
            self._leave(token)
        self.watch.piece(piece)
        return piece

    def close(self) -> None:
        if (close := getattr(self._inner, "close", None)) is not None:
            close()
        self.watch.closed()

    def __enter__(self) -> Any:
        entered = self._inner.__enter__()
        return self if entered is self._inner else entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Any:
        try:
            return self._inner.__exit__(kind, error, traceback)
        finally:
            self.watch.closed() if error is None else self.watch.failed(error)


class ObservedAsyncIterator(_Observed):
    """The same for `async for`."""

    def __aiter__(self) -> ObservedAsyncIterator:
        return self

    async def __anext__(self) -> Any:
        token = self._enter()
        try:
            piece = await self._inner.__anext__()
        except StopAsyncIteration:
            self.watch.done()
            raise
        except BaseException as error:
            self.watch.failed(error)
            raise
        finally:
            self._leave(token)
        self.watch.piece(piece)
        return piece

    async def aclose(self) -> None:
        if (close := getattr(self._inner, "aclose", None)) is not None:
            await close()
        self.watch.closed()

    async def __aenter__(self) -> Any:
        entered = await self._inner.__aenter__()
        return self if entered is self._inner else entered

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Any:
        try:
            return await self._inner.__aexit__(kind, error, traceback)
        finally:
            self.watch.closed() if error is None else self.watch.failed(error)


def _relay(inner: Generator[Any, Any, Any], watch: Watch, is_current: bool) -> Generator[Any, Any, Any]:
    """A generator for a generator: libraries ask whether something is one."""
    step: Callable[[], Any] = inner.__next__
    while True:
        token = spans.enter(watch.span) if is_current else None
        try:
            piece = step()
        except StopIteration as stop:
            watch.done()
            return stop.value
        except BaseException as error:
            watch.failed(error)
            raise
        finally:
            if is_current:
                spans.leave(watch.span, token)
        watch.piece(piece)
        try:
            step = functools.partial(inner.send, (yield piece))
        except GeneratorExit:
            inner.close()
            watch.closed()
            raise
        except BaseException as error:
            step = functools.partial(inner.throw, error)


async def _relay_async(inner: AsyncGenerator[Any, Any], watch: Watch, is_current: bool) -> AsyncGenerator[Any, Any]:
    """The same for asynchronous ones."""
    step: Callable[[], Any] = inner.__anext__
    while True:
        token = spans.enter(watch.span) if is_current else None
        try:
            piece = await step()
        except StopAsyncIteration:
            watch.done()
            return
        except BaseException as error:
            watch.failed(error)
            raise
        finally:
            if is_current:
                spans.leave(watch.span, token)
        watch.piece(piece)
        try:
            step = functools.partial(inner.asend, (yield piece))
        except GeneratorExit:
            await inner.aclose()
            watch.closed()
            raise
        except BaseException as error:
            step = functools.partial(inner.athrow, error)


def observe(stream: Any, watch: Watch, is_current: bool = False) -> Any:
    """A stand-in for a stream whose class is nothing the application asks for; a generator stays one."""
    if inspect.isgenerator(stream):
        return _relay(stream, watch, is_current)
    if inspect.isasyncgen(stream):
        return _relay_async(stream, watch, is_current)
    if hasattr(type(stream), "__anext__"):
        return ObservedAsyncIterator(stream, watch, is_current)
    if hasattr(type(stream), "__next__"):
        return ObservedIterator(stream, watch, is_current)
    if hasattr(type(stream), "__aiter__"):
        return ObservedAsyncIterator(stream.__aiter__(), watch, is_current)
    return ObservedIterator(iter(stream), watch, is_current)


WATCH = "_fanlight_watch"
"""Where a stream that stays what it is has its watch; see `tap`."""


def tap(patches: Patches, path: str) -> None:
    """Prepares a class of streams: an object of it that has a watch tells it of its pieces and its end. Some ask the
    model only when the first piece is wanted, so its span is current then."""
    for name in ("__next__", "__anext__"):
        patches.at(f"{path}.{name}", _tapped_async if name == "__anext__" else _tapped)
    for name in ("close", "__exit__"):
        patches.at(f"{path}.{name}", _tapped_end)
    for name in ("aclose", "__aexit__"):
        patches.at(f"{path}.{name}", _tapped_end_async)


def _tapped(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    def wrapper(self: Any) -> Any:
        watch: Watch | None = vars(self).get(WATCH)
        if watch is None:
            return step(self)
        token = spans.enter(watch.span)
        try:
            piece = step(self)
        except StopIteration:
            watch.done()
            raise
        except BaseException as error:
            watch.failed(error)
            raise
        finally:
            spans.leave(watch.span, token)
        watch.piece(piece)
        return piece

    return wrapper


def _tapped_async(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    async def wrapper(self: Any) -> Any:
        watch: Watch | None = vars(self).get(WATCH)
        if watch is None:
            return await step(self)
        token = spans.enter(watch.span)
        try:
            piece = await step(self)
        except StopAsyncIteration:
            watch.done()
            raise
        except BaseException as error:
            watch.failed(error)
            raise
        finally:
            spans.leave(watch.span, token)
        watch.piece(piece)
        return piece

    return wrapper


def _tapped_end(end: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(end)
    def wrapper(self: Any, *args: Any) -> Any:
        try:
            return end(self, *args)
        finally:
            if (watch := vars(self).get(WATCH)) is not None:
                watch.closed()

    return wrapper


def _tapped_end_async(end: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(end)
    async def wrapper(self: Any, *args: Any) -> Any:
        try:
            return await end(self, *args)
        finally:
            if (watch := vars(self).get(WATCH)) is not None:
                watch.closed()

    return wrapper


def is_stream(value: Any) -> bool:
    """Whether it is read piece by piece; lists and texts are not."""
    kind = type(value)
    return hasattr(kind, "__anext__") or hasattr(kind, "__next__")
