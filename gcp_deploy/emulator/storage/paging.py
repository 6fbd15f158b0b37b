"""Pages of lists: opaque tokens, at most 1000 entries."""

import base64
import binascii

from gcp_deploy.emulator.messages import Query
from gcp_deploy.emulator.problems import invalid
from gcp_deploy.emulator.storage.preconditions import integer

_LIMIT = 1000


def size(query: Query) -> int:
    """Return how many entries a page may have."""
    if not query.get("maxResults"):
        return _LIMIT
    wanted = integer(query.get("maxResults"), "maxResults")
    if wanted == 0:
        raise invalid("Invalid value for maxResults: '0'")
    return min(wanted, _LIMIT)


def next_token(last: str) -> str:
    """Return the token of the page after the entry *last*."""
    return base64.urlsafe_b64encode(last.encode()).decode()


def token(query: Query) -> str | None:
    """Return the last entry of the page before, or None on the first page; Problem 400 else."""
    text = query.get("pageToken")
    if not text:
        return None
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise invalid("Invalid value for pageToken") from error
