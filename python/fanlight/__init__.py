"""Traces of LLM applications and agents: decorate, run, look at them in Fanlight.

    import fanlight

    fanlight.set_tracking_uri("http://127.0.0.1:5000")
    fanlight.set_experiment("my app")

    @fanlight.trace
    def answer(question: str) -> str: ...

The names are those of MLflow's tracing API, so `import fanlight as mlflow` runs existing code; see
`install_as_mlflow` for code that imports `mlflow` itself. What is not needed to record spans is imported when it is
first used.
"""

from __future__ import annotations

import importlib

from . import _lifecycle as _lifecycle
from . import _threads as _threads
from ._core import Span as LiveSpan
from ._core import __version__
from ._fluent import (
    get_active_trace_id,
    get_current_active_span,
    get_last_active_trace_id,
    get_traceparent,
    start_span,
    start_span_no_context,
    trace,
    update_current_trace,
)

# `typing` takes longer to import than all of this package: only type checkers do.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import config, entities, exceptions, models, pyfunc, tracing, types
    from ._assessments import (
        delete_assessment,
        get_assessment,
        log_assessment,
        log_expectation,
        log_feedback,
        log_issue,
        override_feedback,
        update_assessment,
    )
    from ._autolog import autolog
    from ._compat import install_as_mlflow
    from ._experiments import (
        create_experiment,
        delete_experiment,
        get_experiment,
        get_experiment_by_name,
        search_experiments,
        set_experiment,
        set_experiment_tag,
        set_experiment_tags,
    )
    from ._lifecycle import flush_trace_async_logging, shutdown, stats
    from ._runs import (
        active_run,
        delete_tag,
        end_run,
        get_run,
        last_active_run,
        log_metric,
        log_metrics,
        log_param,
        log_params,
        search_runs,
        set_tag,
        set_tags,
        start_run,
    )
    from ._settings import (
        add_exporter,
        get_tracking_uri,
        get_workspace,
        is_tracking_uri_set,
        set_headers,
        set_token,
        set_tracking_uri,
        set_workspace,
    )
    from ._traces import (
        add_trace,
        delete_trace_tag,
        delete_traces,
        get_last_active_trace,
        get_trace,
        log_trace,
        search_sessions,
        search_traces,
        set_trace_tag,
    )
    from .client import MlflowClient
    from .entities import SpanType
    from .exceptions import MlflowException

# Where the other names are, so that importing this package costs little.
_HOMES = {
    "_assessments": (
        "delete_assessment",
        "get_assessment",
        "log_assessment",
        "log_expectation",
        "log_feedback",
        "log_issue",
        "override_feedback",
        "update_assessment",
    ),
    "_autolog": ("autolog",),
    "_compat": ("install_as_mlflow",),
    "_experiments": (
        "create_experiment",
        "delete_experiment",
        "get_experiment",
        "get_experiment_by_name",
        "search_experiments",
        "set_experiment",
        "set_experiment_tag",
        "set_experiment_tags",
    ),
    "_lifecycle": ("flush_trace_async_logging", "shutdown", "stats"),
    "_runs": (
        "active_run",
        "delete_tag",
        "end_run",
        "get_run",
        "last_active_run",
        "log_metric",
        "log_metrics",
        "log_param",
        "log_params",
        "search_runs",
        "set_tag",
        "set_tags",
        "start_run",
    ),
    "_settings": (
        "add_exporter",
        "get_tracking_uri",
        "get_workspace",
        "is_tracking_uri_set",
        "set_headers",
        "set_token",
        "set_tracking_uri",
        "set_workspace",
    ),
    "_traces": (
        "add_trace",
        "delete_trace_tag",
        "delete_traces",
        "get_last_active_trace",
        "get_trace",
        "log_trace",
        "search_sessions",
        "search_traces",
        "set_trace_tag",
    ),
    "client": ("MlflowClient",),
    "entities": ("SpanType",),
    "exceptions": ("MlflowException",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "LiveSpan",
    "MlflowClient",
    "MlflowException",
    "SpanType",
    "__version__",
    "active_run",
    "add_exporter",
    "add_trace",
    "autolog",
    "config",
    "create_experiment",
    "delete_assessment",
    "delete_experiment",
    "delete_tag",
    "delete_trace_tag",
    "delete_traces",
    "end_run",
    "entities",
    "exceptions",
    "flush_trace_async_logging",
    "get_active_trace_id",
    "get_assessment",
    "get_current_active_span",
    "get_experiment",
    "get_experiment_by_name",
    "get_last_active_trace",
    "get_last_active_trace_id",
    "get_run",
    "get_trace",
    "get_traceparent",
    "get_tracking_uri",
    "get_workspace",
    "install_as_mlflow",
    "is_tracking_uri_set",
    "last_active_run",
    "log_assessment",
    "log_expectation",
    "log_feedback",
    "log_issue",
    "log_metric",
    "log_metrics",
    "log_param",
    "log_params",
    "log_trace",
    "models",
    "override_feedback",
    "pyfunc",
    "search_experiments",
    "search_runs",
    "search_sessions",
    "search_traces",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_headers",
    "set_tag",
    "set_tags",
    "set_token",
    "set_trace_tag",
    "set_tracking_uri",
    "set_workspace",
    "shutdown",
    "start_run",
    "start_span",
    "start_span_no_context",
    "stats",
    "trace",
    "tracing",
    "types",
    "update_assessment",
    "update_current_trace",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is not None:
        value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value
    if not name.startswith("_"):
        # `fanlight.openai.autolog()` without an import of its own, as MLflow has it.
        full = f"{__name__}.{name}"
        try:
            return importlib.import_module(full)
        except ModuleNotFoundError as error:
            if error.name != full:
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *globals()})
