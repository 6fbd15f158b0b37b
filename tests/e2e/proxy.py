"""A forwarding HTTP proxy that counts requests, and lets the n-th of them go wrong.

It stands between the command line and the embedded platform, so that a test can kill the command
before or after any call took effect, lose an answer, or answer in the platform's place.
"""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

Answer = tuple[int, dict[str, str], bytes]


class Proxy:
    """Forwards to *upstream*; use as a context manager."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.calls: list[tuple[str, str]] = []
        self.before: Callable[[int, str, str], Answer | str | None] = lambda *_: None
        """Called with number, method and path before a request is forwarded. An answer is given
        instead, ``"cut"`` cuts the connection, None forwards."""
        self.after: Callable[[int, str, str], Answer | str | None] = lambda *_: None
        """The same, called when the request has taken effect and before its answer goes back."""
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                proxy.handle(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The calls that are not reads and not predictions."""
        return [
            (method, path)
            for method, path in self.calls
            if method != "GET" and not path.partition("?")[0].endswith(":predict")
        ]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self._lock:
            number = len(self.calls)
            self.calls.append((handler.command, handler.path))
        told = self.before(number, handler.command, handler.path)
        answer = told if told is not None else self._forward(handler, body)
        if told is None:
            told = self.after(number, handler.command, handler.path)
            answer = answer if told is None else told
        self._reply(handler, answer)

    def _forward(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        headers = {key: value for key, value in handler.headers.items() if key.lower() != "host"}
        try:
            connection.request(handler.command, handler.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            kept = {
                key: value
                for key, value in answer.getheaders()
                if key.lower() not in {"transfer-encoding", "content-length", "connection"}
            }
            # Upload sessions lie at the platform's address: keep the client on this side.
            if "Location" in kept:
                kept["Location"] = kept["Location"].replace(f"http://{self.upstream}", self.url)
            return answer.status, kept, content
        finally:
            connection.close()

    @staticmethod
    def _reply(handler: BaseHTTPRequestHandler, answer: Answer | str) -> None:
        if isinstance(answer, str):
            handler.close_connection = True
            handler.connection.close()
            return
        status, headers, content = answer
        try:
            handler.send_response(status)
            for key, value in headers.items():
                handler.send_header(key, value)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)
        except OSError:  # the command that asked is dead: that was the point
            handler.close_connection = True
