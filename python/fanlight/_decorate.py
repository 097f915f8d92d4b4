"""Wrapping callables so that each call is a span."""

from __future__ import annotations

import functools
import types
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, cast

from . import _core

# Flags of code objects, as `inspect` has them; importing `inspect` takes longer than the rest of this package.
_VARARGS = 0x04
_VARKEYWORDS = 0x08
_GENERATOR = 0x20
_COROUTINE = 0x80
_ITERABLE_COROUTINE = 0x100
_ASYNC_GENERATOR = 0x200

# Flag of types that Python code defines, and may change; others are called as functions are.
_IS_CHANGEABLE = 1 << 9

# Of a stream, that many items are kept for the outputs.
MAX_ITEMS = 10_000

_Named = tuple[str, bool, Any]


def wrap(
    function: Any,
    *,
    name: str | None,
    span_type: str,
    attributes: dict[str, Any] | None,
    output_reducer: Callable[[list[Any]], Any] | None,
    experiment_id: str | None,
    sampling_ratio: float | None,
    links: list[Any] | None = None,
) -> Any:
    """`function` with a span around each call; a class gets it around its public methods."""
    if isinstance(function, (staticmethod, classmethod)):
        inner = wrap(
            cast(Any, function).__func__,
            name=name,
            span_type=span_type,
            attributes=attributes,
            output_reducer=output_reducer,
            experiment_id=experiment_id,
            sampling_ratio=sampling_ratio,
            links=links,
        )
        return type(cast(Any, function))(inner)
    if isinstance(function, type) and function.__flags__ & _IS_CHANGEABLE:
        return _wrap_class(
            function,
            span_type=span_type,
            attributes=attributes,
            output_reducer=output_reducer,
            experiment_id=experiment_id,
            sampling_ratio=sampling_ratio,
            links=links,
        )
    own_name = _name_of(function)
    recipe = _core.Recipe(
        name or own_name,
        span_type,
        own_name,
        attributes,
        experiment_id=experiment_id,
        sampling_ratio=sampling_ratio,
        links=links,
        **_parameters(function),
    )
    flags = _flags(function)
    if flags & _ASYNC_GENERATOR:
        wrapper = _async_generator(function, recipe, output_reducer)
    elif flags & _GENERATOR:
        wrapper = _generator(function, recipe, output_reducer)
    elif flags & (_COROUTINE | _ITERABLE_COROUTINE):
        wrapper = _coroutine(function, recipe)
    else:
        wrapper = _plain(function, recipe)
    return functools.update_wrapper(wrapper, function)


def _wrap_class(cls: type, **options: Any) -> type:
    for name, member in list(vars(cls).items()):
        is_method = isinstance(member, (types.FunctionType, staticmethod, classmethod))
        if is_method and not name.startswith("_"):
            setattr(cls, name, wrap(member, name=None, **options))
    return cls


def _name_of(function: Any) -> str:
    for candidate in (function, getattr(function, "func", None), cast(Any, type(function))):
        name = getattr(candidate, "__name__", None)
        if isinstance(name, str):
            return name
    return "function"


def _flags(function: Any) -> int:
    if isinstance(function, types.FunctionType) and not hasattr(function, "__wrapped__"):
        return function.__code__.co_flags
    import inspect

    plain_kinds: Any = (functools.partial, types.FunctionType, types.MethodType)
    if not isinstance(function, plain_kinds) and callable(function):
        function = type(function).__call__
    if inspect.isasyncgenfunction(function):
        return _ASYNC_GENERATOR
    if inspect.iscoroutinefunction(function):
        return _COROUTINE
    if inspect.isgeneratorfunction(function):
        return _GENERATOR
    return 0


def _parameters(function: Any) -> dict[str, Any]:
    """Names and defaults, for `Recipe`."""
    if isinstance(function, types.FunctionType) and not hasattr(function, "__wrapped__"):
        return _parameters_of_code(function)
    import inspect

    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return {"signature": False}
    positional: list[_Named] = []
    keyword: list[_Named] = []
    more_positional = more_keyword = None
    for parameter in signature.parameters.values():
        has_default = parameter.default is not parameter.empty
        named = (parameter.name, has_default, parameter.default if has_default else None)
        if parameter.kind is parameter.VAR_POSITIONAL:
            more_positional = parameter.name
        elif parameter.kind is parameter.VAR_KEYWORD:
            more_keyword = parameter.name
        elif parameter.kind is parameter.KEYWORD_ONLY:
            keyword.append(named)
        else:
            positional.append(named)
    return _without_self(positional, keyword, more_positional, more_keyword)


