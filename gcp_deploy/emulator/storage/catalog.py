"""Buckets and objects as rows: what is stored, apart from how it is asked for."""

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gcp_deploy.emulator.blobs import Blob
from gcp_deploy.emulator.clock import timestamp
from gcp_deploy.emulator.problems import not_found

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One generation of an object."""

    bucket: str
    name: str
    generation: int
    metageneration: int
    live: bool
    blob: str
    components: int
    """How many objects it was composed of; 0 for an ordinary one."""
    created: str
    updated: str
    deleted: str | None
    resource: dict[str, Any]
    """The fields that clients set: contentType, metadata, and their kind."""
    size: int
    crc32c: str
    md5: str

    @property
    def etag(self) -> str:
        """Changes with the content and with the metadata."""
        return base64.b64encode(f"{self.generation}/{self.metageneration}".encode()).decode()

    def shown(self, base_url: str) -> dict[str, Any]:
        """Return it as the API's object resource; 64-bit integers are strings there."""
        path = f"b/{quote(self.bucket, safe='')}/o/{quote(self.name, safe='')}"
        media = f"{base_url}/download/storage/v1/{path}?generation={self.generation}&alt=media"
        resource = {
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "selfLink": f"{base_url}/storage/v1/{path}",
            "mediaLink": media,
            "name": self.name,
            "bucket": self.bucket,
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "storageClass": "STANDARD",
            "size": str(self.size),
            "crc32c": self.crc32c,
            "etag": self.etag,
            "timeCreated": self.created,
            "updated": self.updated,
            "timeStorageClassUpdated": self.created,
            **self.resource,
        }
        if self.components:
            resource["componentCount"] = self.components
        else:
            resource["md5Hash"] = self.md5
        if self.deleted:
            resource["timeDeleted"] = self.deleted
        return resource


_COLUMNS = (
    "bucket, name, generation, metageneration, live, blob, components, created, updated, deleted,"
    " resource, blobs.size, blobs.crc32c, blobs.md5"
)
_FROM = f"SELECT {_COLUMNS} FROM objects JOIN blobs ON blobs.id = objects.blob"  # noqa: S608


def _object(row: tuple[Any, ...]) -> StoredObject:
    bucket, name, generation, metageneration, live, *middle, resource, size, crc32c, md5 = row
    blob, components, created, updated, deleted = middle
    return StoredObject(
        *(bucket, name, generation, metageneration, bool(live), blob, components),
        *(created, updated, deleted, json.loads(resource), size, crc32c, md5),
    )


def find(
    platform: "Platform", bucket: str, name: str, generation: int | None = None
) -> StoredObject | None:
    """Return the live generation, or the one asked for, or None."""
    where = "live = 1" if generation is None else "generation = ?3"
    values = (bucket, name) if generation is None else (bucket, name, generation)
    with platform.state.connection() as connection:
        row = connection.execute(
            f"{_FROM} WHERE bucket = ?1 AND name = ?2 AND {where}",
            values,
        ).fetchone()
    return None if row is None else _object(row)


def require(
    platform: "Platform", bucket: str, name: str, generation: int | None = None
) -> StoredObject:
    """Return the object; Problem 404 when the bucket or the object is missing."""
    found = find(platform, bucket, name, generation)
    if found is None:
        require_bucket(platform, bucket)
        raise not_found(f"No such object: {bucket}/{name}")
    return found


def require_bucket(platform: "Platform", bucket: str) -> bool:
    """Tell whether the bucket has versioning; Problem 404 when there is no such bucket."""
    with platform.state.connection() as connection:
        row = connection.execute(
            "SELECT versioning FROM buckets WHERE name = ?", (bucket,)
        ).fetchone()
    if row is None:
        raise not_found("The specified bucket does not exist.")
    return bool(row[0])


def page(
    platform: "Platform", bucket: str, *, start: str, end: str | None, versions: bool, limit: int
) -> list[StoredObject]:
    """Return objects in the order of their names, from *start* and before *end*."""
    only = "" if versions else " AND live = 1"
    until = "" if end is None else " AND name < ?4"
    values = (bucket, start, limit) if end is None else (bucket, start, limit, end)
    with platform.state.connection() as connection:
        rows = connection.execute(
            f"{_FROM} WHERE bucket = ?1 AND name >= ?2{until}{only}"
            " ORDER BY name, generation LIMIT ?3",
            values,
        ).fetchall()
    return [_object(row) for row in rows]


def insert(
    platform: "Platform",
    bucket: str,
    name: str,
    blob: Blob,
    resource: dict[str, Any],
    *,
    components: int = 0,
) -> StoredObject:
    """Make *blob* the live generation of *name*, in the caller's transaction."""
    versioning = require_bucket(platform, bucket)
    before = find(platform, bucket, name)
    if before is not None:
        retire(platform, before, keep=versioning)
    moment = platform.clock.now()
    micros = int(moment.timestamp() * 1_000_000)
    generation = platform.state.next_number("generation", at_least=micros)
    platform.state.blobs.add(blob)
    now = timestamp(moment)
    with platform.state.transaction() as connection:
        connection.execute(
            "INSERT INTO objects (bucket, name, generation, metageneration, live, blob,"
            " components, created, updated, resource) VALUES (?, ?, ?, 1, 1, ?, ?, ?, ?, ?)",
            (bucket, name, generation, blob.id, components, now, now, json.dumps(resource)),
        )
    return require(platform, bucket, name)


def retire(platform: "Platform", found: StoredObject, *, keep: bool) -> None:
    """Take *found* away, or make it noncurrent when it is to be kept; in a transaction."""
    where = (found.bucket, found.name, found.generation)
    with platform.state.transaction() as connection:
        if keep and found.live:
            connection.execute(
                "UPDATE objects SET live = 0, deleted = ?"
                " WHERE bucket = ? AND name = ? AND generation = ?",
                (platform.now(), *where),
            )
            return
        connection.execute(
            "DELETE FROM objects WHERE bucket = ? AND name = ? AND generation = ?", where
        )
        platform.state.blobs.drop(found.blob)


def rewrite_metadata(
    platform: "Platform", found: StoredObject, resource: dict[str, Any]
) -> StoredObject:
    """Replace the fields that clients set; the metageneration grows. In a transaction."""
    where = (found.bucket, found.name, found.generation)
    with platform.state.transaction() as connection:
        connection.execute(
            "UPDATE objects SET resource = ?, updated = ?, metageneration = metageneration + 1"
            " WHERE bucket = ? AND name = ? AND generation = ?",
            (json.dumps(resource), platform.now(), *where),
        )
    return require(platform, *where)
