"""The file and its compression: raw bytes in, unpacked bytes out, both counted and bounded.

The codec is told by the first bytes, as ``joblib.numpy_pickle_utils._detect_compressor`` does,
never by the file's name. Stricter than joblib: exactly one compressed stream, and nothing behind it
(on bytes after a zlib or gzip stream ``joblib.load`` never returns).
"""

import base64
import bz2
import hashlib
import lzma
import os
import stat
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Protocol

from gcp_deploy.artifact.limits import Limits
from gcp_deploy.errors import ArtifactUnreadable, MissingExtra, UsageError

CHUNK = 1 << 20
_LZMA_MEMORY = 512 << 20
_MAGIC = (
    (b"ZF", "zfile"),
    (b"\x78", "zlib"),
    (b"\x1f\x8b", "gzip"),
    (b"BZ", "bz2"),
    (b"\x5d\x00", "lzma"),
    (b"\xfd7zXZ", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
)
_OTHERS = (
    (b"PK\x03\x04", "a zip archive, as skops, torch and numpy.savez write"),
    (b"\x93NUMPY", "an array written by numpy.save"),
    (b"\x89HDF", "an HDF5 file, as Keras writes"),
)


class Checksum(Protocol):
    """A running CRC-32C."""

    def update(self, chunk: bytes) -> None:
        """Take *chunk* into account."""
        ...

    def digest(self) -> bytes:
        """Return the checksum so far, big-endian."""
        ...


class Engine(Protocol):
    """A decompressor of bz2, lzma or lz4."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was met."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether more packed bytes are needed for the next output."""
        ...

    @property
    def unused_data(self) -> bytes:
        """Bytes behind the end of the stream."""
        ...

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most *max_length* unpacked bytes."""
        ...


def open_file(path: Path) -> BinaryIO:
    """Open a regular file, once, without waiting for the other end of a pipe.

    Raises:
        UsageError: It is missing, a directory, a device or a pipe, or may not be read.
    """
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise UsageError(f"no such file: {str(path)!r}", hint=_similar(path)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"file cannot be read: {str(path)!r}: {reason}") from error
    mode = os.fstat(number).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(number, "rb", buffering=0)
    os.close(number)
    if stat.S_ISDIR(mode):
        raise UsageError(
            f"a directory, not a file: {str(path)!r}", hint="name the .joblib file inside it"
        )
    raise UsageError(f"not a regular file: {str(path)!r}", hint="save the model with joblib.dump")


def _similar(path: Path) -> str:
    try:
        names = sorted(path.parent.glob("*.joblib"))
    except OSError:
        names = []
    if names:
        return f"there is {str(names[0])!r}"
    return "joblib.dump(model, 'model.joblib') writes one"


class Tap:
    """The raw bytes of a file, digested and counted as they pass."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()
        self._crc32c = _checksum()
        self._first = b""
        self.size = 0

    def peek(self) -> bytes:
        """Return the first bytes of the file without consuming them."""
        if not self._first:
            self._first = self._read()
        return self._first[:8]

    def block(self) -> bytes:
        """Return the next bytes, or none at the end."""
        first, self._first = self._first, b""
        return first or self._read()

    def drain(self) -> None:
        """Read what is left, so that digest and size are those of the whole file."""
        self._first = b""
        while self._read():
            pass

    @property
    def sha256(self) -> str:
        """The digest of what was read, in hexadecimal."""
        return self._sha256.hexdigest()

    @property
    def crc32c(self) -> str:
        """The checksum as Cloud Storage writes it: base64 of the big-endian CRC-32C."""
        return base64.b64encode(self._crc32c.digest()).decode()

    def _read(self) -> bytes:
        data = self._file.read(CHUNK) or b""
        self._sha256.update(data)
        self._crc32c.update(data)
        self.size += len(data)
        return data


def detect(tap: Tap) -> str:
    """Return the codec of the file: ``none``, or what joblib would unpack it with.

    Raises:
        ArtifactUnreadable: The file is empty, of another kind, or in joblib's format before 0.10.
    """
    first = tap.peek()
    if not first:
        raise ArtifactUnreadable("the file is empty", hint="save the model again")
    for magic, what in _OTHERS:
        if first.startswith(magic):
            raise ArtifactUnreadable(
                f"the file is {what}",
                hint="joblib.dump(pipeline, 'model.joblib') writes what we take",
            )
    codec = next((name for magic, name in _MAGIC if first.startswith(magic)), "none")
    if codec == "zfile":
        raise ArtifactUnreadable(
            "the file is in the format of joblib before 0.10",
            hint="load it with an old joblib and save it with a new one",
        )
    return codec


def unpack(tap: Tap, codec: str, limits: Limits) -> Iterator[bytes]:
    """Yield the unpacked bytes of the file in chunks of at most 1 MiB.

    Raises:
        ArtifactUnreadable: Damaged, truncated, longer than its stream, or beyond the limits.
    """
    total = 0
    try:
        for chunk in _streams(tap, codec):
            total += len(chunk)
            if total > limits.unpacked:
                raise ArtifactUnreadable(f"unpacks to more than {limits.unpacked} bytes")
            if total > limits.ratio_floor and total > limits.ratio * tap.size:
                raise ArtifactUnreadable(
                    f"unpacks to more than {limits.ratio} times its size: a decompression bomb"
                )
            yield chunk
    except (zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, ValueError) as error:
        raise ArtifactUnreadable(f"the {codec} stream is damaged: {error}") from error


def _streams(tap: Tap, codec: str) -> Iterator[bytes]:
    match codec:
        case "none":
            return iter(tap.block, b"")
        case "zlib":
            return _inflated(tap, codec, zlib.MAX_WBITS)
        case "gzip":
            return _inflated(tap, codec, zlib.MAX_WBITS | 16)
        case "bz2":
            return _decompressed(tap, codec, bz2.BZ2Decompressor())
        case "lz4":
            return _decompressed(tap, codec, _lz4())
        case _:
            return _decompressed(tap, codec, lzma.LZMADecompressor(memlimit=_LZMA_MEMORY))


def _inflated(tap: Tap, codec: str, window: int) -> Iterator[bytes]:
    engine = zlib.decompressobj(window)
    data = b""
    while not engine.eof:
        data = engine.unconsumed_tail or tap.block()
        chunk = engine.decompress(data, CHUNK)
        if chunk:
            yield chunk
        elif not data:
            raise _truncated(codec)
    _check_end(tap, codec, engine.unused_data)


def _decompressed(tap: Tap, codec: str, engine: Engine) -> Iterator[bytes]:
    while not engine.eof:
        data = tap.block() if engine.needs_input else b""
        if engine.needs_input and not data:
            raise _truncated(codec)
        chunk = engine.decompress(data, CHUNK)
        if chunk:
            yield chunk
    _check_end(tap, codec, engine.unused_data)


def _check_end(tap: Tap, codec: str, unused: bytes) -> None:
    if unused or tap.block():
        raise ArtifactUnreadable(
            f"there are bytes behind the end of the {codec} stream",
            hint="joblib writes one stream and nothing behind it: save the model again",
        )


def _truncated(codec: str) -> ArtifactUnreadable:
    return ArtifactUnreadable(
        f"the {codec} stream ends too early", hint="the file was cut: copy or save it again"
    )


def _checksum() -> Checksum:
    # Imported only when a file is read. The package publishes no types.
    checksum: Checksum = import_module("google_crc32c").Checksum()
    return checksum


def _lz4() -> Engine:
    try:
        engine: Engine = import_module("lz4.frame").LZ4FrameDecompressor()
    except ImportError as error:
        raise MissingExtra(
            "the file is compressed with lz4, which is not installed", hint="pip install lz4"
        ) from error
    return engine
