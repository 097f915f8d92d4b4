"""A server that answers what a test tells it to, for providers that nobody else stands in for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Events(list):
    """An answer of server-sent events: their data, or pairs of a name and data."""

    def body(self) -> bytes:
        return "".join(map(_event, self)).encode()


def _event(event: Any) -> str:
    name, data = event if isinstance(event, tuple) else (None, event)
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "") + f"data: {text}\n\n"


class StandIn:
    """Knows what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[tuple[str, Any]] = []


@contextmanager
def answering(answers: Mapping[str, Any]) -> Iterator[StandIn]:
    """`answers` are JSON or `Events` by the end of a path, with `#stream` where the request asks for one; several in a
    tuple are given one after the other."""
    waiting = {path: list(answer) if isinstance(answer, tuple) else None for path, answer in answers.items()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            pass

        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            path = self.path.partition("?")[0]
            asked = json.loads(content) if content[:1] in (b"{", b"[") else content
            stand_in.asked.append((path, asked))
            wanted = f"{path}#stream" if isinstance(asked, dict) and asked.get("stream") else path
            known = next((it for it in answers if wanted.endswith(it)), None)
            known = known or next((it for it in answers if path.endswith(it)), None)
            reply: Any = {"error": f"nothing is known of {path}"}
            if known is not None:
                several = waiting[known]
                reply = answers[known] if several is None else several.pop(0)
            is_stream = isinstance(reply, Events)
            body = reply.body() if is_stream else json.dumps(reply).encode()
            self.send_response(200 if known is not None else 404)
            self.send_header("content-type", "text/event-stream" if is_stream else "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stand_in = StandIn(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
