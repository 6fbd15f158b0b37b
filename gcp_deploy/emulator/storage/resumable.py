"""Resumable uploads: sessions that survive lost connections and killed servers.

Between requests a session has stored a multiple of 256 KiB, as the service has; bytes that are sent
again are ignored. Preconditions and checksums given at the beginning are enforced at the end. The
session's URL is a secret: whoever has it may write.
"""

import json
import os
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.blobs import Digests, sync, write_all
from gcp_deploy.emulator.clock import timestamp
from gcp_deploy.emulator.locks import FileLock
from gcp_deploy.emulator.messages import CHUNK, Body, Request, Response, json_response
from gcp_deploy.emulator.problems import invalid, not_found, storage_envelope
from gcp_deploy.emulator.routing import Routes
from gcp_deploy.emulator.storage.finishing import Upload, declared_checksums, finish

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(storage_envelope)
PATHS = ("/upload/storage/v1/b/{bucket}/o", "/resumable/upload/storage/v1/b/{bucket}/o")
_QUANTUM = 256 * 1024
_LIFE = timedelta(days=7)
_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)")


@dataclass(frozen=True, slots=True)
class _Session:
    id: str
    upload: Upload
    total: int | None
    """The size declared at the beginning."""
    finished: dict[str, Any] | None
    path: Path


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What a request carries: bytes from *start*; *total* is known with the last at the latest."""

    start: int | None
    length: int | None
    total: int | None


def begin(platform: "Platform", request: Request, bucket: str) -> Response:
    """Make a session and tell its URL."""
    body = request.json()
    kind = request.headers.get("x-upload-content-type")
    upload = Upload.declare(
        *(platform, bucket, request.query, request.headers, body), content_type=kind
    )
    size = request.headers.get("x-upload-content-length")
    total = int(size) if re.fullmatch(r"\d{1,18}", size) else None
    session = secrets.token_urlsafe(48)
    with platform.state.transaction() as connection:
        connection.execute(
            "INSERT INTO uploads (id, bucket, created, request) VALUES (?, ?, ?, ?)",
            (session, bucket, platform.now(), json.dumps([upload.stored(), total])),
        )
    url = f"{request.base_url}{request.path}?uploadType=resumable&upload_id={session}"
    return Response(200, [("Location", url), ("X-GUploader-UploadID", session)])


@ROUTES.add("storage.objects.insert", "PUT", *PATHS)
def receive(platform: "Platform", request: Request, bucket: str) -> Response:
    """Take bytes of a session, or tell how many there are."""
    _find(platform, request, bucket)  # also creates no lock for what does not exist
    with FileLock(_lock_path(platform, request)):
        session = _find(platform, request, bucket)
        if session.finished is not None:
            return json_response(_linked(session.finished, request))
        stretch = _stretch(request, session)
        stored = session.path.stat().st_size if session.path.exists() else 0
        digests = Digests()
        if stretch.start is not None:
            stored = _append(session, request.body, stretch, stored, digests)
        whole = stretch.start is not None and stretch.length is None  # a body that has just ended
        if stored == stretch.total or (whole and stretch.total is None):
            return json_response(_complete(platform, request, session, digests))
        return _incomplete(request, stored)


@ROUTES.add("storage.objects.insert", "DELETE", *PATHS)
def cancel(platform: "Platform", request: Request, bucket: str) -> Response:
    """Forget a session; the service answers 499 when that worked."""
    session = _find(platform, request, bucket)
    with FileLock(_lock_path(platform, request)):
        _forget(platform, session.id)
    return Response(499)


def expire(platform: "Platform") -> None:
    """Forget the sessions that began more than a week ago, as the service does."""
    limit = timestamp(platform.clock.now() - _LIFE)
    with platform.state.connection() as connection:
        rows = connection.execute("SELECT id FROM uploads WHERE created < ?", (limit,)).fetchall()
    for (session,) in rows:
        _forget(platform, session)


def _stretch(request: Request, session: _Session) -> _Stretch:
    """Read Content-Range; without one the body is everything, from the first byte on."""
    header, length = request.headers.get("content-range").strip(), request.body.length
    if not header:
        return _Stretch(0, length, length if session.total is None else session.total)
    match = _RANGE.fullmatch(header)
    if match is None:
        raise invalid("Failed to parse Content-Range header.")
    total = session.total if match[3] == "*" else int(match[3])
    if session.total is not None and total != session.total:
        raise invalid("The size in Content-Range differs from X-Upload-Content-Length.")
    if match[1] is None:
        # An unknown total in a status query ends nothing, even when all that was declared is here.
        return _Stretch(None, None, total)
    first, last = int(match[1]), int(match[2])
    if last < first or (total is not None and last >= total):
        raise invalid("Invalid request. The Content-Range header is not a range of the object.")
    if length is not None and length != last - first + 1:
        raise invalid("Invalid request. Content-Length does not match the Content-Range header.")
    return _Stretch(first, last - first + 1, total)


def _append(session: _Session, body: Body, stretch: _Stretch, stored: int, digests: Digests) -> int:
    """Add what is new of *body*, also to *digests*; return how much is stored now."""
    assert stretch.start is not None
    if stretch.start > stored:
        raise invalid(
            "Invalid request. According to the Content-Range header, the upload offset is"
            f" {stretch.start} byte(s), which exceeds already uploaded size of {stored} byte(s)."
        )
    skip, left = stored - stretch.start, stretch.length
    with session.path.open("ab", buffering=0) as file:
        try:
            while left != 0 and (piece := body.read(CHUNK if left is None else min(CHUNK, left))):
                left = None if left is None else left - len(piece)
                fresh = piece[skip:]
                skip = max(0, skip - len(piece))
                write_all(file, fresh)
                digests.update(fresh)
                stored += len(fresh)
        finally:
            ended = stretch.total is None and stretch.length is None
            if not ended and stored != stretch.total:
                stored -= stored % _QUANTUM
                file.truncate(stored)
    return stored


def _complete(
    platform: "Platform", request: Request, session: _Session, digests: Digests
) -> Mapping[str, Any]:
    """Make the object. What is refused here takes the session along.

    *digests* are those of this request's bytes: of all of them, when it was the only one.
    """
    session.path.touch(mode=0o600)
    with session.path.open("rb") as file:
        syncing = threading.Thread(target=sync, args=(file,))  # while the checksums are computed
        syncing.start()
        try:
            if digests.size != os.fstat(file.fileno()).st_size:
                digests = Digests()
                while piece := os.read(file.fileno(), 1 << 20):
                    digests.update(piece)
        finally:
            syncing.join()
    blob = platform.state.blobs.adopt(session.path, digests)
    try:
        with platform.state.transaction() as connection:
            checksums = declared_checksums(request.headers)
            shown = finish(platform, session.upload, blob, checksums=checksums).shown("")
            connection.execute(
                "UPDATE uploads SET object = ? WHERE id = ?", (json.dumps(shown), session.id)
            )
    except BaseException:
        _forget(platform, session.id)
        raise
    _lock_path(platform, request).unlink(missing_ok=True)  # who waits for it sees the end
    return _linked(shown, request)


def _incomplete(request: Request, stored: int) -> Response:
    headers = [("Range", f"bytes=0-{stored - 1}")] if stored else []
    headers.append(("X-GUploader-UploadID", request.query.get("upload_id")))
    if request.headers.get("x-guploader-no-308") == "yes":
        return Response(200, [*headers, ("X-HTTP-Status-Code-Override", "308")])
    return Response(308, headers)


def _linked(shown: Mapping[str, Any], request: Request) -> dict[str, Any]:
    """Return the object's resource with its links on the host that this request came to."""
    links = {name: request.base_url + shown[name] for name in ("selfLink", "mediaLink")}
    return {**shown, **links}


def _find(platform: "Platform", request: Request, bucket: str) -> _Session:
    session = request.query.get("upload_id")
    with platform.state.connection() as connection:
        row = connection.execute(
            "SELECT request, object FROM uploads WHERE id = ? AND bucket = ?", (session, bucket)
        ).fetchone()
    if row is None:
        raise not_found("The upload session does not exist, or was cancelled.")
    upload, total = json.loads(row[0])
    finished = None if row[1] is None else json.loads(row[1])
    path = platform.state.folder("uploads") / session
    return _Session(session, Upload(**upload), total, finished, path)


def _lock_path(platform: "Platform", request: Request) -> Path:
    return platform.state.folder("uploads") / f"{request.query.get('upload_id')}.lock"


def _forget(platform: "Platform", session: str) -> None:
    with platform.state.transaction() as connection:
        connection.execute("DELETE FROM uploads WHERE id = ?", (session,))
    path = platform.state.folder("uploads") / session
    path.unlink(missing_ok=True)
    path.with_name(f"{session}.lock").unlink(missing_ok=True)
