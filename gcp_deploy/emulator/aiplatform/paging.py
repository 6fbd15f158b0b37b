"""Pages of the list calls, with opaque tokens that belong to one query."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from gcp_deploy.emulator.messages import Query
from gcp_deploy.emulator.problems import invalid

DEFAULT_SIZE = 100
LARGEST_SIZE = 1000


def page(items: Sequence[Mapping[str, Any]], query: Query, name: str) -> dict[str, Any]:
    """Return one page of *items* under *name*, with ``nextPageToken`` when more follow.

    No items give ``{}``, as the JSON of an empty list does.

    Raises:
        Problem: 400 INVALID_ARGUMENT for a bad page size, or a token of another query.
    """
    size, start = _size(query), 0
    seal = _seal(query)
    if token := query.get("pageToken") or query.get("page_token"):
        start = _start(token, seal)
    found = [dict(item) for item in items[start : start + size]]
    answer: dict[str, Any] = {name: found} if found else {}
    if start + size < len(items):
        text = json.dumps([start + size, seal])
        answer["nextPageToken"] = base64.urlsafe_b64encode(text.encode()).decode()
    return answer


def _size(query: Query) -> int:
    text = query.get("pageSize") or query.get("page_size") or "0"
    if not text.isdecimal() or len(text) > 9:
        raise invalid(f"Invalid page_size '{text}': it must not be negative.")
    return min(int(text) or DEFAULT_SIZE, LARGEST_SIZE)


def _seal(query: Query) -> str:
    asked = json.dumps([query.get("filter"), query.get("orderBy") or query.get("order_by")])
    return hashlib.sha256(asked.encode()).hexdigest()[:12]


def _start(token: str, seal: str) -> int:
    try:
        start, sealed = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError) as error:  # ValueError: also bad base64 and bad UTF-8
        raise invalid(f"Invalid page_token '{token}'.") from error
    if sealed != seal or not isinstance(start, int) or start < 0:
        raise invalid(f"Invalid page_token '{token}': it belongs to another request.")
    return start
