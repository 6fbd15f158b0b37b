"""HTTP/1.1 on a socket: heads with limits, bodies in pieces, answers in as few writes as possible.

Stricter than RFC 9112 asks: one length only, no folded header lines, no bare CR, limits on every
part that a client controls. Trailers of chunked bodies are read and dropped.
"""

import re
import socket
from collections.abc import Callable
from time import monotonic

from gcp_deploy.emulator.messages import CHUNK, Body, Headers
from gcp_deploy.emulator.problems import Code, Problem, invalid

HEAD_LIMIT = 64 * 1024
FIELDS_LIMIT = 128
HEAD_SECONDS = 20.0
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_LENGTH = re.compile(r"\d{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")
_LINE_LIMIT = 4096


class Incoming:
    """The receiving side of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray()

    def read_head(self) -> bytes | None:
        """Return the next head without its final empty line, or None when the client is done.

        Raises:
            TimeoutError: nothing came in the socket's time, or the head took HEAD_SECONDS.
            Problem: 431 for a head above HEAD_LIMIT.
        """
        deadline, searched = 0.0, 0
        while True:
            end = self._buffer.find(b"\r\n\r\n", searched)
            if 0 <= end <= HEAD_LIMIT:
                head = bytes(self._buffer[:end])
                del self._buffer[: end + 4]
                return head.lstrip(b"\r\n")
            if len(self._buffer) > HEAD_LIMIT:
                raise Problem(
                    Code.INVALID_ARGUMENT, "The request head is too large.", http_status=431
                )
            searched = max(0, len(self._buffer) - 3)
            if self._buffer and not deadline:
                deadline = monotonic() + HEAD_SECONDS
            if deadline and monotonic() > deadline:
                raise TimeoutError
            piece = self._socket.recv(CHUNK)
            if not piece:
                return None
            self._buffer += piece

    def read_some(self, size: int) -> bytes:
        """Return between 1 and *size* bytes; ConnectionError at the end of the stream."""
        if self._buffer:
            piece = bytes(self._buffer[:size])
            del self._buffer[:size]
            return piece
        piece = self._socket.recv(size)
        if not piece:
            raise ConnectionError("the client closed the connection within a request body")
        return piece

    def read_line(self) -> bytes:
        """Return a line of the chunked coding, without its end."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _LINE_LIMIT:
                raise invalid("The chunked request body is malformed.")
            piece = self._socket.recv(_LINE_LIMIT)
            if not piece:
                raise ConnectionError("the client closed the connection within a request body")
            self._buffer += piece
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line


class LengthBody:
    """A body of declared length."""

    def __init__(self, incoming: Incoming, length: int, before: Callable[[], None]) -> None:
        self._incoming = incoming
        self._left = length
        self._length = length
        self._before: Callable[[], None] | None = before

    @property
    def length(self) -> int | None:
        """The declared length."""
        return self._length

    def read(self, size: int = CHUNK) -> bytes:
        """Return at most *size* bytes, ``b""`` at the end."""
        if not self._left:
            return b""
        if self._before is not None:
            self._before()
            self._before = None
        piece = self._incoming.read_some(min(size, self._left))
        self._left -= len(piece)
        return piece


class ChunkedBody:
    """A body in the chunked transfer coding."""

    def __init__(self, incoming: Incoming, before: Callable[[], None]) -> None:
        self._incoming = incoming
        self._left = 0
        self._started = False
        self._ended = False
        self._broken = False
        self._before: Callable[[], None] | None = before

    @property
    def length(self) -> int | None:
        """Unknown."""
        return None

    def read(self, size: int = CHUNK) -> bytes:
        """Return at most *size* bytes, ``b""`` at the end."""
        if self._before is not None:
            self._before()
            self._before = None
        if self._ended:
            return b""
        if not self._left and not self._next_chunk():
            return b""
        piece = self._incoming.read_some(min(size, self._left))
        self._left -= len(piece)
        return piece

    def _next_chunk(self) -> bool:
        """Step to the next chunk; False at the end. Once broken, it stays broken."""
        if self._broken:
            raise invalid("The chunked request body is malformed.")
        self._broken = True
        if self._started and self._incoming.read_line():
            raise invalid("The chunked request body is malformed.")
        self._started = True
        found = _CHUNK_SIZE.fullmatch(self._incoming.read_line())
        if found is None:
            raise invalid("The chunked request body is malformed.")
        self._left = int(found[1], 16)
        if not self._left:
            self._skip_trailers()
        self._broken = False
        return self._left > 0

    def _skip_trailers(self) -> None:
        for _ in range(FIELDS_LIMIT):
            if not self._incoming.read_line():
                self._ended = True
                return
        raise invalid("The chunked request body is malformed.")


def parse_head(head: bytes) -> tuple[str, str, str, Headers]:
    """Return method, target, HTTP version and headers of *head*.

    Raises:
        Problem: 400 when it is malformed, 431 for too many fields, 505 for another HTTP.
    """
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]) or not parts[1].isascii():
        raise invalid("The request line is malformed.")
    method, target, version = parts
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise Problem(Code.INVALID_ARGUMENT, "HTTP/1.1 is spoken here.", http_status=505)
    if len(lines) > FIELDS_LIMIT:
        raise Problem(Code.INVALID_ARGUMENT, "Too many header fields.", http_status=431)
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        value = value.strip(" \t")
        if not colon or not _TOKEN.fullmatch(name) or re.search(r"[\r\n\0]", value):
            raise invalid("A header field is malformed.")
        fields.append((name, value))
    return method, target, version, Headers(fields)


def open_body(incoming: Incoming, headers: Headers, before: Callable[[], None]) -> Body:
    """Return the body that *headers* declare; *before* runs before its first byte is read.

    Raises:
        Problem: 400 for both or several lengths, or one that is no number; 501 for another coding.
    """
    codings, lengths = headers.all("transfer-encoding"), set(headers.all("content-length"))
    if codings and lengths:
        raise invalid("A request declares Content-Length or Transfer-Encoding, not both.")
    if codings:
        if [coding.lower() for coding in codings] != ["chunked"]:
            raise Problem(Code.UNIMPLEMENTED, "The transfer coding is not supported.")
        return ChunkedBody(incoming, before)
    if len(lengths) > 1 or not all(_LENGTH.fullmatch(length) for length in lengths):
        raise invalid("Content-Length is malformed.")
    return LengthBody(incoming, int(lengths.pop()) if lengths else 0, before)
