"""The stand-in for the providers."""

from __future__ import annotations

from typing import Any

from support import fakellm


class Provider:
    """Answers as OpenAI, Anthropic and Gemini do, and knows what it was asked."""

    def __init__(self) -> None:
        self.server = fakellm.serve()
        self.server.handle_error = lambda *args: None  # readers that go away early are part of the tests
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def requests(self) -> list[dict[str, Any]]:
        return self.server.RequestHandlerClass.seen

    def forget(self) -> None:
        self.requests.clear()
