"""The limits of the X-ray, so that no file can make it slow or large."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused as too much. Sizes are in bytes."""

    unpacked: int = 64 << 30
    """Bytes after decompression."""
    ratio: int = 500
    """Unpacked bytes per packed byte; zlib cannot exceed 1032, honest forests stay under 100."""
    ratio_floor: int = 256 << 20
    """Below this many unpacked bytes, any ratio: arrays of zeros are honest."""
    opcodes: int = 100_000_000
    depth: int = 5_000
    """Marks open at once; picklers that recurse end at about 1,000."""
    nested: int = 100_000
    """Object arrays: complete pickles inside the file."""
    memo: int = 50_000_000
    frame: int = 16 << 20
    """Picklers end a frame soon after 64 KiB."""
    line: int = 64 << 20
    """A line of protocol 0, where strings are lines."""
    kept: int = 4 << 10
    """Longer texts and bytes are skipped: known by their length only."""


DEFAULT_LIMITS = Limits()
