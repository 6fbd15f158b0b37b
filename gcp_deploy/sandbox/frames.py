"""The wire between the launcher and its child: JSON values, each after its length in four bytes."""

import json
import socket
import struct
import time
from typing import Any

_HEADER = struct.Struct(">I")
_CHUNK = 1 << 20


class BrokenFrame(Exception):
    """What came over the wire is no frame, or too large for one."""


def send(channel: socket.socket, value: Any) -> None:
    """Send one JSON value; OSError when nobody listens any more."""
    send_encoded(channel, json.dumps(value, separators=(",", ":")).encode())


def send_encoded(channel: socket.socket, body: bytes) -> None:
    """Send one JSON value that is encoded already."""
    channel.sendall(_HEADER.pack(len(body)))
    channel.sendall(body)


def receive(channel: socket.socket, *, limit: int, seconds: float | None = None) -> Any:
    """Return the next JSON value, of at most *limit* bytes.

    Raises EOFError when the other side has gone, TimeoutError after *seconds*, BrokenFrame when
    what came is no frame.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    (size,) = _HEADER.unpack(_exactly(channel, _HEADER.size, deadline))
    if size > limit:
        raise BrokenFrame(f"{size} bytes, and the limit is {limit}")
    try:
        return json.loads(_exactly(channel, size, deadline))
    except (ValueError, RecursionError) as error:
        raise BrokenFrame("not JSON") from error


def _exactly(channel: socket.socket, size: int, deadline: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            channel.settimeout(left)
        try:
            part = channel.recv(min(size - len(parts), _CHUNK))
        except ConnectionError as error:
            raise EOFError from error
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
