"""Where traces go and where questions are asked."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping

from . import _core

_explicit = False
_workspace: str | None = None
_exporters: list[tuple[str, list[tuple[str, str]]]] = []


def set_tracking_uri(uri: str | os.PathLike[str] | None) -> None:
    """The base address of the server, for example `http://127.0.0.1:5000`. `None` or `""`: what the environment says.

    Spans that were started before still go to the server they were started for. An address that is no server
    (`sqlite:///…`, `databricks`, a folder) changes nothing, and a warning says so.
    """
    global _explicit
    text = os.fspath(uri) if uri else ""
    if not text:
        _explicit = False
        text = next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), _DEFAULT)
    else:
        _explicit = True
    if not text.startswith(("http://", "https://")):
        warnings.warn(
            f"fanlight: {text!r} is no address of a server; traces still go to {_core.server_url()}",
            RuntimeWarning,
            stacklevel=2,
        )
        return
    _core.configure(server=text)


_VARIABLES = ("FANLIGHT_SERVER", "MLFLOW_TRACKING_URI")
_DEFAULT = "http://127.0.0.1:5000"


def get_tracking_uri() -> str:
    """The base address of the server."""
    return _core.server_url()


def is_tracking_uri_set() -> bool:
    """Whether the address was said, in the program or the environment."""
    return _explicit or any(os.environ.get(name) for name in _VARIABLES)


def set_headers(headers: Mapping[str, str]) -> None:
    """Sent with every request to the server; an empty value takes a header away."""
    _core.configure(headers=[(str(name), str(value)) for name, value in headers.items()])


def set_token(token: str | None) -> None:
    """Sent with every request to the server as `Authorization: Bearer`. `None`: no token."""
    _core.configure(headers=[("authorization", f"Bearer {token}" if token else "")])


def set_workspace(workspace: str | None) -> None:
    """The workspace that traces go to and questions are about. `None`: the server's default."""
    global _workspace
    _workspace = workspace
    _core.configure(workspace=workspace or "")


def get_workspace() -> str | None:
    return _workspace or os.environ.get("FANLIGHT_WORKSPACE") or os.environ.get("MLFLOW_WORKSPACE") or None


def add_exporter(url: str, headers: Mapping[str, str] | None = None) -> None:
    """Sends every span there too: the whole address of an OTLP receiver, as a rule ending with `/v1/traces`."""
    _exporters.append((url, list((headers or {}).items())))
    _core.configure(exporters=_exporters)
