"""Asking again: a prediction changes nothing, so it is safe to repeat."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from gcp_deploy.client.answers import TRANSIENT
from gcp_deploy.client.timing import Timing
from gcp_deploy.client.transport import Reply
from gcp_deploy.errors import TemporaryError


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently is asked again, within the timeout of the call.

    Waiting times are drawn between 0 and a bound that doubles from *first* to *longest* seconds
    (full jitter); Retry-After of the service is waited for in full. *attempts* = 1 means never.
    """

    attempts: int = 8
    first: float = 0.25
    longest: float = 8.0


def ask(
    send: Callable[[float], Reply], *, retries: Retries, deadline: float, timing: Timing
) -> Reply:
    """Return the first answer that is final; *send* is given the seconds that are left.

    A 500, and a 200 whose body is not JSON, is asked again once; 408, 429, 502, 503, 504 and no
    answer as often as *retries* and *deadline* allow. When time or attempts end, the last answer
    is returned, or the last error raised.
    """
    doubtful = 0
    last: Reply | TemporaryError = TemporaryError("asked no time at all", answered=False)
    for attempt in range(1, retries.attempts + 1):
        left = deadline - timing.monotonic()
        if left <= 0:
            raise TemporaryError("the time for an answer is over", answered=False)
        try:
            last = send(left)
        except TemporaryError as error:
            last = error
        if isinstance(last, Reply):
            suspect = last.status == 500 or (last.status == 200 and not _whole(last.body))
            doubtful += suspect
            if (last.status not in TRANSIENT and not suspect) or doubtful > 1:
                return last
        wait = _wait(last, attempt, retries, timing)
        if attempt == retries.attempts or timing.monotonic() + wait >= deadline:
            break
        timing.sleep(wait)
    if isinstance(last, TemporaryError):
        raise last
    return last


def retry_after(reply: Reply, now: float) -> float | None:
    """Return the seconds that the service asks to wait: RFC 9110, 10.2.3, a number or a date."""
    text = reply.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None


def _wait(last: Reply | TemporaryError, attempt: int, retries: Retries, timing: Timing) -> float:
    asked = retry_after(last, timing.wall()) if isinstance(last, Reply) else None
    bound = min(retries.longest, retries.first * 2.0 ** (attempt - 1))
    drawn = bound * timing.random()
    return drawn if asked is None else asked + drawn


def _whole(body: bytes) -> bool:
    text = body.strip()
    return text[:1] == b"{" and text[-1:] == b"}"
