"""Contents of objects: immutable, checked while they are written, named by us.

Small contents live in the database, so that a small object is one write; larger ones are files
``blobs/<two letters>/<random name>``, synced and renamed into place before a row names them. A
process killed in between leaves at most a file without a row, which :meth:`Blobs.sweep` removes.
"""

import base64
import contextlib
import hashlib
import io
import os
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import google_crc32c

from gcp_deploy.emulator.processes import ProcessId

if TYPE_CHECKING:
    from gcp_deploy.emulator.state import State

_new_crc32c: Any = google_crc32c.Checksum  # publishes no types
INLINE_LIMIT = 64 * 1024
_ABANDONED_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Blob:
    """A content with its checksums as Cloud Storage writes them: base64, crc32c big-endian."""

    id: str
    size: int
    crc32c: str
    md5: str
    content: bytes | None = None
    """The bytes of a small one; of a large one, a file."""


class Digests:
    """CRC-32C and MD5 of a stream, together."""

    def __init__(self) -> None:
        self._crc32c = _new_crc32c()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0

    def update(self, piece: bytes) -> None:
        """Take the next bytes."""
        self._crc32c.update(piece)
        self._md5.update(piece)
        self.size += len(piece)

    @property
    def crc32c(self) -> str:
        """Base64 of the big-endian CRC-32C."""
        return base64.b64encode(self._crc32c.digest()).decode()

    @property
    def md5(self) -> str:
        """Base64 of the MD5."""
        return base64.b64encode(self._md5.digest()).decode()


class BlobWriter:
    """Takes a content piece by piece; leaving its context without :meth:`seal` forgets it."""

    def __init__(self, blobs: "Blobs") -> None:
        self._blobs = blobs
        self._digests = Digests()
        self._small: bytearray | None = bytearray()
        self._path = blobs.scratch()
        self._file: BinaryIO | None = None

    @property
    def size(self) -> int:
        """The number of bytes taken."""
        return self._digests.size

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        self._digests.update(piece)
        if self._small is not None and len(self._small) + len(piece) <= INLINE_LIMIT:
            self._small += piece
            return
        if self._file is None:
            self._file = create_private(self._path)
            write_all(self._file, bytes(self._small or b""))
            self._small = None
        write_all(self._file, piece)

    def seal(self) -> Blob:
        """Make the content durable and return it; :meth:`Blobs.add` gives it a row."""
        content = None if self._small is None else bytes(self._small)
        if self._file is not None:
            sync(self._file)
            self._file.close()
            return self._blobs.adopt(self._path, self._digests)
        return Blob(uuid.uuid4().hex, self.size, self._digests.crc32c, self._digests.md5, content)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)


class Blobs:
    """All contents of a state directory, counted by their users."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._folder = state.folder("blobs")
        self._scratch = state.folder("tmp")
        self._process = ProcessId.current()

    def writer(self) -> BlobWriter:
        """Begin a new content."""
        return BlobWriter(self)

    def scratch(self) -> Path:
        """Return a free path for a file of this process; the sweep removes those of dead ones."""
        process = self._process
        name = f"{process.pid}-{process.started.replace(' ', '_')}-{uuid.uuid4().hex}"
        return self._scratch / name

    def adopt(self, path: Path, digests: Digests) -> Blob:
        """Move a file that is complete and synced among the blobs."""
        name = uuid.uuid4().hex
        target = self._path(name)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        path.replace(target)
        _sync_folder(target.parent)
        return Blob(name, digests.size, digests.crc32c, digests.md5)

    def discard(self, blob: Blob) -> None:
        """Forget a content that got no row."""
        if blob.content is None and self.get(blob.id) is None:
            self._path(blob.id).unlink(missing_ok=True)

    def add(self, blob: Blob) -> None:
        """Count one more user of *blob*, in the transaction that makes the user."""
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT INTO blobs (id, size, crc32c, md5, users, content)"
                " VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT (id) DO UPDATE SET users = users + 1",
                (blob.id, blob.size, blob.crc32c, blob.md5, blob.content),
            )

    def drop(self, name: str) -> None:
        """Count one user less; the last one takes the content along, once committed."""
        with self._state.transaction() as connection:
            connection.execute("UPDATE blobs SET users = users - 1 WHERE id = ?", (name,))
            row = connection.execute(
                "SELECT content IS NULL FROM blobs WHERE id = ? AND users <= 0", (name,)
            ).fetchone()
            if row is None:
                return
            connection.execute("DELETE FROM blobs WHERE id = ?", (name,))
            if row[0]:
                self._state.after_commit(lambda: self._path(name).unlink(missing_ok=True))

    def get(self, name: str) -> Blob | None:
        """Return the blob, or None when it is gone."""
        with self._state.connection() as connection:
            row = connection.execute(
                "SELECT id, size, crc32c, md5, content FROM blobs WHERE id = ?", (name,)
            ).fetchone()
        return None if row is None else Blob(*row)

    def open(self, blob: Blob) -> BinaryIO:
        """Open the content for reading.

        Raises:
            FileNotFoundError: the last user dropped it meanwhile.
        """
        if blob.content is not None:
            return io.BytesIO(blob.content)
        return self._path(blob.id).open("rb")

    def export(self, blob: Blob, path: Path) -> None:
        """Write the content to a new file *path*; nobody may write to that file afterwards."""
        if blob.content is not None:
            with create_private(path) as file:
                write_all(file, blob.content)
            return
        try:
            os.link(self._path(blob.id), path)
        except OSError:  # another file system, or one without links
            with self.open(blob) as source, create_private(path) as file:
                shutil.copyfileobj(source, file, 1 << 20)

    def sweep(self) -> None:
        """Remove what killed processes left behind."""
        for path in self._scratch.iterdir():
            pid, _, rest = path.name.partition("-")
            started = rest.rpartition("-")[0].replace("_", " ")
            if not ProcessId(int(pid), started).alive():
                path.unlink(missing_ok=True)
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                old = time.time() - path.stat().st_mtime > _ABANDONED_SECONDS
                if old and self.get(path.name) is None:
                    path.unlink()

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name


def create_private(path: Path) -> BinaryIO:
    """Create *path*, which must not exist, for this user alone, and open it for writing."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "wb", buffering=0)


def write_all(file: BinaryIO, piece: bytes) -> None:
    """Write the whole *piece*: an unbuffered file may take less, when the disk fills up."""
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]


def sync(file: BinaryIO) -> None:
    """Wait until the content of *file* is on the disk."""
    os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
