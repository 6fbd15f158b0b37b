"""Opcodes that push a constant, parsed as ``pickle._Unpickler`` parses them.

The pure Python unpickler, which joblib uses, reads numbers with ``int``: ``0x10``, ``1_0`` and
``+1`` are numbers to it. No pickler writes those, so they are told to ``Input.on_odd``.
"""

import codecs
import pickle
import re
import struct
import warnings
from collections.abc import Callable

from gcp_deploy.artifact.stream import Input
from gcp_deploy.artifact.values import Blob, Text, Value
from gcp_deploy.errors import ArtifactUnreadable

_PLAIN = re.compile(rb"-?(0|[1-9][0-9]*)")
_LONGEST_NUMBER = 1 << 12


def decimal(source: Input, line: bytes, base: int = 10) -> int:
    """Return the integer that *line* is to ``int``."""
    if len(line) > _LONGEST_NUMBER:
        raise ArtifactUnreadable(f"number of {len(line)} digits at byte {source.position}")
    if not _PLAIN.fullmatch(line):
        source.on_odd("a number is written in a way that no pickler writes")
    return int(line, base)


def unsigned(source: Input, size: int) -> int:
    """Read a little-endian unsigned integer."""
    return int.from_bytes(source.read(size), "little")


def _int(source: Input) -> Value:
    line = source.readline()
    if line in {b"00", b"01"}:
        return line == b"01"
    return decimal(source, line, 0)


def _long(source: Input) -> Value:
    line = source.readline()
    return decimal(source, line.removesuffix(b"L"), 0)


def _binary_long(source: Input, size: int) -> Value:
    if size < 0 or size > _LONGEST_NUMBER:
        raise ArtifactUnreadable(f"number of {size} bytes at byte {source.position}")
    return int.from_bytes(source.read(size), "little", signed=True)


def _float(source: Input) -> Value:
    return float(source.readline())


def _text(source: Input, size: int) -> Value:
    if size > source.limits.kept:
        source.skip(size)
        return Text(size)
    return str(source.read(size), "utf-8", "surrogatepass")


def _bytes(source: Input, size: int) -> Value:
    if size > source.limits.kept:
        source.skip(size)
        return Blob(size)
    return source.read(size)


def _bytearray(source: Input) -> Value:
    size = unsigned(source, 8)
    if size > source.limits.kept:
        source.skip(size)
        return Blob(size)
    return Blob(size, source.read(size))


def _unicode_line(source: Input) -> Value:
    line = source.readline()
    return str(line, "raw-unicode-escape") if len(line) <= source.limits.kept else Text(len(line))


def _string(source: Input) -> Value:
    line = source.readline()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in {b"'", b'"'}:
        raise ArtifactUnreadable(f"text without quotes at byte {source.position}")
    source.on_odd("a text is written as Python 2 wrote it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return codecs.escape_decode(line[1:-1])[0].decode("ascii")


def _binstring(source: Input, size: int) -> Value:
    if not 0 <= size <= source.limits.line:
        raise ArtifactUnreadable(f"text of {size} bytes at byte {source.position}")
    source.on_odd("a text is written as Python 2 wrote it")
    return source.read(size).decode("ascii")


def _signed4(source: Input) -> int:
    return int.from_bytes(source.read(4), "little", signed=True)


_READERS: dict[bytes, Callable[[Input], Value]] = {
    pickle.NONE: lambda _: None,
    pickle.NEWTRUE: lambda _: True,
    pickle.NEWFALSE: lambda _: False,
    pickle.INT: _int,
    pickle.BININT: _signed4,
    pickle.BININT1: lambda source: source.read(1)[0],
    pickle.BININT2: lambda source: unsigned(source, 2),
    pickle.LONG: _long,
    pickle.LONG1: lambda source: _binary_long(source, source.read(1)[0]),
    pickle.LONG4: lambda source: _binary_long(source, _signed4(source)),
    pickle.FLOAT: _float,
    pickle.BINFLOAT: lambda source: struct.unpack(">d", source.read(8))[0],
    pickle.STRING: _string,
    pickle.BINSTRING: lambda source: _binstring(source, _signed4(source)),
    pickle.SHORT_BINSTRING: lambda source: _binstring(source, source.read(1)[0]),
    pickle.UNICODE: _unicode_line,
    pickle.SHORT_BINUNICODE: lambda source: _text(source, source.read(1)[0]),
    pickle.BINUNICODE: lambda source: _text(source, unsigned(source, 4)),
    pickle.BINUNICODE8: lambda source: _text(source, unsigned(source, 8)),
    pickle.SHORT_BINBYTES: lambda source: _bytes(source, source.read(1)[0]),
    pickle.BINBYTES: lambda source: _bytes(source, unsigned(source, 4)),
    pickle.BINBYTES8: lambda source: _bytes(source, unsigned(source, 8)),
    pickle.BYTEARRAY8: _bytearray,
}
READERS: dict[int, Callable[[Input], Value]] = {op[0]: read for op, read in _READERS.items()}
"""How to read the constant behind each opcode that pushes one."""
