"""Sending one object: up to 8 MiB in one request, more through a resumable session."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gcp_deploy.adapters.calls import Call
from gcp_deploy.adapters.gcs import checksums
from gcp_deploy.adapters.gcs.bucket import Bucket
from gcp_deploy.adapters.gcs.resumable import ResumableUpload, SessionGone
from gcp_deploy.adapters.gcs.source import Source
from gcp_deploy.errors import TemporaryError
from gcp_deploy.ports import StoredObject

_SESSIONS = 3
"""A session lives for a week; one that is gone is started anew, but not for ever."""


@dataclass(frozen=True, slots=True)
class Sending:
    """An object on its way into *bucket*, create-only (``ifGenerationMatch=0``)."""

    bucket: Bucket
    name: str
    source: Source
    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict)

    def send(self, progress: Callable[[int, int], None] | None) -> tuple[StoredObject, str]:
        """Send everything; return the object as it was stored, and the crc32c of what was read.

        Conflict when something of that name is there, FileChanged when the file did not stay
        what it was.
        """
        if self.source.size <= checksums.CHUNK:
            return self._whole()
        return self._chunks(progress)

    @property
    def _call(self) -> Call:
        return self.bucket.call(self.name, "storage.objects.create")

    def _whole(self) -> tuple[StoredObject, str]:
        data = self.source.rewind().read(self.source.size + 1)
        self.source.check_unchanged()

        def upload() -> StoredObject:
            blob = self.bucket.blob(self.name, self.metadata)
            blob.upload_from_file(
                io.BytesIO(data),
                size=len(data),
                content_type=self.content_type,
                if_generation_match=0,
                checksum="crc32c",
                retry=None,
            )
            return self.bucket.of_blob(blob, self._call)

        return self.bucket.ask(self._call, upload), checksums.of(data)

    def _chunks(self, progress: Callable[[int, int], None] | None) -> tuple[StoredObject, str]:
        for _ in range(_SESSIONS):
            upload = ResumableUpload(
                self.bucket.ask(self._call, self._start),
                self.source,
                self._call,
                http=self.bucket.session,
                retrier=self.bucket.retrier,
                clock=self.bucket.clock,
            )
            try:
                answer, crc = upload.run(progress)
            except SessionGone:
                continue
            return self.bucket.stored(answer, self._call), crc
        raise TemporaryError(
            f"{self._call.what}: the upload session ended {_SESSIONS} times",
            hint="run the same command again",
        )

    def _start(self) -> str:
        """Return the address of a new session: a secret."""
        blob = self.bucket.blob(self.name, self.metadata)
        return str(
            blob.create_resumable_upload_session(
                content_type=self.content_type,
                size=self.source.size,
                if_generation_match=0,
                checksum=None,
                retry=None,
            )
        )
