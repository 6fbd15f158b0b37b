"""Repeating what is safe to repeat, for a bounded time.

Google's rules for Cloud Storage ("Retry strategy") hold for all services here: transient are 408,
429, 500, 502, 503, 504, broken connections and timeouts; repeated is only what is safe to repeat.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from typing import TypeVar

import tenacity

from gcp_deploy.adapters.calls import NotBegun
from gcp_deploy.errors import TemporaryError
from gcp_deploy.ports import Clock

FIRST, LONGEST = 1.0, 32.0
"""Seconds: the bound of the first wait, which doubles, and of all later ones."""

_LEAST = 0.01
"""Seconds that a failed try costs: also where time stands still, trying comes to an end."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Repeat(Enum):
    """After which TemporaryError a call is made again."""

    ALWAYS = "it is safe to repeat, or looks before it does"
    ANSWERED = "an answer came: the first call is not under way any more, and it can be looked"
    NOT_BEGUN = "the answer says that nothing was done"

    def allows(self, error: BaseException) -> bool:
        """Tell whether to go on after *error*."""
        match self:
            case Repeat.ALWAYS:
                return isinstance(error, TemporaryError)
            case Repeat.ANSWERED:
                return isinstance(error, TemporaryError) and error.answered
            case Repeat.NOT_BEGUN:
                return isinstance(error, NotBegun)


class Budget:
    """The time that one command may lose to trouble: failed tries and the waits after them.

    All calls of a command share one budget, so that N calls in an outage do not take N deadlines;
    an operation that is waited for while all is well does not use it up.
    """

    def __init__(self, limit: timedelta) -> None:
        self.left = limit.total_seconds()

    def spend(self, seconds: float) -> None:
        """Take *seconds* away."""
        self.left -= max(0.0, seconds)


class Retrier:
    """Exponential backoff with full jitter; what ``Retry-After`` says goes before it.

    *random* returns a number in [0, 1). Full jitter: AWS Architecture Blog, "Exponential Backoff
    And Jitter".
    """

    def __init__(self, clock: Clock, budget: Budget, random: Callable[[], float]) -> None:
        self._clock = clock
        self._budget = budget
        self._random = random

    def __call__(self, work: Callable[[], _T], repeat: Repeat = Repeat.ALWAYS) -> _T:
        """Return what *work* returns; repeat it as *repeat* says, while there is time."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(repeat.allows),
            wait=self._wait,
            stop=self._stop,
            sleep=self._sleep,
            reraise=True,
        )
        result: _T = retrying(self._timed, work)
        return result

    def _timed(self, work: Callable[[], _T]) -> _T:
        start, left = self._clock.monotonic(), self._budget.left
        try:
            return work()
        except TemporaryError:
            # What calls inside of *work* have spent already is not spent again.
            spent = left - self._budget.left
            self._budget.spend(max(_LEAST, self._clock.monotonic() - start - spent))
            raise

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TemporaryError) and error.retry_after is not None:
            return error.retry_after
        bound: float = min(LONGEST, FIRST * 2.0 ** (state.attempt_number - 1))
        return self._random() * bound

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        """There is no use in waiting for a time that lies behind the deadline."""
        return state.upcoming_sleep > self._budget.left

    def _sleep(self, seconds: float) -> None:
        _log.debug("waiting %.2f s before the next try, %.0f s left", seconds, self._budget.left)
        self._budget.spend(seconds)
        self._clock.sleep(seconds)
