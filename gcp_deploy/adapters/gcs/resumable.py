"""Resumable uploads to Cloud Storage: chunks of 8 MiB, memory for one chunk.

Source: Cloud Storage, "Perform resumable uploads". An unfinished session answers 308, with the last
byte it has in ``Range`` (no ``Range``: it has none). After a failure the session is asked what it
has (``Content-Range: bytes */TOTAL``), and the upload goes on from there. The address of a session
is a bearer secret: it is in no message and in no log.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import requests

from gcp_deploy.adapters import refusals
from gcp_deploy.adapters.answers import refused, translated, unreadable
from gcp_deploy.adapters.calls import Call
from gcp_deploy.adapters.gcs import checksums
from gcp_deploy.adapters.gcs.source import Source
from gcp_deploy.adapters.http import Session
from gcp_deploy.adapters.retries import Retrier
from gcp_deploy.errors import TemporaryError
from gcp_deploy.ports import Clock

Json = Mapping[str, Any]
Progress = Callable[[int, int], None]


class SessionGone(Exception):
    """The upload session does not exist any more: a new one is to be started."""


class ResumableUpload:
    """One upload session at *url*, for one *source*."""

    def __init__(
        self, url: str, source: Source, call: Call, *, http: Session, retrier: Retrier, clock: Clock
    ) -> None:
        self._url = url
        self._source = source
        self._call = call
        self._http = http
        self._retrier = retrier
        self._clock = clock

    def run(self, progress: Progress | None) -> tuple[Json, str]:
        """Send everything; return the object as the service shows it, and our own crc32c."""
        self._source.rewind()
        offset, crc, size = 0, 0, self._source.size
        while True:
            chunk = self._source.read(min(checksums.CHUNK, size - offset))
            crc = checksums.extend(crc, chunk)
            end = offset + len(chunk)
            if end == size:
                self._source.check_unchanged()
            stored = _Chunk(self, chunk, offset, crc).send()
            if progress is not None:
                progress(end, size)
            if stored is not None:
                return stored, checksums.as_text(crc)
            if end == size:
                raise unreadable(self._call, "a request for more than there is")
            offset = end
            del chunk  # else two chunks would be held while the next one is read

    def put(self, data: Any, content_range: str, crc: str = "") -> requests.Response:
        """Send one request to the session; return an answer of 200, 201 or 308."""
        headers = {"Content-Range": content_range}
        if crc:
            headers["x-goog-hash"] = f"crc32c={crc}"
        with translated(self._call, self._clock):
            answer = self._http.request("PUT", self._url, data=data, headers=headers)
        if answer.status_code in {404, 410}:
            raise SessionGone
        if answer.status_code not in {200, 201, 308}:
            now = self._clock.now()
            refusal = refusals.read(answer.status_code, answer.headers, answer.content, now=now)
            raise refused(refusal, self._call)
        return answer

    def stored(self, answer: requests.Response) -> Json:
        """Read the object in the last answer."""
        with translated(self._call, self._clock):
            found = answer.json()
        if not isinstance(found, dict):
            raise unreadable(self._call, "no object")
        return found

    @property
    def total(self) -> int:
        """The number of bytes to be stored."""
        return self._source.size

    def repeat(self, work: Callable[[], Json | None]) -> Json | None:
        """Repeat *work* within the budget; it asks the session before it sends again."""
        return self._retrier(work)

    def lost(self) -> TemporaryError:
        """Return the error for a session that has less than it had."""
        return unreadable(self._call, "less than it had already taken")


class _Chunk:
    """One chunk of an upload, sent until the session has all of it."""

    def __init__(self, upload: ResumableUpload, data: bytes, offset: int, crc: int) -> None:
        self._upload = upload
        self._data = data
        self._offset = offset
        self._end = offset + len(data)
        self._crc = checksums.as_text(crc) if self._end == upload.total else ""
        self._taken = offset
        """So many bytes of the whole are known to be with the service."""
        self._in_doubt = False

    def send(self) -> Json | None:
        """Return the object when this completed it, else None."""
        return self._upload.repeat(self._attempt)

    def _attempt(self) -> Json | None:
        total = self._upload.total
        if self._in_doubt:
            answer = self._upload.put(b"", f"bytes */{total}")
            if answer.status_code != 308:
                return self._upload.stored(answer)
            self._take(answer)
        while self._taken < self._end or self._crc:
            data = self._data if self._taken == self._offset else self._rest()
            self._in_doubt = True
            answer = self._upload.put(
                data, f"bytes {self._taken}-{self._end - 1}/{total}", self._crc
            )
            if answer.status_code != 308:
                return self._upload.stored(answer)
            before = self._taken
            self._take(answer)
            if self._taken <= before:
                raise self._upload.lost()
        return None

    def _rest(self) -> memoryview:
        return memoryview(self._data)[self._taken - self._offset :]

    def _take(self, answer: requests.Response) -> None:
        found = re.fullmatch(r"bytes=0-(\d+)", answer.headers.get("Range", "").strip())
        taken = int(found.group(1)) + 1 if found else 0
        if not self._offset <= taken <= self._end:
            raise self._upload.lost()
        self._taken = taken
