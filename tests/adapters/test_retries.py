from datetime import timedelta

import pytest

from gcp_deploy.adapters.calls import NotBegun
from gcp_deploy.adapters.retries import Budget, Repeat, Retrier
from gcp_deploy.errors import Conflict, TemporaryError


def retrier(clock, seconds=60, random=lambda: 1.0):
    return Retrier(clock, Budget(timedelta(seconds=seconds)), random)


def flaky(*outcomes):
    left = list(outcomes)

    def work():
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return work


def gone(**options):
    return TemporaryError("model churn: gone", **options)


def test_the_wait_doubles_from_one_second_up_to_32(clock):
    work = flaky(*[gone()] * 8, "ok")
    assert retrier(clock, 1_000)(work) == "ok"
    assert clock.slept == [1, 2, 4, 8, 16, 32, 32, 32]


def test_the_wait_is_a_random_part_of_its_bound(clock):
    parts = iter([0.5, 0.25])
    assert retrier(clock, random=lambda: next(parts))(flaky(gone(), gone(), "ok")) == "ok"
    assert clock.slept == [0.5, 0.5]


def test_retry_after_goes_before_the_backoff(clock):
    assert retrier(clock)(flaky(gone(retry_after=7.0), "ok")) == "ok"
    assert clock.slept == [7.0]


def test_a_retry_after_behind_the_deadline_is_not_waited_for(clock):
    with pytest.raises(TemporaryError, match="gone"):
        retrier(clock)(flaky(gone(retry_after=86_400.0)))
    assert clock.slept == []


def test_trying_ends_with_the_budget(clock):
    with pytest.raises(TemporaryError, match="gone"):
        retrier(clock, 8)(flaky(*[gone()] * 9))
    assert clock.slept == [1, 2, 4]


def test_the_time_of_failed_tries_counts(clock):
    def slow():
        clock.time += 30
        raise gone()

    with pytest.raises(TemporaryError, match="gone"):
        retrier(clock, 40)(slow)
    assert clock.slept == [1]


def test_all_calls_share_one_budget(clock):
    once = retrier(clock, 5)
    assert once(flaky(gone(), gone(), "ok")) == "ok"
    with pytest.raises(TemporaryError, match="gone"):
        once(flaky(gone(), gone(), "ok"))
    assert clock.slept == [1, 2, 1]


def test_a_call_inside_of_a_call_spends_the_budget_once(clock):
    once = retrier(clock, 25)
    left = [3, 2]

    def inner():
        if left[0]:
            left[0] -= 1
            raise gone()
        left[0] = 3

    def outer():
        once(inner)
        if left[1]:
            left[1] -= 1
            raise gone()
        return "ok"

    assert once(outer) == "ok"
    assert clock.slept == [1, 2, 4, 1, 1, 2, 4, 2, 1, 2, 4]


def test_the_time_of_calls_that_go_well_is_free(clock):
    once = retrier(clock, 5)

    def slow():
        clock.time += 1_000
        return "ok"

    assert once(slow) == "ok"
    assert once(flaky(gone(), "ok")) == "ok"


def test_an_outage_ends_even_where_time_and_chance_stand_still(clock):
    with pytest.raises(TemporaryError, match="gone"):
        retrier(clock, 1, random=lambda: 0.0)(flaky(*[gone()] * 1_000))


def test_what_is_not_temporary_is_not_repeated(clock):
    with pytest.raises(Conflict):
        retrier(clock)(flaky(Conflict("taken"), "ok"))
    assert clock.slept == []


@pytest.mark.parametrize(
    ("repeat", "error", "again"),
    [
        (Repeat.ALWAYS, gone(answered=False), True),
        (Repeat.ALWAYS, gone(), True),
        (Repeat.ANSWERED, gone(answered=False), False),
        (Repeat.ANSWERED, gone(), True),
        (Repeat.NOT_BEGUN, gone(answered=False), False),
        (Repeat.NOT_BEGUN, gone(), False),
        (Repeat.NOT_BEGUN, NotBegun("model churn: slow down"), True),
    ],
)
def test_only_what_may_be_repeated_is(clock, repeat, error, again):
    work = flaky(error, "ok")
    if again:
        assert retrier(clock)(work, repeat) == "ok"
    else:
        with pytest.raises(TemporaryError):
            retrier(clock)(work, repeat)
    assert clock.slept == ([1] if again else [])
