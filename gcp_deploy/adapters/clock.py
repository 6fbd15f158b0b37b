"""The real clock: the one place where the package reads the time and waits."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The time of this machine (port ``Clock``)."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 -- this is the clock that everybody else is given

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)  # noqa: TID251 -- this is the clock that everybody else is given
