"""`fanlight.autolog()` starts every instrumentor that is installed, and stops it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fanlight
from fanlight import _autolog
from portkey_ai import Portkey

from provider import Provider
from recorded import Recorded


def test_on_and_off_and_on(tmp_path: Path, provider: Provider, recorded: Recorded) -> None:
    import lancedb
    from together import Together

    messages: Any = [{"role": "user", "content": "Hello there"}]
    table = lancedb.connect(tmp_path).create_table("things", data=[{"id": 1, "vector": [0.1, 0.2]}])

    def work() -> None:
        with fanlight.start_span("request"):
            Together(api_key="x", base_url=f"{provider.url}/v1").chat.completions.create(model="m", messages=messages)
            Portkey(api_key="x", base_url=f"{provider.url}/v1").chat.completions.create(model="m", messages=messages)
            table.search([0.1, 0.2]).limit(1).to_list()

    before = _autolog.faults()
    traced = [
        "request UNKNOWN",
        "  together.chat CHAT_MODEL",
        "  Completions LLM",
        "  lancedb.search RETRIEVER",
    ]
    for _ in range(2):
        fanlight.autolog()
        work()
        fanlight.autolog(disable=True)
        work()
    assert recorded.tree() == [*traced, "request UNKNOWN"] * 2
    assert _autolog.faults() == before
