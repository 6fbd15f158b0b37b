"""The end of every upload: checksums, preconditions, and the new generation."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.blobs import Blob
from gcp_deploy.emulator.messages import Headers, Query
from gcp_deploy.emulator.problems import invalid
from gcp_deploy.emulator.storage import catalog, names, preconditions, resources
from gcp_deploy.emulator.storage.catalog import StoredObject

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform


@dataclass(frozen=True, slots=True)
class Upload:
    """What a client said about the object it sends; kept as JSON by resumable sessions."""

    bucket: str
    name: str
    resource: dict[str, Any]
    conditions: dict[str, int] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    """Declared ones: ``crc32c``, ``md5``."""

    @classmethod
    def declare(
        cls,
        platform: "Platform",
        bucket: str,
        query: Query,
        headers: Headers,
        body: Mapping[str, Any],
        *,
        content_type: str = "",
    ) -> "Upload":
        """Read query, headers and metadata of an upload.

        Raises:
            Problem: 404 when there is no such bucket, 400 for the name or the metadata.
        """
        catalog.require_bucket(platform, bucket)
        name = query.get("name") or body.get("name") or ""
        if not isinstance(name, str):
            raise invalid("Invalid value for field name")
        names.check_object(name)
        resource = resources.settable(body)
        if encoding := query.get("contentEncoding"):
            resource["contentEncoding"] = encoding
        resource.setdefault("contentType", content_type or resources.DEFAULT_TYPE)
        given = {"crc32c": body.get("crc32c"), "md5": body.get("md5Hash")}
        checksums = {key: str(value) for key, value in given.items() if value}
        return cls(
            *(bucket, name, resource, preconditions.collect(query)),
            checksums=checksums | declared_checksums(headers),
        )

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def declared_checksums(headers: Headers) -> dict[str, str]:
    """Return what ``x-goog-hash`` and ``Content-MD5`` declare."""
    found = {}
    for header in headers.all("x-goog-hash"):
        for item in header.split(","):
            kind, _, value = item.strip().partition("=")
            if kind in ("crc32c", "md5") and value:
                found[kind] = value
    if "content-md5" in headers:
        found["md5"] = headers.get("content-md5")
    return found


def finish(
    platform: "Platform", upload: Upload, blob: Blob, *, checksums: Mapping[str, str] | None = None
) -> StoredObject:
    """Store *blob* as the object that *upload* describes.

    Raises:
        Problem: 400 for a declared checksum that differs, 412 for a precondition; nothing is
            stored then.
    """
    try:
        _check(blob, {**upload.checksums, **(checksums or {})})
        with platform.state.transaction():
            found = catalog.find(platform, upload.bucket, upload.name)
            preconditions.check(upload.conditions, found)
            return catalog.insert(platform, upload.bucket, upload.name, blob, upload.resource)
    except BaseException:
        platform.state.blobs.discard(blob)
        raise


def _check(blob: Blob, declared: Mapping[str, str]) -> None:
    for kind, actual in (("crc32c", blob.crc32c), ("md5", blob.md5)):
        if declared.get(kind, actual) != actual:
            raise invalid(
                f'Provided {kind.upper()} hash "{declared[kind][:40]}" doesn\'t match calculated'
                f' {kind.upper()} hash "{actual}".',
            )
