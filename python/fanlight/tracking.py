"""The client, where MLflow has it."""

from .client import MlflowClient

__all__ = ["MlflowClient"]
