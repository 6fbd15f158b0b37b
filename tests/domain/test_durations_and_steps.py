import doctest
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp_deploy.domain import durations, split, steps
from gcp_deploy.errors import UsageError


@given(st.integers(1, 2_000_000))
def test_a_duration_is_read_as_it_is_written(seconds):
    assert durations.parse(durations.show(timedelta(seconds=seconds))).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "5", "-5m", "5x", "m", "5m x", "0s", "31d", "1h 5m"])
def test_what_is_no_duration(text):
    with pytest.raises(UsageError, match="not a duration"):
        durations.parse(text)


@pytest.mark.parametrize("module", [durations, split, steps], ids=lambda one: one.__name__)
def test_the_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(module).attempted > 0
