from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp_deploy.domain import split
from gcp_deploy.errors import UsageError


@st.composite
def splits(draw):
    """Up to five deployed models that share 100 percent, some of them with nothing."""
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=4, max_size=4)))
    edges = [0, *cuts, 100]
    return {f"m{n}": high - low for n, (low, high) in enumerate(pairwise(edges))}


@given(splits(), st.integers(0, 99))
def test_a_share_is_exact_the_sum_is_100_and_zero_stays_zero(before, share):
    after = split.with_share(before, "new", share)
    assert sum(after.values()) == 100
    assert after.get("new", 0) == share
    for key, part in before.items():
        if part == 0:
            assert key not in after
    assert all(part > 0 for part in after.values())


@given(splits(), st.integers(0, 99))
def test_those_who_had_more_keep_more(before, share):
    after = split.with_share(before, "new", share)
    kept = sorted((part, after.get(key, 0)) for key, part in before.items())
    assert [new for _, new in kept] == sorted(new for _, new in kept) or _ties_only(kept)


def _ties_only(kept):
    """Equal shares may differ by one percent afterwards, whichever is named first."""
    return all(a[0] == b[0] for a, b in pairwise(kept) if a[1] > b[1])


@given(splits(), st.integers(1, 99))
def test_taking_a_share_back_leaves_100(before, share):
    after = split.with_share(split.with_share(before, "new", share), "new", 0)
    assert sum(after.values()) == 100
    assert "new" not in after


@pytest.mark.parametrize(
    ("before", "share", "after"),
    [
        ({}, 100, {"new": 100}),
        ({}, 0, {}),
        ({"new": 100}, 0, {}),
        ({"old": 100}, 100, {"new": 100}),
        ({"old": 99, "new": 1}, 0, {"old": 100}),
    ],
)
def test_the_edges(before, share, after):
    assert split.with_share(before, "new", share) == after


@pytest.mark.parametrize("bad", [{"a": 99}, {"a": 101}, {"a": -1, "b": 101}, {"a": 50, "b": 51}])
def test_what_is_no_split(bad):
    with pytest.raises(UsageError):
        split.check(bad)


def test_nobody_else_is_there_to_take_the_rest():
    with pytest.raises(UsageError, match="nobody"):
        split.with_share({}, "new", 1)
