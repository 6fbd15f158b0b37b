"""Faults: everything that is wrong with the settings, told at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from gcp_deploy.errors import BadSettings


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where it was said, what was said, what is expected."""

    source: str
    """The file, the flag or the variable."""
    path: str
    """The key with its tables, such as ``targets.prod.region``; empty for the source itself."""
    told: str

    def __str__(self) -> str:
        where = f"{self.source}: {self.path}" if self.path else self.source
        return f"{where}: {self.told}"


def not_expected(value: object, expected: str) -> str:
    """Say that *value* is not what is *expected*."""
    shown = repr(value)
    shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
    return f"{shown} is not what is expected: {expected}"


def unknown_key(name: str, known: Iterable[str]) -> str:
    """Say that *name* is no key, and which one was probably meant."""
    from difflib import get_close_matches

    known = sorted(known)
    close = get_close_matches(name.replace("-", "_").lower(), known, n=1)
    help_ = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
    return f"unknown key {name!r}; {help_}"


def raise_any(faults: list[Fault]) -> None:
    """Raise BadSettings that tells all *faults*, when there are any."""
    if not faults:
        return
    if len(faults) == 1:
        message = str(faults[0])
    else:
        lines = "".join(f"\n  {fault}" for fault in faults)
        message = f"the settings have {len(faults)} faults:{lines}"
    raise BadSettings(message, hint="'gcp-deploy init' writes a file with every key explained")
