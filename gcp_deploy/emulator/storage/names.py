"""Which names Cloud Storage takes (https://cloud.google.com/storage/docs/buckets and /objects)."""

import ipaddress
import re

from gcp_deploy.emulator.problems import Code, Problem, invalid

_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")


def check_bucket(name: str) -> None:
    """Raise Problem 400 when *name* is no bucket name."""
    parts = name.split(".")
    good = (
        _BUCKET.fullmatch(name)
        and 3 <= len(name) <= (222 if len(parts) > 1 else 63)
        and all(0 < len(part) <= 63 for part in parts)
        and not _is_address(name)
        and not name.startswith("goog")
        and "google" not in name
    )
    if not good:
        raise invalid(f"Invalid bucket name: '{_shown(name)}'")


def check_object(name: str) -> None:
    """Raise Problem 400 when *name* is no object name. Names are opaque beyond these rules."""
    if not name:
        raise Problem(Code.INVALID_ARGUMENT, "Required", reason="required")
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise invalid("Object names must be valid UTF-8.") from error
    bad = name in (".", "..") or name.startswith(".well-known/acme-challenge/")
    if bad or size > 1024 or "\r" in name or "\n" in name:
        raise invalid(f"Invalid object name: '{_shown(name)}'")


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name[:80])
