"""Folders of the bucket, copied when a model is made of them, as the services do.

A copy counts as one more user of the stored content, so that it costs nothing, and stays what it
was when the bucket changes.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

_URI = re.compile(r"gs://(?P<bucket>[a-z0-9._-]{3,222})(?:/(?P<prefix>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A file of a copied folder."""

    name: str
    """Below the folder."""
    blob: str
    size: int


def parse(uri: str) -> tuple[str, str] | None:
    """Return bucket and prefix (empty, or ending in ``/``) of a folder, None for another form."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    prefix = match["prefix"] or ""
    return match["bucket"], prefix if not prefix or prefix.endswith("/") else f"{prefix}/"


def files(platform: "Platform", bucket: str, prefix: str) -> tuple[CopiedFile, ...]:
    """Return the live objects under *prefix*, but for placeholders of folders, by name."""
    with platform.state.connection() as connection:
        rows = connection.execute(
            "SELECT objects.name, blobs.id, blobs.size FROM objects"
            " JOIN blobs ON blobs.id = objects.blob WHERE bucket = ? AND live = 1"
            " AND name >= ? AND name < ? ORDER BY name",
            (bucket, prefix, prefix + "\U0010ffff"),
        ).fetchall()
    names = ((name.removeprefix(prefix), blob, size) for name, blob, size in rows)
    return tuple(CopiedFile(*row) for row in names if row[0] and not row[0].endswith("/"))


def keep(platform: "Platform", found: Iterable[CopiedFile]) -> None:
    """Become a user of the files, in the transaction in which they were found."""
    for file in found:
        blob = platform.state.blobs.get(file.blob)
        assert blob is not None, "an object has a content as long as it lives"
        platform.state.blobs.add(blob)


def drop(platform: "Platform", found: Iterable[CopiedFile]) -> None:
    """Give the files back, in the caller's transaction."""
    for file in found:
        platform.state.blobs.drop(file.blob)


@contextmanager
def exported(platform: "Platform", file: CopiedFile) -> Iterator[Path]:
    """Give the file a path of its own for a while; nobody may change it there.

    Raises:
        FileNotFoundError: it was given back meanwhile.
    """
    blob = platform.state.blobs.get(file.blob)
    if blob is None:
        raise FileNotFoundError(file.name)
    path = platform.state.blobs.scratch()
    try:
        platform.state.blobs.export(blob, path)
        yield path
    finally:
        path.unlink(missing_ok=True)
