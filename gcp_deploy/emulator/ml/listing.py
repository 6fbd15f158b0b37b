"""Pages and filters of the list calls."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from gcp_deploy.emulator.messages import Query
from gcp_deploy.emulator.problems import invalid

DEFAULT_SIZE = 20
LARGEST_SIZE = 100

_TERM = re.compile(r'labels\.(?P<key>[\w-]+)\s*(?P<operator>=|:)\s*(?P<value>"[^"]*"|[\w*-]+)')


def page(items: Sequence[Mapping[str, Any]], query: Query, name: str) -> dict[str, Any]:
    """Return one page of what passes the filter under *name*; nothing gives ``{}``.

    Raises:
        Problem: 400 INVALID_ARGUMENT for a bad filter, page size or token.
    """
    text = query.get("filter")
    found = filtered(items, text)
    start = _start(query.get("pageToken"), text)
    size = _size(query.get("pageSize"))
    shown = [dict(item) for item in found[start : start + size]]
    answer: dict[str, Any] = {name: shown} if shown else {}
    if start + size < len(found):
        token = json.dumps([start + size, text]).encode()
        answer["nextPageToken"] = base64.urlsafe_b64encode(token).decode()
    return answer


def filtered(items: Sequence[Mapping[str, Any]], text: str) -> list[Mapping[str, Any]]:
    """Return the items with the labels that the filter names.

    The API documents no grammar but labels: ``labels.key=value``, ``labels.key:value``,
    ``labels.key:*``, joined by AND or blanks.
    """
    terms = re.sub(r"\s+AND\s+", " ", text.strip())
    wanted = list(_TERM.finditer(terms))
    if _TERM.sub("", terms).strip():
        raise invalid(f"Field: filter Error: Invalid filter: {text!r}")
    return [item for item in items if all(_holds(term, item) for term in wanted)]


def _holds(term: re.Match[str], item: Mapping[str, Any]) -> bool:
    labels = item.get("labels") or {}
    value = term["value"].strip('"')
    if term["operator"] == ":" and value == "*":
        return term["key"] in labels
    return labels.get(term["key"]) == value


def _size(text: str) -> int:
    if not text.isdecimal() and text:
        raise invalid(f"Field: page_size Error: Invalid page size: {text!r}")
    return min(int(text[:9] or 0) or DEFAULT_SIZE, LARGEST_SIZE)


def _start(token: str, asked: str) -> int:
    if not token:
        return 0
    try:
        start, sealed = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError) as error:
        raise invalid(f"Field: page_token Error: Invalid page token: {token!r}") from error
    if sealed != asked or not isinstance(start, int) or start < 0:
        raise invalid("Field: page_token Error: The page token belongs to another request.")
    return start
