"""Buckets: insert, get, list, patch, update, delete, testIamPermissions, storageLayout."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.messages import Request, Response
from gcp_deploy.emulator.problems import Code, Problem, not_found, storage_envelope
from gcp_deploy.emulator.routing import Routes
from gcp_deploy.emulator.storage import catalog, names, paging, preconditions

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(storage_envelope)
_BUCKET = "/storage/v1/b/{bucket}"
# Fields of a bucket that are kept and shown, and mean nothing here (but for versioning).
_SETTABLE = (
    *("location", "storageClass", "labels", "versioning", "lifecycle", "cors", "website"),
    *("defaultEventBasedHold", "iamConfiguration", "softDeletePolicy", "retentionPolicy"),
    *("autoclass", "billing", "encryption", "logging", "rpo", "hierarchicalNamespace"),
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket's row."""

    name: str
    metageneration: int
    created: str
    updated: str
    resource: dict[str, Any]
    generation: int = 0  # buckets have none

    def shown(self, platform: "Platform", base_url: str) -> dict[str, Any]:
        """Return it as the API's bucket resource."""
        return {
            "kind": "storage#bucket",
            "id": self.name,
            "selfLink": f"{base_url}/storage/v1/b/{self.name}",
            "projectNumber": platform.project_number,
            "name": self.name,
            "timeCreated": self.created,
            "updated": self.updated,
            "metageneration": str(self.metageneration),
            "etag": base64.b64encode(str(self.metageneration).encode()).decode(),
            "location": "US",
            "locationType": "multi-region",
            "storageClass": "STANDARD",
            "iamConfiguration": {
                "uniformBucketLevelAccess": {"enabled": True},
                "publicAccessPrevention": "enforced",
            },
            "softDeletePolicy": {"retentionDurationSeconds": "0"},
            **self.resource,
        }


def find(platform: "Platform", name: str) -> Bucket | None:
    """Return the bucket, or None."""
    with platform.state.connection() as connection:
        row = connection.execute(
            "SELECT name, metageneration, created, updated, resource FROM buckets WHERE name = ?",
            (name,),
        ).fetchone()
    if row is None:
        return None
    found, metageneration, created, updated, resource = row
    return Bucket(found, metageneration, created, updated, json.loads(resource))


def require(platform: "Platform", name: str) -> Bucket:
    """Return the bucket; Problem 404 when there is none."""
    found = find(platform, name)
    if found is None:
        raise not_found("The specified bucket does not exist.")
    return found


def create(platform: "Platform", body: Mapping[str, Any]) -> Bucket:
    """Make a bucket; Problem 400 for its name, 409 when there is one already."""
    name = body.get("name")
    if not isinstance(name, str):
        raise Problem(Code.INVALID_ARGUMENT, "Required", reason="required")
    names.check_bucket(name)
    with platform.state.transaction() as connection:
        if find(platform, name) is not None:
            raise Problem(
                Code.ALREADY_EXISTS,
                "Your previous request to create the named bucket succeeded and you already own"
                " it.",
            )
        now = platform.now()
        connection.execute(
            "INSERT INTO buckets (name, metageneration, created, updated, versioning, resource)"
            " VALUES (?, 1, ?, ?, 0, '{}')",
            (name, now, now),
        )
        _write(platform, name, _kept({}, body))
    return require(platform, name)


@ROUTES.add("storage.buckets.insert", "POST", "/storage/v1/b")
def insert(platform: "Platform", request: Request) -> Mapping[str, Any]:
    """Make a bucket."""
    return create(platform, request.json()).shown(platform, request.base_url)


@ROUTES.add("storage.buckets.get", "GET", _BUCKET)
def get(platform: "Platform", request: Request, bucket: str) -> Mapping[str, Any]:
    """Return a bucket."""
    found = require(platform, bucket)
    preconditions.check(preconditions.collect(request.query), found, reading=True)
    return found.shown(platform, request.base_url)


