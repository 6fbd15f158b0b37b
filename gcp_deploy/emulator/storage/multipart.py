"""``multipart/related`` as Google's clients write it: two parts, metadata and content.

Clients disagree on details that RFC 2046 would settle: gcloud puts single quotes round the
boundary in the header and none into the body; gcloud and gcsfs end lines with LF alone.
"""

import re
from collections.abc import Iterator
from typing import Any

from gcp_deploy.emulator.messages import CHUNK, Body, parse_object
from gcp_deploy.emulator.problems import Problem, invalid

_BOUNDARY = re.compile(
    r"""multipart/related\s*;(?:.*;)?\s*boundary=("[^"]{1,200}"|'[^']{1,200}'|[^\s;"']{1,200})""",
    re.IGNORECASE | re.DOTALL,
)
_HEAD_LIMIT = 16 * 1024
_METADATA_LIMIT = 256 * 1024


class Multipart:
    """A body in two parts: :meth:`metadata` first, then :meth:`content`."""

    def __init__(self, body: Body, content_type: str) -> None:
        match = _BOUNDARY.match(content_type.strip())
        if match is None:
            raise _malformed()
        self._delimiter = b"--" + match[1].strip("\"'").encode("latin-1", "replace")
        self._body = body
        self._buffer = bytearray()
        self._end_of_line = b"\r\n"
        self.content_type = ""
        """The type that the head of the second part declares."""

    def metadata(self) -> dict[str, Any]:
        """Return the JSON object of the first part."""
        first = self._take(b"\n", _HEAD_LIMIT)
        while not first.strip():  # empty lines before the first delimiter
            first = self._take(b"\n", _HEAD_LIMIT)
        if first.rstrip() != self._delimiter:
            raise _malformed()
        if not first.endswith(b"\r"):
            self._end_of_line = b"\n"
        self._head()
        text = self._take(self._end_of_line + self._delimiter, _METADATA_LIMIT)
        self._take(b"\n", _HEAD_LIMIT)
        head = self._head()
        found = re.search(rb"^content-type:[ \t]*([^\r\n]*)", head, re.IGNORECASE | re.MULTILINE)
        self.content_type = found[1].decode("latin-1").strip() if found else ""
        return parse_object(text)

    def content(self) -> Iterator[bytes]:
        """Give the second part piece by piece; Problem 400 when its end never comes."""
        ending = self._end_of_line + self._delimiter + b"--"
        while True:
            end = self._buffer.find(ending)
            if end >= 0:
                yield bytes(self._buffer[:end])
                return
            safe = len(self._buffer) - len(ending)
            if safe > 0:
                yield bytes(self._buffer[:safe])
                del self._buffer[:safe]
            self._more()

    def _head(self) -> bytes:
        """Return the head of a part and step over the empty line after it."""
        lines = bytearray()
        while line := self._take(b"\n", _HEAD_LIMIT).rstrip(b"\r"):
            lines += line + b"\n"
            if len(lines) > _HEAD_LIMIT:
                raise _malformed()
        return bytes(lines)

    def _take(self, mark: bytes, limit: int) -> bytes:
        """Return what comes before *mark* and step over both."""
        while (end := self._buffer.find(mark)) < 0:
            if len(self._buffer) > limit + CHUNK:
                raise _malformed()
            self._more()
        if end > limit:
            raise _malformed()
        found = bytes(self._buffer[:end])
        del self._buffer[: end + len(mark)]
        return found

    def _more(self) -> None:
        piece = self._body.read(CHUNK)
        if not piece:
            raise _malformed()
        self._buffer += piece


def _malformed() -> Problem:
    return invalid("The multipart body of the request is malformed.")
