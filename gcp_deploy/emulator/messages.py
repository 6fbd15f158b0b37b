"""HTTP requests and answers as values, apart from sockets."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol
from urllib.parse import parse_qsl

from gcp_deploy.emulator.problems import Code, Problem, invalid, too_large

METADATA_LIMIT = 1 << 20
"""Bytes of a JSON body, where the API says nothing else."""

CHUNK = 1 << 18
"""Bytes that a body is read and written in."""

_QUERY_FIELDS = 200


class Body(Protocol):
    """The body of a request, read from the connection as it is asked for."""

    @property
    def length(self) -> int | None:
        """The number of bytes declared, or None for a chunked body."""
        ...

    def read(self, size: int = CHUNK) -> bytes:
        """Return at most *size* bytes, ``b""`` at the end.

        Raises:
            ConnectionError: the client went away before the declared end.
            Problem: the chunked coding is broken.
        """
        ...


class BytesBody:
    """A body that is already here: for tests and for parts of a batch."""

    def __init__(self, content: bytes = b"") -> None:
        self._content = memoryview(content)

    @property
    def length(self) -> int | None:
        """The number of bytes left."""
        return len(self._content)

    def read(self, size: int = CHUNK) -> bytes:
        """Return at most *size* bytes."""
        piece, self._content = bytes(self._content[:size]), self._content[size:]
        return piece


class Headers:
    """The fields of a message; names are compared without case."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in fields:
            self._fields.setdefault(name.lower(), []).append(value)

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of *name*."""
        return self._fields.get(name.lower(), [default])[0]

    def all(self, name: str) -> list[str]:
        """Return every value of *name*."""
        return list(self._fields.get(name.lower(), ()))

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._fields


class Query:
    """The parameters of a request target; unknown ones are nobody's business."""

    def __init__(self, text: str = "") -> None:
        try:
            pairs = parse_qsl(
                text, keep_blank_values=True, errors="strict", max_num_fields=_QUERY_FIELDS
            )
        except ValueError as error:  # includes bytes that are not UTF-8
            raise invalid("The query of the request is malformed.") from error
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of *name*."""
        return self._values.get(name, [default])[0]

    def all(self, name: str) -> list[str]:
        """Return every value of *name*, for repeated parameters."""
        return list(self._values.get(name, ()))

    def flag(self, name: str) -> bool:
        """Return a boolean; Python's clients write ``True``."""
        return self.get(name).lower() == "true"

    def __contains__(self, name: str) -> bool:
        return name in self._values


@dataclass(slots=True)
class Request:
    """A request as a handler sees it."""

    method: str
    path: str
    """As sent: still percent-encoded, so that ``%2F`` is not a separator."""
    query: Query = field(default_factory=Query)
    headers: Headers = field(default_factory=Headers)
    body: Body = field(default_factory=BytesBody)
    base_url: str = "http://127.0.0.1"
    """Scheme, host and port under which the client reached us: links in answers start with it."""
    api_method: str = ""
    """The name of the API method, such as ``storage.objects.insert``; set by routing."""

    def read(self, limit: int = METADATA_LIMIT) -> bytes:
        """Return the whole body; Problem 413 above *limit* bytes."""
        if self.body.length is not None and self.body.length > limit:
            raise too_large(limit)
        content = bytearray()
        while piece := self.body.read(CHUNK):
            content += piece
            if len(content) > limit:
                raise too_large(limit)
        return bytes(content)

    def json(self, limit: int = METADATA_LIMIT) -> dict[str, Any]:
        """Return the body, a JSON object; an empty body is an empty object.

        Raises:
            Problem: 400 when it is no JSON object, 413 above *limit*, 415 when it is compressed.
        """
        if self.headers.get("content-encoding", "identity") not in ("", "identity"):
            raise Problem(
                Code.INVALID_ARGUMENT, "Compressed JSON is not supported.", http_status=415
            )
        return parse_object(self.read(limit))


def parse_object(content: bytes) -> dict[str, Any]:
    """Return *content* as a JSON object, ``{}`` when it is empty; Problem 400 otherwise."""
    if not content.strip():
        return {}
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:  # ValueError: also bad UTF-8 and huge integers
        raise invalid("Invalid JSON payload received. Parse error.") from error
    if not isinstance(value, dict):
        raise invalid("Invalid JSON payload received. Root element must be a message.")
    return value


@dataclass(frozen=True, slots=True)
class FileSlice:
    """A stretch of an open file, sent without passing through memory; closed after sending."""

    file: BinaryIO
    start: int
    length: int


@dataclass(slots=True)
class Response:
    """An answer. A body of unknown length (an iterator) is sent chunked."""

    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    body: bytes | FileSlice | Iterator[bytes] = b""


def json_response(
    value: Mapping[str, Any], *, status: int = 200, headers: Sequence[tuple[str, str]] = ()
) -> Response:
    """Return *value* as JSON, as Google labels it."""
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(
        status,
        [("Content-Type", "application/json; charset=UTF-8"), *headers],
        content.encode("utf-8", "backslashreplace"),  # a lone surrogate stays a JSON escape
    )
