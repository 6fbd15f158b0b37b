"""The library's bucket, with our retries, our errors, and a check of what it hands out."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from google.cloud.storage import Client

from gcp_deploy.adapters.answers import translated, unreadable
from gcp_deploy.adapters.calls import Call
from gcp_deploy.adapters.http import Session
from gcp_deploy.adapters.retries import Retrier
from gcp_deploy.domain.names import GsUri
from gcp_deploy.errors import NotFound
from gcp_deploy.ports import Clock, StoredObject

GOOGLE = "https://storage.googleapis.com"
_NO_BUCKET = "bucket does not exist"
"""In the message of a 404: it is the bucket that is missing, not the object."""
_T = TypeVar("_T")


class BucketMissing(NotFound):
    """The bucket itself does not exist."""


class Bucket:
    """One bucket. The library's own retries are off: ours know the deadline of the command."""

    def __init__(
        self,
        name: str,
        *,
        project: str,
        region: str,
        url: str,
        session: Session,
        retrier: Retrier,
        clock: Clock,
    ) -> None:
        self.session = session
        self.retrier = retrier
        self.clock = clock
        self._name = name
        self._project = project
        self._region = region
        self._client = Client(
            project=project,
            credentials=session.credentials,
            _http=session,
            client_options={"api_endpoint": url},
        )
        # Else the library asks for the bucket in a thread, with a permission that we do not need.
        self._client._bucket_metadata_cache = None  # noqa: SLF001 -- there is no public switch
        self._bucket = self._client.bucket(name)

    def uri(self, name: str) -> GsUri:
        """Return the address of *name*."""
        return GsUri(self._name, name)

    def blob(self, name: str, metadata: Mapping[str, str] | None = None) -> Any:
        """Return the library's object for *name*: one for each try, as a bad answer stays in it."""
        made = self._bucket.blob(name)
        made.metadata = dict(metadata or {}) or None
        return made

    def list(self, **options: str) -> Any:
        """Return the library's iterator over all pages of a listing."""
        return self._client.list_blobs(self._bucket, retry=None, **options)

    def call(self, name: str, permission: str) -> Call:
        """Return the call about *name* that needs *permission*."""
        return Call(str(self.uri(name)), permission)

    def ask(self, call: Call, work: Callable[[], _T]) -> _T:
        """Repeat *work*: everything here is safe to repeat, writes by their precondition.

        Raises what :mod:`gcp_deploy.adapters.answers` makes of a refusal; a 404 is about the
        bucket when it says so.
        """

        def once() -> _T:
            try:
                with translated(call, self.clock):
                    return work()
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                # The library trusts answers to be what they should be, and trips over others.
                raise unreadable(call, "something that is no answer of Cloud Storage") from error

        try:
            return self.retrier(once)
        except NotFound as error:
            if _NO_BUCKET in f"{error.message} {error.hint}":
                raise self.missing() from error
            raise

    def stored(self, answer: Mapping[str, Any], call: Call) -> StoredObject:
        """Read the object resource *answer*."""
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

    def of_blob(self, blob: Any, call: Call) -> StoredObject:
        """Read what the library has loaded into *blob*."""
        if blob.size is None or not blob.crc32c or blob.generation is None:
            raise unreadable(call, "no object")
        return StoredObject(
            uri=self.uri(blob.name),
            size=int(blob.size),
            crc32c=str(blob.crc32c),
            generation=str(blob.generation),
            metadata=dict(blob.metadata or {}),
        )

    def missing(self) -> BucketMissing:
        """Return the error for a bucket that is not there."""
        bucket, where = f"gs://{self._name}", f"--project={self._project}"
        where += f" --location={self._region}" if self._region else ""
        return BucketMissing(
            f"bucket {bucket} does not exist",
            hint=f"gcloud storage buckets create {bucket} {where}",
        )
