"""CRC-32C as Cloud Storage writes it."""

import base64
from typing import BinaryIO

import google_crc32c

CHUNK = 8 * 1024 * 1024
"""Bytes read at once: a multiple of the 256 KiB that resumable uploads ask for."""


def as_text(crc: int) -> str:
    """Return *crc* in base64 of its four bytes, the highest first.

    >>> as_text(0x227A_D5D4)
    'InrV1A=='
    """
    return base64.b64encode(crc.to_bytes(4, "big")).decode("ascii")


def of(data: bytes) -> str:
    """Return the checksum of *data*."""
    return as_text(google_crc32c.value(data))


def extend(crc: int, data: bytes) -> int:
    """Return the checksum of what had *crc*, with *data* behind it."""
    result: int = google_crc32c.extend(crc, data)
    return result


def of_file(file: BinaryIO) -> str:
    """Return the checksum from the current position of *file* to its end."""
    crc = 0
    while data := file.read(CHUNK):
        crc = extend(crc, data)
    return as_text(crc)