@ROUTES.add("storage.buckets.list", "GET", "/storage/v1/b")
def list_(platform: "Platform", request: Request) -> Mapping[str, Any]:
    """Return the buckets by name; they belong to whichever project asks."""
    limit = paging.size(request.query)
    prefix, after = request.query.get("prefix"), paging.token(request.query) or ""
    with platform.state.connection() as connection:
        rows = connection.execute("SELECT name FROM buckets ORDER BY name").fetchall()
    found = [name for (name,) in rows if name.startswith(prefix) and name > after]
    shown = [require(platform, name).shown(platform, request.base_url) for name in found[:limit]]
    answer: dict[str, Any] = {"kind": "storage#buckets", "items": shown}
    if len(found) > limit:
        answer["nextPageToken"] = paging.next_token(found[limit - 1])
    return answer


@ROUTES.add("storage.buckets.patch", "PATCH", _BUCKET)
@ROUTES.add("storage.buckets.update", "PUT", _BUCKET)
def patch(platform: "Platform", request: Request, bucket: str) -> Mapping[str, Any]:
    """Change fields of a bucket: merged with PATCH, replaced with PUT."""
    body = request.json()
    with platform.state.transaction():
        found = require(platform, bucket)
        preconditions.check(preconditions.collect(request.query), found)
        before = {} if request.method == "PUT" else found.resource
        _write(platform, bucket, _kept(before, body), grow=1)
        return require(platform, bucket).shown(platform, request.base_url)


@ROUTES.add("storage.buckets.delete", "DELETE", _BUCKET)
def delete(platform: "Platform", request: Request, bucket: str) -> Response:
    """Delete an empty bucket; 409 when it is not."""
    with platform.state.transaction() as connection:
        preconditions.check(preconditions.collect(request.query), require(platform, bucket))
        if catalog.page(platform, bucket, start="", end=None, versions=True, limit=1):
            raise Problem(
                Code.ABORTED, "The bucket you tried to delete is not empty.", reason="conflict"
            )
        connection.execute("DELETE FROM buckets WHERE name = ?", (bucket,))
    return Response(204)


@ROUTES.add("storage.buckets.testIamPermissions", "GET", _BUCKET + "/iam/testPermissions")
def permissions(platform: "Platform", request: Request, bucket: str) -> Mapping[str, Any]:
    """Everybody has every permission."""
    require(platform, bucket)
    held = request.query.all("permissions")
    return {"kind": "storage#testIamPermissionsResponse", "permissions": held}


@ROUTES.add("storage.buckets.getStorageLayout", "GET", _BUCKET + "/storageLayout")
def layout(platform: "Platform", request: Request, bucket: str) -> Mapping[str, Any]:
    """Return the layout: flat names."""
    shown = require(platform, bucket).shown(platform, request.base_url)
    return {
        "kind": "storage#storageLayout",
        "bucket": bucket,
        "location": shown["location"],
        "locationType": shown["locationType"],
        "hierarchicalNamespace": {"enabled": False},
    }


@ROUTES.add("storage.managedFolders.list", "GET", _BUCKET + "/managedFolders")
def folders(platform: "Platform", _request: Request, bucket: str) -> Mapping[str, Any]:
    """There are no managed folders; deleting a whole bucket asks for them."""
    require(platform, bucket)
    return {"kind": "storage#managedFolders", "items": []}


def _kept(before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    changes = {name: body[name] for name in _SETTABLE if name in body}
    return {key: value for key, value in {**before, **changes}.items() if value is not None}


def _write(platform: "Platform", name: str, resource: dict[str, Any], *, grow: int = 0) -> None:
    versioning = resource.get("versioning")
    enabled = isinstance(versioning, Mapping) and versioning.get("enabled") is True
    with platform.state.transaction() as connection:
        connection.execute(
            "UPDATE buckets SET metageneration = metageneration + ?, updated = ?, versioning = ?,"
            " resource = ? WHERE name = ?",
            (grow, platform.now(), int(enabled), json.dumps(resource), name),
        )
