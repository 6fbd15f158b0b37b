"""Time and chance of the client, as arguments."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """A clock that never goes back, a way to wait, and numbers between 0 and 1."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep  # noqa: TID251  (the edge itself)
    random: Callable[[], float] = random.random
    wall: Callable[[], float] = time.time
    """Seconds since 1970, for a Retry-After that is a date."""
