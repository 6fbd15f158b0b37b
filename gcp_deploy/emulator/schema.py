"""The tables, and how an older database comes to have them."""

import sqlite3

from gcp_deploy.errors import Conflict

VERSION = 1

_TABLES = """
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE operations (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    metadata TEXT NOT NULL,
    work TEXT NOT NULL,
    arguments TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    owner_pid INTEGER NOT NULL,
    owner_started TEXT NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    response TEXT
) STRICT;
CREATE INDEX operations_undone ON operations (done) WHERE done = 0;

CREATE TABLE blobs (
    id TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    crc32c TEXT NOT NULL,
    md5 TEXT NOT NULL,
    users INTEGER NOT NULL,
    content BLOB
) STRICT;

CREATE TABLE buckets (
    name TEXT PRIMARY KEY,
    metageneration INTEGER NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    versioning INTEGER NOT NULL,
    resource TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE objects (
    bucket TEXT NOT NULL REFERENCES buckets (name),
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    metageneration INTEGER NOT NULL,
    live INTEGER NOT NULL,
    blob TEXT NOT NULL REFERENCES blobs (id),
    components INTEGER NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    deleted TEXT,
    resource TEXT NOT NULL,
    PRIMARY KEY (bucket, name, generation)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX objects_live ON objects (bucket, name) WHERE live = 1;

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    bucket TEXT NOT NULL,
    created TEXT NOT NULL,
    request TEXT NOT NULL,
    object TEXT
) STRICT, WITHOUT ROWID;
"""


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in a new database; the caller keeps other processes out meanwhile.

    Raises:
        Conflict: the database was written by a newer version of gcp-deploy.
    """
    connection.execute("PRAGMA journal_mode = WAL")
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise Conflict(
            f"the platform's state has format {found}, this version knows up to {VERSION}",
            hint="use the gcp-deploy that made it, or another --state directory",
        )
    if found < VERSION:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;"
        )
