"""Objects without their content: get, list, patch, update, delete."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.messages import Request, Response
from gcp_deploy.emulator.problems import storage_envelope
from gcp_deploy.emulator.routing import Routes
from gcp_deploy.emulator.storage import catalog, preconditions, resources
from gcp_deploy.emulator.storage.listing import Listing
from gcp_deploy.emulator.storage.media import download

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(storage_envelope)
_OBJECT = "/storage/v1/b/{bucket}/o/{name}"


@ROUTES.add("storage.objects.get", "GET", _OBJECT)
def get(
    platform: "Platform", request: Request, bucket: str, name: str
) -> Mapping[str, Any] | Response:
    """Return an object's resource, or with ``alt=media`` its content."""
    if request.query.get("alt") == "media":
        return download(platform, request, bucket, name)
    generation = preconditions.generation(request.query)
    found = catalog.require(platform, bucket, name, generation)
    preconditions.check(preconditions.collect(request.query), found, reading=True)
    return found.shown(request.base_url)


@ROUTES.add("storage.objects.list", "GET", "/storage/v1/b/{bucket}/o")
def list_(platform: "Platform", request: Request, bucket: str) -> Mapping[str, Any]:
    """Return objects, and with a delimiter the prefixes they share, by name."""
    catalog.require_bucket(platform, bucket)
    items, prefixes, token = Listing.parse(request.query).run(platform, bucket)
    answer: dict[str, Any] = {"kind": "storage#objects"}
    if items:
        answer["items"] = [item.shown(request.base_url) for item in items]
    if prefixes:
        answer["prefixes"] = prefixes
    if token:
        answer["nextPageToken"] = token
    return answer


@ROUTES.add("storage.objects.patch", "PATCH", _OBJECT)
@ROUTES.add("storage.objects.update", "PUT", _OBJECT)
def patch(platform: "Platform", request: Request, bucket: str, name: str) -> Mapping[str, Any]:
    """Change an object's metadata: merged with PATCH, replaced with PUT."""
    body = request.json()
    with platform.state.transaction():
        generation = preconditions.generation(request.query)
        found = catalog.require(platform, bucket, name, generation)
        preconditions.check(preconditions.collect(request.query), found)
        if request.method == "PUT":
            resource = resources.settable(body)
        else:
            resource = resources.patched(found.resource, body)
        return catalog.rewrite_metadata(platform, found, resource).shown(request.base_url)


@ROUTES.add("storage.objects.delete", "DELETE", _OBJECT)
def delete(platform: "Platform", request: Request, bucket: str, name: str) -> Response:
    """Delete an object, or one generation of it."""
    with platform.state.transaction():
        generation = preconditions.generation(request.query)
        found = catalog.require(platform, bucket, name, generation)
        preconditions.check(preconditions.collect(request.query), found)
        versioning = catalog.require_bucket(platform, bucket)
        catalog.retire(platform, found, keep=versioning and generation is None)
    return Response(204)
