"""Objects made of objects: compose, rewriteTo, copyTo, moveTo."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.messages import Request
from gcp_deploy.emulator.problems import invalid, storage_envelope
from gcp_deploy.emulator.routing import Routes
from gcp_deploy.emulator.storage import catalog, names, preconditions, resources
from gcp_deploy.emulator.storage.catalog import StoredObject

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(storage_envelope)
_OBJECT = "/storage/v1/b/{bucket}/o/{name}"
_SOURCES = 32


@ROUTES.add("storage.objects.compose", "POST", _OBJECT + "/compose")
def compose(platform: "Platform", request: Request, bucket: str, name: str) -> Mapping[str, Any]:
    """Concatenate up to 32 objects; checksums in the destination are those of a part: ignored."""
    body = request.json()
    names.check_object(name)
    listed = body.get("sourceObjects")
    if not isinstance(listed, list) or not 1 <= len(listed) <= _SOURCES:
        raise invalid(f"The number of source components must be between 1 and {_SOURCES}.")
    sources = [_component(platform, bucket, item) for item in listed]
    with platform.state.blobs.writer() as writer:
        for source in sources:
            blob = platform.state.blobs.get(source.blob)
            if blob is None:
                raise invalid(f"Object {source.name} was changed while it was composed.")
            with platform.state.blobs.open(blob) as file:
                while piece := file.read(1 << 20):
                    writer.write(piece)
        sealed = writer.seal()
    resource = resources.settable(body.get("destination") or {})
    components = sum(source.components or 1 for source in sources)
    with platform.state.transaction():
        before = catalog.find(platform, bucket, name)
        preconditions.check(preconditions.collect(request.query), before)
        made = catalog.insert(platform, bucket, name, sealed, resource, components=components)
    return made.shown(request.base_url)


def _component(platform: "Platform", bucket: str, item: Any) -> StoredObject:
    if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
        raise invalid("A source component has a name.")
    wanted, guard = item.get("generation"), item.get("objectPreconditions") or {}
    generation = None if wanted is None else preconditions.integer(str(wanted), "generation")
    found = catalog.require(platform, bucket, item["name"], generation)
    if guard.get("ifGenerationMatch") is not None:
        expected = preconditions.integer(str(guard["ifGenerationMatch"]), "ifGenerationMatch")
        preconditions.check({"ifGenerationMatch": expected}, found)
    return found


def _copy(
    platform: "Platform", request: Request, source: tuple[str, str], target: tuple[str, str]
) -> StoredObject:
    """Make *target* share the content of *source*: nothing is copied, and nothing can change it."""
    body = request.json()
    names.check_object(target[1])
    with platform.state.transaction():
        generation = preconditions.generation(request.query, "sourceGeneration")
        found = catalog.require(platform, *source, generation)
        preconditions.check(preconditions.collect(request.query, source=True), found)
        catalog.require_bucket(platform, target[0])
        preconditions.check(preconditions.collect(request.query), catalog.find(platform, *target))
        blob = platform.state.blobs.get(found.blob)
        assert blob is not None, "an object has a content as long as it lives"
        resource = resources.settable(body) or found.resource
        # The content must not lose its last user when an object is copied onto itself.
        platform.state.blobs.add(blob)
        made = catalog.insert(platform, *target, blob, resource, components=found.components)
        platform.state.blobs.drop(blob.id)
        return made


@ROUTES.add("storage.objects.rewrite", "POST", _OBJECT + "/rewriteTo/b/{to}/o/{target}")
def rewrite(
    platform: "Platform", request: Request, *, bucket: str, name: str, to: str, target: str
) -> Mapping[str, Any]:
    """Copy an object; it is done in one call, whatever its size."""
    made = _copy(platform, request, (bucket, name), (to, target))
    return {
        "kind": "storage#rewriteResponse",
        "totalBytesRewritten": str(made.size),
        "objectSize": str(made.size),
        "done": True,
        "resource": made.shown(request.base_url),
    }


@ROUTES.add("storage.objects.copy", "POST", _OBJECT + "/copyTo/b/{to}/o/{target}")
def copy(
    platform: "Platform", request: Request, *, bucket: str, name: str, to: str, target: str
) -> Mapping[str, Any]:
    """Copy an object."""
    return _copy(platform, request, (bucket, name), (to, target)).shown(request.base_url)


@ROUTES.add("storage.objects.move", "POST", _OBJECT + "/moveTo/o/{target}")
def move(
    platform: "Platform", request: Request, bucket: str, name: str, target: str
) -> Mapping[str, Any]:
    """Rename an object within its bucket."""
    with platform.state.transaction():
        versioning = catalog.require_bucket(platform, bucket)
        made = _copy(platform, request, (bucket, name), (bucket, target))
        if name != target:
            catalog.retire(platform, catalog.require(platform, bucket, name), keep=versioning)
        return made.shown(request.base_url)
