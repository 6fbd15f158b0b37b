"""The bucket as the use cases see it (port ``ArtifactStore``)."""

import io
from collections.abc import Callable, Mapping
from typing import BinaryIO

from gcp_deploy.adapters.answers import unreadable
from gcp_deploy.adapters.gcs import checksums
from gcp_deploy.adapters.gcs.bucket import Bucket, BucketMissing
from gcp_deploy.adapters.gcs.sending import Sending
from gcp_deploy.adapters.gcs.source import FileChanged, Source
from gcp_deploy.domain.names import GsUri
from gcp_deploy.errors import Conflict, NotFound, TemporaryError
from gcp_deploy.ports import StoredObject


class GcsStore:
    """One bucket, in which nothing is overwritten."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def uri(self, name: str) -> GsUri:
        """Return the address of *name* in the bucket."""
        return self._bucket.uri(name)

    def stat(self, name: str) -> StoredObject | None:
        """Return the object, or None. NotFound means that the bucket itself is missing."""
        call = self._bucket.call(name, "storage.objects.get")

        def reload() -> StoredObject:
            blob = self._bucket.blob(name)
            blob.reload(retry=None)
            return self._bucket.of_blob(blob, call)

        try:
            return self._bucket.ask(call, reload)
        except BucketMissing:
            raise
        except NotFound:
            return None

    def read(self, name: str) -> bytes:
        """Return the content, checked against the stored crc32c; NotFound when there is none."""
        call = self._bucket.call(name, "storage.objects.get")

        def download() -> bytes:
            blob = self._bucket.blob(name)
            content: bytes = blob.download_as_bytes(checksum="crc32c", retry=None)
            if not blob.crc32c:
                blob.reload(retry=None)
            if checksums.of(content) != blob.crc32c:
                raise unreadable(call, "content that does not match its checksum")
            return content

        return self._bucket.ask(call, download)

    def names(self, prefix: str) -> tuple[str, ...]:
        """Return the names under *prefix*, sorted."""
        call = self._bucket.call(prefix, "storage.objects.list")

        def listing() -> list[str]:
            fields = "items(name),nextPageToken"
            return [str(one.name) for one in self._bucket.list(prefix=prefix, fields=fields)]

        try:
            return tuple(sorted(self._bucket.ask(call, listing)))
        except NotFound as error:
            raise self._bucket.missing() from error

    def folders(self, prefix: str) -> tuple[str, ...]:
        """Return the names of the folders directly under *prefix*, without it, sorted."""
        call = self._bucket.call(prefix, "storage.objects.list")

        def listing() -> set[str]:
            fields = "prefixes,nextPageToken"
            pages = self._bucket.list(prefix=prefix, delimiter="/", fields=fields)
            for _ in pages:  # the prefixes are complete only after the last page
                continue
            return {str(one) for one in pages.prefixes}

        try:
            found = self._bucket.ask(call, listing)
        except NotFound as error:
            raise self._bucket.missing() from error
        return tuple(sorted(one.removeprefix(prefix).rstrip("/") for one in found))

    def create(
        self,
        name: str,
        content: bytes | BinaryIO,
        *,
        metadata: Mapping[str, str] | None = None,
        content_type: str = "application/octet-stream",
        progress: Callable[[int, int], None] | None = None,
    ) -> StoredObject:
        """Create the object, create-only; see :class:`gcp_deploy.ports.ArtifactStore`."""
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        source = Source(file, str(self.uri(name)))
        sending = Sending(self._bucket, name, source, content_type, metadata or {})
        try:
            stored, crc = sending.send(progress)
        except FileChanged:
            raise
        except Conflict as error:
            stored, crc = self._already_there(name, source, error)
        except NotFound as error:
            raise self._bucket.missing() from error
        if (stored.size, stored.crc32c) != (source.size, crc):
            raise Conflict(
                f"{self.uri(name)} holds {stored.size} bytes with crc32c {stored.crc32c}, "
                f"not the {source.size} bytes with {crc} that were sent",
                hint="nothing is overwritten: delete the object by hand, then run this again",
            )
        if progress is not None:
            progress(source.size, source.size)
        return stored

    def _already_there(
        self, name: str, source: Source, error: Conflict
    ) -> tuple[StoredObject, str]:
        """A 412: something is there, perhaps from us when the answer was lost."""
        stored = self.stat(name)
        if stored is None:
            raise TemporaryError(
                f"{self.uri(name)} was there and is gone", hint="run the same command again"
            ) from error
        if stored.size == source.size:
            crc = checksums.of_file(source.rewind())
            if stored.crc32c == crc:
                return stored, crc
        raise Conflict(
            f"{self.uri(name)} exists with other content "
            f"({stored.size} bytes, generation {stored.generation})",
            hint="nothing in the bucket is overwritten",
        ) from error
