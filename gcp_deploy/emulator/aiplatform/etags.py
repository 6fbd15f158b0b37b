"""Etags: they change with every write, and a stale one refuses the write it comes with."""

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.problems import aborted

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform


def fresh_etag(platform: "Platform") -> str:
    """Return an etag that never was, in base64."""
    number = platform.state.next_number("revision")
    return base64.b64encode(number.to_bytes(8, "big")).decode()


def check_etag(body: Mapping[str, Any], etag: str, name: str) -> None:
    """Refuse a write that was decided on an older state; without an etag it overwrites blindly.

    Raises:
        Problem: 409 ABORTED.
    """
    given = body.get("etag")
    if given and given != etag:
        raise aborted(
            f"The etag provided '{given}' does not match the current etag '{etag}' of {name}."
        )
