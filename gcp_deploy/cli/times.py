"""Points in time as people type them."""

from datetime import UTC, datetime

from gcp_deploy.domain import durations
from gcp_deploy.errors import UsageError

_HINT = 'such as "2026-11-03 14:02" (UTC), 2026-11-03T14:02:00+01:00, or "2h ago"'


def parse(text: str, now: datetime) -> datetime:
    """Read RFC 3339, a date with or without a time (UTC unless it has an offset), or ``2h ago``.

    Raises UsageError when it is none of these, or lies after *now*.

    >>> parse("2026-11-03 14:02", datetime(2026, 11, 25, tzinfo=UTC)).isoformat()
    '2026-11-03T14:02:00+00:00'
    """
    words = text.strip()
    if words == "now":
        return now
    if words.endswith("ago"):
        try:
            return now - durations.parse("".join(words.removesuffix("ago").split()))
        except UsageError as error:
            raise UsageError(f"not a time: {text!r}", hint=_HINT) from error
    try:
        time = datetime.fromisoformat(words.removesuffix(" UTC"))
        time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"not a time: {text!r}", hint=_HINT) from error
    if time > now:
        raise UsageError(f"{show(time)} is still to come", hint=_HINT)
    return time


def show(time: datetime) -> str:
    """Write *time* for people: UTC, to the second."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
