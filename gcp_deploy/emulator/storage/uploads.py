"""objects.insert: where all three kinds of upload begin, and two of them end."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.messages import Body, Request, Response
from gcp_deploy.emulator.problems import invalid, storage_envelope
from gcp_deploy.emulator.routing import Routes
from gcp_deploy.emulator.storage import catalog, resumable
from gcp_deploy.emulator.storage.finishing import Upload, finish
from gcp_deploy.emulator.storage.multipart import Multipart

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(storage_envelope)


@ROUTES.add("storage.objects.insert", "POST", *resumable.PATHS)
def insert(platform: "Platform", request: Request, bucket: str) -> Mapping[str, Any] | Response:
    """Begin an upload, or go on with a resumable one (some clients POST to a session)."""
    if request.query.get("upload_id"):
        return resumable.receive(platform, request, bucket)
    kind = request.query.get("uploadType")
    if kind == "resumable":
        return resumable.begin(platform, request, bucket)
    if kind == "multipart":
        return _multipart(platform, request, bucket)
    if kind == "media":
        return _media(platform, request, bucket)
    raise invalid(f"Invalid value for uploadType: '{kind[:40]}'")


def _media(platform: "Platform", request: Request, bucket: str) -> Mapping[str, Any]:
    upload = Upload.declare(
        *(platform, bucket, request.query, request.headers, {}),
        content_type=request.headers.get("content-type"),
    )
    return _store(platform, request, upload, _pieces(request.body))


def _multipart(platform: "Platform", request: Request, bucket: str) -> Mapping[str, Any]:
    catalog.require_bucket(platform, bucket)
    parts = Multipart(request.body, request.headers.get("content-type"))
    body = parts.metadata()
    upload = Upload.declare(
        *(platform, bucket, request.query, request.headers, body), content_type=parts.content_type
    )
    return _store(platform, request, upload, parts.content())


def _store(
    platform: "Platform", request: Request, upload: Upload, pieces: Iterable[bytes]
) -> Mapping[str, Any]:
    with platform.state.blobs.writer() as writer:
        for piece in pieces:
            writer.write(piece)
        return finish(platform, upload, writer.seal()).shown(request.base_url)


def _pieces(body: Body) -> Iterator[bytes]:
    while piece := body.read():
        yield piece
