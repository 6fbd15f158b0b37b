"""Contents of objects on their way out, whole or by ranges."""

import re
from typing import TYPE_CHECKING

from gcp_deploy.emulator.messages import FileSlice, Request, Response
from gcp_deploy.emulator.problems import Code, Problem, not_found, storage_envelope
from gcp_deploy.emulator.routing import Routes
from gcp_deploy.emulator.storage import catalog, preconditions, resources
from gcp_deploy.emulator.storage.catalog import StoredObject

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(storage_envelope)
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@ROUTES.add("storage.objects.get", "GET", "/download/storage/v1/b/{bucket}/o/{name}")
def download(platform: "Platform", request: Request, bucket: str, name: str) -> Response:
    """Return the content of an object, or the range of it that is asked for."""
    found = catalog.require(platform, bucket, name, preconditions.generation(request.query))
    preconditions.check(preconditions.collect(request.query), found, reading=True)
    headers = _headers(found)
    stretch = _stretch(request.headers.get("range"), found.size)
    blob = platform.state.blobs.get(found.blob)
    try:
        file = None if blob is None else platform.state.blobs.open(blob)
    except FileNotFoundError:
        file = None
    if blob is None or file is None:  # deleted between two looks
        raise not_found(f"No such object: {bucket}/{name}")
    start, end = stretch or (0, found.size)
    if stretch:
        headers.append(("Content-Range", f"bytes {start}-{end - 1}/{found.size}"))
    if blob.content is not None:
        return Response(206 if stretch else 200, headers, blob.content[start:end])
    return Response(206 if stretch else 200, headers, FileSlice(file, start, end - start))


def _stretch(wanted: str, size: int) -> tuple[int, int] | None:
    """Return start and end of the range, None for all; several ranges are not served singly."""
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < int(first):
            return None  # RFC 9110: an invalid range is ignored
    if start >= size:
        raise Problem(
            Code.OUT_OF_RANGE,
            "The requested range cannot be satisfied.",
            http_status=416,
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, end


def _headers(found: StoredObject) -> list[tuple[str, str]]:
    resource = found.resource
    hashes = f"crc32c={found.crc32c}"
    if not found.components:
        hashes += f",md5={found.md5}"
    headers = [
        ("Content-Type", resource.get("contentType", resources.DEFAULT_TYPE)),
        ("Content-Disposition", resource.get("contentDisposition", "attachment")),
        ("Accept-Ranges", "bytes"),
        ("ETag", f'"{found.etag}"'),
        ("x-goog-hash", hashes),
        ("x-goog-generation", str(found.generation)),
        ("x-goog-metageneration", str(found.metageneration)),
        ("x-goog-stored-content-length", str(found.size)),
        ("x-goog-stored-content-encoding", resource.get("contentEncoding", "identity")),
        ("x-goog-storage-class", resource.get("storageClass", "STANDARD")),
    ]
    if encoding := resource.get("contentEncoding"):
        headers.append(("Content-Encoding", encoding))
    return headers
