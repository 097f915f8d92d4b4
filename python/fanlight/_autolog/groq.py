"""Groq's client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from . import chat
from .calls import Wrapping
from .openai import ENDPOINTS
from .stainless import Client


def _attributes(body: Mapping[str, Any]) -> dict[str, Any]:
    return chat.request_attributes(body, message_format="groq")


def install(patches: Wrapping) -> None:
    endpoints = {
        "/chat/completions": replace(ENDPOINTS["/chat/completions"], attributes=_attributes),
        "/embeddings": ENDPOINTS["/embeddings"],
    }
    Client("groq", endpoints, lambda client: "groq").install(patches)
