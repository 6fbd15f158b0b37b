"""A refusal of a Google service, read from its answer.

Three shapes occur: ``{"error": {"code", "message", "status", "details"}}``, the same with Cloud
Storage's ``errors[].reason``, and AI Platform's ``{"error": "text"}``, even with status 200. In
between stand proxies that answer in HTML.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from gcp_deploy.domain.cleaning import clean, glimpse

_PERMISSION = re.compile(
    r"[Pp]ermission '([\w.-]+)' denied|does not have ([\w-]+\.[\w-]+\.[\w-]+) access"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a service said instead of what was asked for."""

    status: int
    """The HTTP status."""
    message: str
    """Cleaned; never empty."""
    canonical: str = ""
    """Such as ``FAILED_PRECONDITION``."""
    reasons: tuple[str, ...] = ()
    permission: str = ""
    """The permission that is missing, when the service names it."""
    service: str = ""
    """The service that is to be enabled, when that is what is missing."""
    retry_after: float | None = None
    """Seconds."""


def read(status: int, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Refusal:
    """Read a refusal from the answer of a service; *headers* are looked up in any case."""
    lower = {key.lower(): value for key, value in headers.items()}
    after = _retry_after(lower.get("retry-after", ""), now)
    error = _error(body)
    if isinstance(error, str):
        return Refusal(status, clean(error) or f"HTTP {status}", retry_after=after)
    if not isinstance(error, dict):
        return Refusal(status, f"HTTP {status}, with {glimpse(body)!r}", retry_after=after)
    details = [one for one in _list(error.get("details")) if isinstance(one, dict)]
    message = str(error.get("message") or "")
    infos = [one for one in details if "reason" in one]
    return Refusal(
        status=status,
        message=clean(message) or f"HTTP {status}",
        canonical=str(error.get("status") or ""),
        reasons=tuple(_reasons(error, infos)),
        permission=_metadata(infos, "permission") or _permission_in(message),
        service=_metadata(infos, "service"),
        retry_after=after if after is not None else _retry_info(details),
    )


def _error(body: bytes) -> object:
    """Return what stands under ``error``; some streaming methods wrap the answer in a list."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(answer, list) and answer:
        answer = answer[0]
    return answer.get("error") if isinstance(answer, dict) else None


def _reasons(error: Mapping[str, Any], infos: list[dict[str, Any]]) -> Iterator[str]:
    for one in [*infos, *_list(error.get("errors"))]:
        if isinstance(one, dict) and one.get("reason"):
            yield str(one["reason"])


def _metadata(infos: list[dict[str, Any]], key: str) -> str:
    for one in infos:
        metadata = one.get("metadata")
        if isinstance(metadata, dict) and metadata.get(key):
            return clean(str(metadata[key]))
    return ""


def _permission_in(message: str) -> str:
    found = _PERMISSION.search(message)
    return next((one for one in found.groups() if one), "") if found else ""


def _retry_info(details: list[dict[str, Any]]) -> float | None:
    """``google.rpc.RetryInfo``: ``{"retryDelay": "3.5s"}``."""
    for one in details:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(one.get("retryDelay", "")))
        if found:
            return float(found.group(1))
    return None


def _retry_after(text: str, now: datetime) -> float | None:
    """RFC 9110, 10.2.3: a number of seconds, or a date."""
    if re.fullmatch(r"\d{1,9}", text.strip()):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