def _parameters_of_code(function: types.FunctionType) -> dict[str, Any]:
    code = function.__code__
    names = code.co_varnames
    count = code.co_argcount
    defaults = function.__defaults__ or ()
    required = count - len(defaults)
    positional: list[_Named] = [
        (names[at], at >= required, defaults[at - required] if at >= required else None) for at in range(count)
    ]
    end = count + code.co_kwonlyargcount
    keyword_defaults = function.__kwdefaults__ or {}
    keyword: list[_Named] = [
        (each, each in keyword_defaults, keyword_defaults.get(each)) for each in names[count:end]
    ]
    more_positional = more_keyword = None
    if code.co_flags & _VARARGS:
        more_positional = names[end]
        end += 1
    if code.co_flags & _VARKEYWORDS:
        more_keyword = names[end]
    return _without_self(positional, keyword, more_positional, more_keyword)


def _without_self(
    positional: list[_Named], keyword: list[_Named], more_positional: str | None, more_keyword: str | None
) -> dict[str, Any]:
    skips_first = bool(positional) and positional[0][0] in ("self", "cls")
    return {
        "skips_first": skips_first,
        "positional": positional[1:] if skips_first else positional,
        "more_positional": more_positional,
        "keyword": keyword,
        "more_keyword": more_keyword,
    }


def _plain(function: Callable[..., Any], recipe: _core.Recipe) -> Callable[..., Any]:
    enter = recipe.enter

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        span = enter(args, kwargs)
        if span is None:
            return function(*args, **kwargs)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            span._fail(error)
            raise
        span._done(result)
        return result

    return wrapper


def _coroutine(function: Callable[..., Any], recipe: _core.Recipe) -> Callable[..., Any]:
    enter = recipe.enter

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        span = enter(args, kwargs)
        if span is None:
            return await function(*args, **kwargs)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            span._fail(error)
            raise
        span._done(result)
        return result

    return wrapper


class Items:
    """What a stream gave so far."""

    __slots__ = ("kept", "more", "reducer")

    def __init__(self, reducer: Callable[[list[Any]], Any] | None = None) -> None:
        self.kept: list[Any] = []
        self.more = 0
        self.reducer = reducer

    def add(self, item: Any) -> None:
        if len(self.kept) < MAX_ITEMS:
            self.kept.append(item)
        else:
            self.more += 1

    def finish(self, span: _core.Span, error: BaseException | None = None) -> None:
        """Ends the span: with what came as outputs, and with `error` unless it only says that nobody listens."""
        outputs: Any = self.kept
        if self.reducer is not None:
            try:
                outputs = self.reducer(self.kept)
            except Exception as problem:
                span.set_attribute("fanlight.output_reducer.error", repr(problem))
        elif self.more:
            outputs = [*self.kept, f"… [cut: {self.more} more items]"]
        if error is None:
            span._done(outputs)
        elif isinstance(error, GeneratorExit):
            span.set_attribute("fanlight.stream.closed_early", True)
            span._done(outputs)
        else:
            if self.kept:
                span.set_outputs(outputs)
            span._fail(error)


def _generator(
    function: Callable[..., Any], recipe: _core.Recipe, reducer: Callable[[list[Any]], Any] | None
) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        span = recipe.start(args, kwargs)
        if span is None:
            return cast(Any, (yield from function(*args, **kwargs)))
        items = Items(reducer)
        stream: Generator[Any, Any, Any] = function(*args, **kwargs)
        sent: Any = None
        thrown: BaseException | None = None
        try:
            while True:
                # The span is current only while the generator's own code runs.
                span._activate()
                try:
                    item = stream.send(sent) if thrown is None else stream.throw(thrown)
                except StopIteration as stop:
                    result: Any = stop.value
                    break
                finally:
                    span._deactivate()
                items.add(item)
                sent = thrown = None
                try:
                    sent = yield item
                except GeneratorExit:
                    span._activate()
                    try:
                        stream.close()
                    finally:
                        span._deactivate()
                    raise
                except BaseException as error:
                    thrown = error
        except BaseException as error:
            items.finish(span, error)
            raise
        items.finish(span)
        return result

    return wrapper


def _async_generator(
    function: Callable[..., Any], recipe: _core.Recipe, reducer: Callable[[list[Any]], Any] | None
) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        span = recipe.start(args, kwargs)
        if span is None:
            async for item in function(*args, **kwargs):
                yield item
            return
        items = Items(reducer)
        stream: AsyncGenerator[Any, Any] = function(*args, **kwargs)
        sent: Any = None
        thrown: BaseException | None = None
        try:
            while True:
                span._activate()
                try:
                    item = await (stream.asend(sent) if thrown is None else stream.athrow(thrown))
                except StopAsyncIteration:
                    break
                finally:
                    span._deactivate()
                items.add(item)
                sent = thrown = None
                try:
                    sent = yield item
                except GeneratorExit:
                    span._activate()
                    try:
                        await stream.aclose()
                    finally:
                        span._deactivate()
                    raise
                except BaseException as error:
                    thrown = error
        except BaseException as error:
            items.finish(span, error)
            raise
        items.finish(span)

    return wrapper
