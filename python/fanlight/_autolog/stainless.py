"""Clients made by one generator (OpenAI, Anthropic, Groq): every request goes through one method.

Seen there, a call is known whichever way it was made: `create`, `parse`, `stream`, raw responses, beta resources, sync
and async. Inputs are the body as it goes over the wire.
"""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import spans
from .calls import Switch, Wrapping
from .errors import guard
from .patching import find
from .streams import WATCH, Collector, ObservedAsyncIterator, ObservedIterator, Watch, observe


@dataclass(frozen=True)
class Endpoint:
    """What is behind a path, and how its bodies are read."""

    name: str
    span_type: str
    attributes: Callable[[Mapping[str, Any]], dict[str, Any]]
    conclude: Callable[[spans.Span, Any], None]
    """Sets what a whole response says: an object of the library, or plain JSON."""
    collector: Callable[[Mapping[str, Any]], Collector] | None = None


class Client:
    """The patches of one library of this kind."""

    def __init__(self, library: str, endpoints: Mapping[str, Endpoint], provider: Callable[[Any], str | None]) -> None:
        self._library = library
        self._endpoints = endpoints
        self._provider = provider

    def install(self, patches: Wrapping) -> None:
        base, switch = f"{self._library}._base_client", patches.switch
        for name, wrap in (("SyncAPIClient", self._sync), ("AsyncAPIClient", self._async)):
            for owner in _owners(find(f"{base}:{name}")):
                patches.attribute(owner, "request", lambda request, wrap=wrap: wrap(request, switch))
        patches.at(f"{self._library}._streaming:Stream.close", _closes)
        patches.at(f"{self._library}._streaming:AsyncStream.close", _closes_async)
        for module in ("_response:APIResponse", "_legacy_response:LegacyAPIResponse"):
            # Parts of a library are looked at only where it has them: an import must not cost what nobody uses.
            patches.at(f"{self._library}.{module}.parse", _parses)
        patches.at(f"{self._library}._response:AsyncAPIResponse.parse", _parses_async)

    def _start(self, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Request | None:
        with guard(self._library):
            options = kwargs.get("options") or next((it for it in args if hasattr(it, "json_data")), None)
            endpoint = self._endpoint(options)
            if endpoint is None or not spans.is_on() or spans.is_asking():
                return None
            body = _body(options)
            is_async = type(client).__name__.startswith("Async")
            attributes = endpoint.attributes(body)
            if (provider := self._provider(client)) is not None:
                attributes[spans.PROVIDER] = provider
            name = f"Async{endpoint.name}" if is_async else endpoint.name
            started = time.perf_counter()
            return _Request(endpoint, body, spans.begin(name, endpoint.span_type, body, attributes), started)
        return None

    def _endpoint(self, options: Any) -> Endpoint | None:
        if options is None or str(getattr(options, "method", "")).lower() != "post":
            return None
        path = str(options.url).partition("?")[0].rstrip("/")
        return next((it for suffix, it in self._endpoints.items() if path.endswith(suffix)), None)

    def _sync(self, request: Callable[..., Any], switch: Switch) -> Callable[..., Any]:
        @functools.wraps(request)
        def wrapper(client: Any, *args: Any, **kwargs: Any) -> Any:
            started = self._start(client, args, kwargs) if switch.on else None
            if started is None:
                return request(client, *args, **kwargs)
            token = spans.enter(started.span)
            try:
                result = request(client, *args, **kwargs)
            except BaseException as error:
                spans.fail(started.span, error)
                raise
            finally:
                spans.leave(started.span, token)
            return started.finish(self._library, result)

        return wrapper

    def _async(self, request: Callable[..., Any], switch: Switch) -> Callable[..., Any]:
        @functools.wraps(request)
        async def wrapper(client: Any, *args: Any, **kwargs: Any) -> Any:
            started = self._start(client, args, kwargs) if switch.on else None
            if started is None:
                return await request(client, *args, **kwargs)
            token = spans.enter(started.span)
            try:
                result = await request(client, *args, **kwargs)
            except BaseException as error:
                spans.fail(started.span, error)
                raise
            finally:
                spans.leave(started.span, token)
            return started.finish(self._library, result)

        return wrapper


@dataclass
class _Request:
    endpoint: Endpoint
    body: Mapping[str, Any]
    span: spans.Span
    started: float

    def finish(self, library: str, result: Any) -> Any:
        with guard(library):
            if self.body.get("stream") and self.endpoint.collector is not None:
                return self._watch(result, Watch(self.span, self.endpoint.collector(self.body), self.started))
            response = getattr(result, "http_response", None)
            if response is None:
                self.endpoint.conclude(self.span, result)
            elif response.is_closed:
                self.endpoint.conclude(self.span, json.loads(response.content))
            else:  # read later, or never
                return self._watch(result, Watch(self.span, _Whole(self.endpoint), self.started))
        spans.end(self.span)
        return result

    @staticmethod
    def _watch(result: Any, watch: Watch) -> Any:
        if hasattr(result, "http_response"):
            setattr(result, WATCH, watch)
            return result
        return attach(result, watch)


class _Whole:
    """One response that is read late."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._response: Any = None

    def add(self, piece: Any) -> bool:
        self._response = piece
        return False

    def conclude(self, span: spans.Span) -> None:
        if self._response is not None:
            self._endpoint.conclude(span, self._response)


def attach(stream: Any, watch: Watch) -> Any:
    """The stream itself, which stays an object of the library's class; its pieces are seen on their way."""
    inner = getattr(stream, "_iterator", None)
    if inner is None:
        return observe(stream, watch)
    observed = ObservedAsyncIterator if hasattr(type(stream), "__anext__") else ObservedIterator
    stream._iterator = observed(inner, watch)
    return stream


def _owners(base: Any) -> list[Any]:
    """The class, and those below in which somebody has put a `request` of its own before."""
    if not isinstance(base, type):
        return []
    below = [owner for kind in base.__subclasses__() for owner in _owners(kind)]
    return [base, *(owner for owner in below if "request" in vars(owner))]


def _body(options: Any) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for part in (getattr(options, "json_data", None), getattr(options, "extra_json", None)):
        if isinstance(part, Mapping):
            body.update(part)
    return {name: value for name, value in body.items() if type(value).__name__ not in ("NotGiven", "Omit")}


def _watch_of_stream(stream: Any) -> Watch | None:
    return getattr(vars(stream).get("_iterator"), "watch", None)


def _closes(close: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(close)
    def wrapper(self: Any) -> Any:
        try:
            return close(self)
        finally:
            if (watch := _watch_of_stream(self)) is not None:
                watch.closed()

    return wrapper


def _closes_async(close: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(close)
    async def wrapper(self: Any) -> Any:
        try:
            return await close(self)
        finally:
            if (watch := _watch_of_stream(self)) is not None:
                watch.closed()

    return wrapper


def _parsed(response: Any, result: Any) -> Any:
    watch = vars(response).pop(WATCH, None)
    if watch is None:
        return result
    with guard("a raw response"):
        if hasattr(type(result), "__anext__") or hasattr(type(result), "__next__"):
            return attach(result, watch)
        watch.piece(result)
    watch.done()
    return result


def _parses(parse: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(parse)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _parsed(self, parse(self, *args, **kwargs))

    return wrapper


def _parses_async(parse: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(parse)
    async def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _parsed(self, await parse(self, *args, **kwargs))

    return wrapper
