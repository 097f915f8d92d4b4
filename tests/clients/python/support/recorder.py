"""A proxy that remembers what a client sends, so that tests can look at it and send it again."""

from __future__ import annotations

import http.server
import threading
from dataclasses import dataclass

import requests

HOP_HEADERS = {"connection", "transfer-encoding", "content-length", "content-encoding", "date", "server", "host"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Recorder:
    """Listens on a free port of the loopback interface and passes every request on to `upstream`."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def sent(self, method: str = "", part_of_path: str = "") -> list[Request]:
        with self._lock:
            return [each for each in self._requests if method in ("", each.method) and part_of_path in each.path]

    def send_again(self, request: Request) -> requests.Response:
        """Repeats a recorded request, as a client does that did not see the first reply."""
        return requests.request(
            request.method, self.upstream + request.path, headers=request.headers, data=request.body, timeout=20
        )

    def _record(self, request: Request) -> requests.Response:
        with self._lock:
            self._requests.append(request)
        return self.send_again(request)

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP_HEADERS}
                if encoding := self.headers.get("content-encoding"):
                    headers["content-encoding"] = encoding
                reply = recorder._record(Request(self.command, self.path, headers, body))
                self.send_response(reply.status_code)
                for key, value in reply.headers.items():
                    if key.lower() not in HOP_HEADERS:
                        self.send_header(key, value)
                self.send_header("content-length", str(len(reply.content)))
                self.end_headers()
                self.wfile.write(reply.content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on

            def log_message(self, format: str, *args: object) -> None:
                """Silent: the requests are kept instead."""

        return Handler
