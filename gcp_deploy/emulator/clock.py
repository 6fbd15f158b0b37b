"""Time for the embedded platform: an argument, so that tests and faults can move it."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the platform needs to know about time."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 -- this is the clock that others take

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)  # noqa: TID251 -- this is the clock that others take


def timestamp(moment: datetime) -> str:
    """Return *moment* as Google writes it: RFC 3339 in UTC, microseconds, ``Z``.

    >>> timestamp(datetime(2026, 11, 3, 14, 2, tzinfo=UTC))
    '2026-11-03T14:02:00.000000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def http_date(seconds: float) -> str:
    """Return *seconds* since 1970 as HTTP writes it, in English whatever the locale.

    >>> http_date(0)
    'Thu, 01 Jan 1970 00:00:00 GMT'
    """
    then = time.gmtime(seconds)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[then.tm_wday]
    month = _MONTHS[then.tm_mon - 1]
    return f"{day}, {then.tm_mday:02} {month} {then.tm_year} " + time.strftime("%H:%M:%S GMT", then)


_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
