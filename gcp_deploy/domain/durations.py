"""Durations as people type them: ``90s``, ``30m``, ``1h30m``."""

import re
from datetime import timedelta

from gcp_deploy.errors import UsageError

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse(text: str) -> timedelta:
    """Read *text*; raise UsageError when it is no positive duration.

    >>> parse("1h30m")
    datetime.timedelta(seconds=5400)
    """
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(f"not a duration: {text!r}", hint="such as 90s, 30m or 1h30m")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if not 0 < seconds <= 30 * 86400:
        raise UsageError(
            f"not a duration we can wait for: {text!r}", hint="more than nothing, at most 30d"
        )
    return timedelta(seconds=seconds)


def show(duration: timedelta) -> str:
    """Write *duration* the way :func:`parse` reads it.

    >>> show(timedelta(seconds=5400))
    '1h30m'
    """
    seconds = round(duration.total_seconds())
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = [(hours, "h"), (minutes, "m"), (seconds, "s")]
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
