"""A threaded HTTP/1.1 server on loopback, one thread per connection.

Standard library sockets and nothing else: the server is up within milliseconds inside a command,
and a body of any size passes through in pieces. It is no server for a network: that is why it
cannot be bound to anything but 127.0.0.1.
"""

import contextlib
import http
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator

from gcp_deploy.emulator.clock import http_date
from gcp_deploy.emulator.hosts import authority
from gcp_deploy.emulator.messages import Body, FileSlice, Query, Request, Response, json_response
from gcp_deploy.emulator.problems import Problem, rpc_envelope
from gcp_deploy.emulator.wire import Incoming, open_body, parse_head

logger = logging.getLogger(__name__)

IDLE_SECONDS = 75.0
"""How long a connection may say nothing, within a message or between two."""
CONNECTIONS = 256
DRAIN_LIMIT = 256 << 20
"""An answered request's unread body is read up to here, so that the answer is not lost."""
_SAFETY = (
    b"X-Content-Type-Options: nosniff\r\n"
    b"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; sandbox\r\n"
    b"Referrer-Policy: no-referrer\r\n"
    b"Cache-Control: no-store\r\n"
)
_FORBIDDEN = dict.fromkeys((*range(32), 127), " ")

Application = Callable[[Request], Response]


class CutConnection(Exception):
    """Raised by an application to end the connection without an answer, or in the middle of one."""


class HttpServer:
    """Listens from construction; answers from :meth:`start` until :meth:`close`."""

    def __init__(self, application: Application, *, port: int = 0) -> None:
        self._application = application
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._wake, self._waker = socket.socketpair()
        self._connections: set[_Connection] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self._listener.getsockname()[1])

    def start(self) -> None:
        """Answer requests in threads of their own."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._accept, name="http-accept", daemon=True)
            self._thread.start()

    def close(self, *, grace: float = 5.0) -> None:
        """Stop listening, let requests under way end within *grace* seconds, then cut."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            connections = list(self._connections)
        self._waker.send(b"x")
        if self._thread is not None:
            self._thread.join()
        self._listener.close()
        for connection in connections:
            connection.finish()
        for connection in connections:
            connection.thread.join(grace)
            connection.cut()
        self._wake.close()
        self._waker.close()

    def _accept(self) -> None:
        self._listener.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while not self._closing:
                selector.select()
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    self._admit(self._listener.accept()[0])

    def _admit(self, client: socket.socket) -> None:
        client.settimeout(IDLE_SECONDS)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            if self._closing or len(self._connections) >= CONNECTIONS:
                client.close()
                return
            connection = _Connection(client, self._application, self._forget)
            self._connections.add(connection)
            connection.thread.start()

    def _forget(self, connection: "_Connection") -> None:
        with self._lock:
            self._connections.discard(connection)


class _Connection:
    """One client: requests one after the other."""

    def __init__(
        self,
        client: socket.socket,
        application: Application,
        ended: Callable[["_Connection"], None],
    ) -> None:
        self._socket = client
        self._application = application
        self._ended = ended
        self._busy = threading.Lock()
        self._last = False
        self.thread = threading.Thread(target=self._run, name="http-connection", daemon=True)

    def finish(self) -> None:
        """Answer no further request; an idle connection is closed at once."""
        self._last = True
        if self._busy.acquire(blocking=False):
            self.cut()
            self._busy.release()

    def cut(self) -> None:
        """Close the connection under whoever uses it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        try:
            incoming = Incoming(self._socket)
            while not self._last and self._exchange(incoming):
                pass
        except (OSError, CutConnection):  # the client went away, was too slow, or was cut off
            logger.debug("a connection ended early", exc_info=True)
        finally:
            self._socket.close()
            self._ended(self)

    def _exchange(self, incoming: Incoming) -> bool:
        """Answer one request; tell whether another may follow."""
        try:
            head = incoming.read_head()
            if head is None:
                return False
            with self._busy:
                return self._answer(incoming, head)
        except Problem as problem:
            self._send(json_response(rpc_envelope(problem), status=problem.http_status), last=True)
            return False

    def _answer(self, incoming: Incoming, head: bytes) -> bool:
        method, target, version, headers = parse_head(head)
        body = open_body(incoming, headers, self._continue(headers.get("expect"), version))
        host, target = authority(target, headers)
        path, _, query = target.partition("?")
        request = Request(
            method=method,
            path=path,
            query=Query(query),
            headers=headers,
            body=body,
            base_url=f"http://{host}",
        )
        response = self._application(request)
        wished = headers.get("connection").lower()
        keep = "close" not in wished and (version == "HTTP/1.1" or "keep-alive" in wished)
        expecting = "expect" in headers
        keep = keep and not self._last and not (expecting and body.length != 0)
        keep = keep and (body.length or 0) <= DRAIN_LIMIT
        self._send(response, last=not keep, bodiless=method == "HEAD")
        return _drain(body) and keep

    def _continue(self, expectation: str, version: str) -> Callable[[], None]:
        def before() -> None:
            if expectation.lower() == "100-continue" and version == "HTTP/1.1":
                self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

        return before

    def _send(self, response: Response, *, last: bool, bodiless: bool = False) -> None:
        head, body = _head(response, last=last), response.body
        if isinstance(body, bytes):
            self._socket.sendall(head if bodiless else head + body)
        elif isinstance(body, FileSlice):
            with body.file:
                self._socket.sendall(head)
                if body.length and not bodiless:
                    self._socket.sendfile(body.file, body.start, body.length)
        else:
            self._send_chunked(head, body)

    def _send_chunked(self, head: bytes, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            if piece:
                self._socket.sendall(head + b"%x\r\n%b\r\n" % (len(piece), piece))
                head = b""
        self._socket.sendall(head + b"0\r\n\r\n")


def _head(response: Response, *, last: bool) -> bytes:
    """Return the head of *response*. What it must not contain is replaced, not trusted."""
    try:
        phrase = http.HTTPStatus(response.status).phrase
    except ValueError:  # 499 is not registered
        phrase = "Client Closed Request"
    lines = [f"HTTP/1.1 {response.status} {phrase}", f"Date: {http_date(time.time())}"]
    lines += [f"{name}: {value}".translate(_FORBIDDEN) for name, value in response.headers]
    if isinstance(response.body, bytes):
        if response.status not in (204, 304):
            lines.append(f"Content-Length: {len(response.body)}")
    elif isinstance(response.body, FileSlice):
        lines.append(f"Content-Length: {response.body.length}")
    else:
        lines.append("Transfer-Encoding: chunked")
    if last:
        lines.append("Connection: close")
    text = "\r\n".join(lines)
    return text.encode("latin-1", "replace") + b"\r\n" + _SAFETY + b"\r\n"


def _drain(body: Body) -> bool:
    """Read what the handler left of *body*; tell whether the connection is still in step."""
    left = DRAIN_LIMIT
    try:
        while left > 0 and (piece := body.read()):
            left -= len(piece)
    except Problem:
        return False
    return left > 0
