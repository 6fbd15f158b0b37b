"""The bucket, by google-cloud-storage (port ``ArtifactStore``).

The library's own retries are off: ours know the deadline of the command. Everything is created
with ``ifGenerationMatch=0``, so that repeating a create does no harm.
"""

import io
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, TypeVar

from google.cloud.storage import Client

from gcp_deploy.adapters import checksums
from gcp_deploy.adapters.answers import Call, translated, unreadable
from gcp_deploy.adapters.http import Session
from gcp_deploy.adapters.resumable import ResumableUpload, SessionGone
from gcp_deploy.adapters.retries import Retrier
from gcp_deploy.adapters.source import FileChanged, Source
from gcp_deploy.domain.names import GsUri
from gcp_deploy.errors import Conflict, NotFound, TemporaryError
from gcp_deploy.ports import Clock, StoredObject

GOOGLE = "https://storage.googleapis.com"
_NO_BUCKET = "bucket does not exist"
"""In the message of a 404: it is the bucket that is missing, not the object."""
_SESSIONS = 3
_T = TypeVar("_T")


class GcsStore:
    """One bucket."""

    def __init__(
        self,
        bucket: str,
        *,
        project: str,
        region: str,
        url: str,
        session: Session,
        retrier: Retrier,
        clock: Clock,
    ) -> None:
        self._name = bucket
        self._project = project
        self._region = region
        self._session = session
        self._retrier = retrier
        self._clock = clock
        self._client = Client(
            project=project,
            credentials=session.credentials,
            _http=session,
            client_options={"api_endpoint": url},
        )
        # Else the library asks for the bucket in a thread, with a permission that we do not need.
        self._client._bucket_metadata_cache = None  # noqa: SLF001 -- there is no public switch
        self._bucket = self._client.bucket(bucket)

    def uri(self, name: str) -> GsUri:
        """Return the address of *name* in the bucket."""
        return GsUri(self._name, name)

    def stat(self, name: str) -> StoredObject | None:
        """Return the object, or None. NotFound means that the bucket itself is missing."""
        call = self._call(name, "storage.objects.get")
        try:
            return self._ask(call, lambda: self._reload(name, call))
        except NotFound as error:
            if _NO_BUCKET in f"{error.message} {error.hint}":
                raise self._no_bucket() from error
            return None

    def read(self, name: str) -> bytes:
        """Return the content, checked against the stored crc32c; NotFound when there is none."""
        call = self._call(name, "storage.objects.get")

        def download() -> bytes:
            blob = self._bucket.blob(name)
            content: bytes = blob.download_as_bytes(checksum="crc32c", retry=None)
            stored = blob.crc32c or self._reload(name, call).crc32c
            if checksums.of(content) != stored:
                raise unreadable(call, "content that does not match its checksum")
            return content

        return self._ask(call, download)

    def names(self, prefix: str) -> tuple[str, ...]:
        """Return the names under *prefix*, sorted."""

        def listing() -> list[str]:
            fields = "items(name),nextPageToken"
            return [one.name for one in self._list(prefix=prefix, fields=fields)]

        return tuple(sorted(self._in_bucket(prefix, listing)))

    def folders(self, prefix: str) -> tuple[str, ...]:
        """Return the names of the folders directly under *prefix*, without it, sorted."""

        def listing() -> set[str]:
            pages = self._list(prefix=prefix, delimiter="/", fields="prefixes,nextPageToken")
            for _ in pages:  # the prefixes are complete only after the last page
                continue
            return {str(one) for one in pages.prefixes}

        found = self._in_bucket(prefix, listing)
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
        """Create the object; see :class:`gcp_deploy.ports.ArtifactStore`.

        Up to 8 MiB go in one request with their crc32c; more goes through a resumable session.
        """
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        source = Source(file, str(self.uri(name)))

        def blob() -> Any:
            made = self._bucket.blob(name)
            made.metadata = dict(metadata or {}) or None
            return made

        call = self._call(name, "storage.objects.create")
        try:
            if source.size <= checksums.CHUNK:
                stored, crc = self._send_whole(blob, source, content_type, call)
            else:
                start = self._session_starter(blob, source, content_type)
                stored, crc = self._send_chunks(start, source, call, progress)
        except FileChanged:
            raise
        except Conflict as error:
            stored, crc = self._already_there(name, source), checksums.of_file(source.rewind())
            if stored.crc32c != crc:
                raise self._other_content(name, stored) from error
        except NotFound as error:
            raise self._no_bucket() from error
        if (stored.size, stored.crc32c) != (source.size, crc):
            raise Conflict(
                f"{self.uri(name)} holds {stored.size} bytes with crc32c {stored.crc32c}, "
                f"not the {source.size} bytes with {crc} that were sent",
                hint="nothing is overwritten: delete the object by hand, then run this again",
            )
        if progress is not None:
            progress(source.size, source.size)
        return stored

    def _send_whole(
        self, blob: Callable[[], Any], source: Source, content_type: str, call: Call
    ) -> tuple[StoredObject, str]:
        data = source.rewind().read(source.size + 1)
        source.check_unchanged()

        def send() -> StoredObject:
            made = blob()  # anew for each try: a bad answer would stay in it
            made.upload_from_file(
                io.BytesIO(data),
                size=len(data),
                content_type=content_type,
                if_generation_match=0,
                checksum="crc32c",
                retry=None,
            )
            return self._stored(made, call)

        return self._ask(call, send), checksums.of(data)

    @staticmethod
    def _session_starter(
        blob: Callable[[], Any], source: Source, content_type: str
    ) -> Callable[[], str]:
        return lambda: str(
            blob().create_resumable_upload_session(
                content_type=content_type,
                size=source.size,
                if_generation_match=0,
                checksum=None,
                retry=None,
            )
        )

    def _send_chunks(
        self,
        start: Callable[[], str],
        source: Source,
        call: Call,
        progress: Callable[[int, int], None] | None,
    ) -> tuple[StoredObject, str]:
        for _ in range(_SESSIONS):
            upload = ResumableUpload(
                self._ask(call, start),
                source,
                call,
                http=self._session,
                retrier=self._retrier,
                clock=self._clock,
            )
            try:
                answer, crc = upload.run(progress)
            except SessionGone:
                continue
            return self._from_json(answer, call), crc
        raise TemporaryError(
            f"{call.what}: the upload session ended {_SESSIONS} times",
            hint="run the same command again",
        )

    def _already_there(self, name: str, source: Source) -> StoredObject:
        """A 412: it is there, perhaps by ourselves when the answer was lost."""
        stored = self.stat(name)
        if stored is None:
            raise TemporaryError(
                f"{self.uri(name)} was there and is gone", hint="run the same command again"
            )
        if stored.size != source.size:
            raise self._other_content(name, stored)
        return stored

    def _other_content(self, name: str, stored: StoredObject) -> Conflict:
        return Conflict(
            f"{self.uri(name)} exists with other content "
            f"({stored.size} bytes, generation {stored.generation})",
            hint="nothing in the bucket is overwritten",
        )

    def _reload(self, name: str, call: Call) -> StoredObject:
        blob = self._bucket.blob(name)
        blob.reload(retry=None)
        return self._stored(blob, call)

    def _stored(self, blob: Any, call: Call) -> StoredObject:
        if blob.size is None or not blob.crc32c or blob.generation is None:
            raise unreadable(call, "no object")
        return StoredObject(
            uri=self.uri(blob.name),
            size=int(blob.size),
            crc32c=str(blob.crc32c),
            generation=str(blob.generation),
            metadata=dict(blob.metadata or {}),
        )

    def _from_json(self, answer: Mapping[str, Any], call: Call) -> StoredObject:
        try:
            return StoredObject(
                uri=self.uri(str(answer["name"])),
                size=int(answer["size"]),
                crc32c=str(answer["crc32c"]),
                generation=str(answer["generation"]),
                metadata=dict(answer.get("metadata") or {}),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable(call, "no object") from error

    def _list(self, **options: str) -> Any:
        return self._client.list_blobs(self._bucket, retry=None, **options)

    def _in_bucket(self, prefix: str, work: Callable[[], _T]) -> _T:
        try:
            return self._ask(self._call(prefix, "storage.objects.list"), work)
        except NotFound as error:
            raise self._no_bucket() from error

    def _ask(self, call: Call, work: Callable[[], _T]) -> _T:
        """Repeat *work*: everything here is safe to repeat, writes by their precondition."""

        def once() -> _T:
            try:
                with translated(call, self._clock):
                    return work()
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                # The library trusts answers to be what they should be, and trips over others.
                raise unreadable(call, "something that is no answer of Cloud Storage") from error

        return self._retrier(once)

    def _call(self, name: str, permission: str) -> Call:
        return Call(str(self.uri(name)), permission)

    def _no_bucket(self) -> NotFound:
        bucket, where = f"gs://{self._name}", f"--project={self._project}"
        where += f" --location={self._region}" if self._region else ""
        return NotFound(
            f"bucket {bucket} does not exist",
            hint=f"gcloud storage buckets create {bucket} {where}",
        )
