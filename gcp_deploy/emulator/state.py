"""The platform's memory: one SQLite database and files beside it, shared by several processes.

Everything that must hold together happens in one :meth:`State.transaction`. It is immediate: who is
in one is the only writer of the state directory, across threads and processes, until it ends. A
process killed inside one leaves nothing behind. Readers never wait.

``STATE_DIR/platform-data/`` holds it all: ``state.db``, ``blobs/`` (content under names of our own,
never under names that clients chose), ``tmp/`` and folders of the packages. Folders are private to
the user (0700), files too (0600).
"""

import base64
import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gcp_deploy.emulator.blobs import Blobs
from gcp_deploy.emulator.clock import Clock, SystemClock, timestamp
from gcp_deploy.emulator.locks import FileLock
from gcp_deploy.emulator.schema import prepare
from gcp_deploy.errors import Conflict

DATA = "platform-data"
"""The folder of a state directory that is all ours, and that a reset removes."""

BUSY_SECONDS = 60.0
"""How long a transaction waits for the one before it."""


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object under a kind and a key."""

    kind: str
    key: str
    body: dict[str, Any]
    revision: int
    """Grows with every write of the whole state."""
    created: int
    """The revision of the first write: sorts documents by age."""
    updated: str
    """The moment of the last write, RFC 3339."""

    @property
    def etag(self) -> str:
        """Changes with every write; legal base64, as ``ml`` demands."""
        return base64.b64encode(self.revision.to_bytes(8, "big")).decode()


class State:
    """An open state directory; safe to use from any thread."""

    def __init__(self, directory: Path, *, clock: Clock | None = None) -> None:
        self.directory = directory
        self.clock = clock or SystemClock()
        self._data = private_folder(private_folder(directory) / DATA)
        self._database = self._data / "state.db"
        _refuse_foreign(self._data, self._database)
        self._pool: list[sqlite3.Connection] = []
        self._pool_lock = threading.Lock()
        self._closed = False
        self._mine = threading.local()
        with FileLock(self._data / "open.lock"):
            os.close(os.open(self._database, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600))
            try:
                with self.connection() as connection:
                    prepare(connection)
            except sqlite3.OperationalError:  # busy, or the disk: the state itself is well
                raise
            except sqlite3.DatabaseError as error:
                raise Conflict(
                    f"the state of the platform in {directory} is damaged: {error}",
                    hint="gcp-deploy local reset throws it away",
                ) from error
        self.blobs = Blobs(self)

    def folder(self, name: str) -> Path:
        """Return a private folder of the state directory, made when it is missing."""
        return private_folder(self._data / name)

    def close(self) -> None:
        """Close the connections: those lent out when they come back."""
        with self._pool_lock:
            self._closed = True
            while self._pool:
                self._pool.pop().close()

    @contextlib.contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection: that of this thread's transaction, else one of the pool."""
        mine: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        if mine is not None:
            yield mine
            return
        with self._pool_lock:
            connection = self._pool.pop() if self._pool else None
        connection = connection or self._connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._pool_lock:
            if self._closed:
                connection.close()
            else:
                self._pool.append(connection)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Be the only writer while the context lasts; an exception undoes everything.

        Inside another transaction of the same thread it is part of that one.
        """
        if getattr(self._mine, "connection", None) is not None:
            yield self._mine.connection
            return
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            self._mine.connection, self._mine.after = connection, []
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._mine.after.clear()
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                after, self._mine.connection = self._mine.after, None
        for action in after:
            action()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run *action* once this thread's transaction is committed, never if it is undone."""
        self._mine.after.append(action)

    def next_number(self, counter: str, *, at_least: int = 1) -> int:
        """Return the next number of *counter*: never less than *at_least*, never one again."""
        with self.transaction() as connection:
            row = connection.execute(
                "INSERT INTO counters (name, value) VALUES (?1, ?2)"
                " ON CONFLICT (name) DO UPDATE SET value = max(value + 1, ?2) RETURNING value",
                (counter, at_least),
            ).fetchone()
            return int(row[0])

    def get(self, kind: str, key: str) -> Document | None:
        """Return the document, or None."""
        with self.connection() as connection:
            row = connection.execute(f"{_SELECT} AND key = ?", (kind, key)).fetchone()
        return None if row is None else _document(row)

    def put(self, kind: str, key: str, body: Mapping[str, Any]) -> Document:
        """Write the document, new or over the one that is there, and return it with a new etag."""
        text = json.dumps(body, separators=(",", ":"))
        with self.transaction() as connection:
            revision = self.next_number("revision")
            values = (kind, key, text, revision, timestamp(self.clock.now()))
            return _document(connection.execute(_PUT, values).fetchone())

    def list(
        self, kind: str, *, prefix: str = "", after: str = "", limit: int = -1
    ) -> list[Document]:
        """Return the documents of *kind* by key: those that start with *prefix*, beyond *after*."""
        with self.connection() as connection:
            rows = connection.execute(
                f"{_SELECT} AND key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ?",
                (kind, after, prefix, prefix + "\U0010ffff", limit),
            ).fetchall()
        return [_document(row) for row in rows]

    def delete(self, kind: str, key: str) -> bool:
        """Delete the document; tell whether there was one."""
        with self.transaction() as connection:
            done = connection.execute(
                "DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key)
            )
            return done.rowcount > 0

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._database, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        # Without a sync at each commit a power cut may lose the last ones, but no kill does, and
        # neither harms the database: https://www.sqlite.org/pragma.html#pragma_synchronous
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


_COLUMNS = "kind, key, body, revision, created, updated"
_SELECT = f"SELECT {_COLUMNS} FROM documents WHERE kind = ?"  # noqa: S608 -- our own words
_PUT = f"""
    INSERT INTO documents (kind, key, body, revision, created, updated)
    VALUES (?1, ?2, ?3, ?4, ?4, ?5)
    ON CONFLICT (kind, key) DO UPDATE
    SET body = excluded.body, revision = excluded.revision, updated = excluded.updated
    RETURNING {_COLUMNS}
"""  # noqa: S608 -- our own words


def _document(row: tuple[str, str, str, int, int, str]) -> Document:
    kind, key, body, revision, created, updated = row
    return Document(kind, key, json.loads(body), revision, created, updated)


def _refuse_foreign(folder: Path, database: Path) -> None:
    """Raise Conflict when *folder* holds something, and not our database: it is somebody else's."""
    held = {path.name for path in folder.iterdir()} - {"open.lock"}
    if held and not database.is_symlink() and not database.exists():
        raise Conflict(
            f"{folder} holds other files, and no state of the platform",
            hint="choose another --state directory",
        )


def private_folder(path: Path) -> Path:
    """Make *path* for this user alone, with its parents; one that exists is left as it is."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    return path
