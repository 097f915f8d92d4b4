"""What can go wrong when the server is asked. Recording spans raises nothing."""

from __future__ import annotations

from typing import Any


class MlflowException(Exception):
    """The server refused, or did not answer. `error_code` is MLflow's, for example `RESOURCE_DOES_NOT_EXIST`."""

    def __init__(self, message: str, error_code: str = "INTERNAL_ERROR", **_more: Any) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = str(error_code)


class RestException(MlflowException):
    """The server answered with an error. `status` is that of HTTP."""

    def __init__(self, message: str, error_code: str = "INTERNAL_ERROR", status: int = 0) -> None:
        super().__init__(f"{error_code}: {message}", error_code)
        self.status = status

    def get_http_status_code(self) -> int:
        return self.status


class MlflowTracingException(MlflowException):
    """A trace cannot be made as asked."""
