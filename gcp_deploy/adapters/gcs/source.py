"""A file that is being uploaded: it has to stay what it is meanwhile."""

import io
import os
from typing import BinaryIO

from gcp_deploy.errors import Conflict


class FileChanged(Conflict):
    """The file is not any more what it was when the upload began."""


class Source:
    """What lies in *file* from its current position to its end."""

    def __init__(self, file: BinaryIO, what: str) -> None:
        self._file = file
        self._what = what
        self._start = file.tell()
        self.size = file.seek(0, os.SEEK_END) - self._start
        self._mark = _mark(file)
        self.rewind()

    def rewind(self) -> BinaryIO:
        """Go back to where it began."""
        self._file.seek(self._start)
        return self._file

    def read(self, size: int) -> bytes:
        """Return the next *size* bytes; FileChanged when they are not there any more."""
        pieces = []
        missing = size
        while missing and (piece := self._file.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        if missing:
            raise self._changed()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def check_unchanged(self) -> None:
        """FileChanged when the file has grown, or was written to, since it was opened here."""
        here = self._file.tell()
        grown = self._file.seek(0, os.SEEK_END) - self._start != self.size
        self._file.seek(here)
        if grown or _mark(self._file) != self._mark:
            raise self._changed()

    def _changed(self) -> FileChanged:
        return FileChanged(
            f"the file for {self._what} changed while it was read",
            hint="wait until it is written completely, then run the same command again",
        )


def _mark(file: BinaryIO) -> tuple[int, int]:
    """Size and time of the last write, where there is a real file below."""
    try:
        state = os.fstat(file.fileno())
    except (OSError, AttributeError, io.UnsupportedOperation):
        return 0, 0
    return state.st_size, state.st_mtime_ns
