"""Pydantic AI's own instrumentation, bound to our core."""

from __future__ import annotations

import inspect
from typing import Any

from . import otel
from .calls import Wrapping
from .errors import log
from .library import is_there
from .patching import find


def install(patches: Wrapping) -> None:
    if not is_there("opentelemetry.sdk"):
        log.warning("pydantic_ai is traced by its own spans, which need: pip install opentelemetry-sdk")
        return
    agent: Any = find("pydantic_ai:Agent")
    settings: Any = find("pydantic_ai.models.instrumented:InstrumentationSettings")
    if settings is None or not hasattr(agent, "instrument_all"):
        return
    before = getattr(agent, "_instrument_default", False)
    # Older ones cannot leave content out, and have no word for leaving it in.
    wished = {"include_content": True} if "include_content" in inspect.signature(settings).parameters else {}
    agent.instrument_all(settings(tracer_provider=otel.own_provider(patches), **wished))

    def instrument_as_before() -> None:
        agent.instrument_all(before)

    patches.on_undo(instrument_as_before)
