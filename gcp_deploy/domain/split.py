"""Traffic splits: integer percents per deployed model, 100 in sum, 0 stays 0.

``aiplatform`` v1, ``Endpoint.trafficSplit``: the values add up to exactly 100, or the map is
empty and the endpoint takes no traffic; an absent id gets none.
"""

from collections.abc import Mapping

from gcp_deploy.errors import UsageError

Split = Mapping[str, int]


def check(split: Split) -> dict[str, int]:
    """Return *split* without its zeros, or raise UsageError when it is no split."""
    for key, share in split.items():
        if not 0 <= share <= 100:
            raise UsageError(f"not a percentage: {share} for {key}")
    total = sum(split.values())
    if split and total != 100:
        raise UsageError(f"a traffic split adds up to {total}, not 100: {dict(split)}")
    return {key: share for key, share in split.items() if share}


def all_to(key: str) -> dict[str, int]:
    """Return the split that gives *key* everything."""
    return {key: 100}


def with_share(split: Split, key: str, share: int) -> dict[str, int]:
    """Return *split* with exactly *share* percent for *key*.

    The others keep their proportions, by largest remainder; one that had nothing gets nothing.

    >>> with_share({"old": 100}, "new", 1)
    {'old': 99, 'new': 1}
    >>> with_share({"a": 29, "b": 71, "gone": 0}, "new", 10)
    {'a': 26, 'b': 64, 'new': 10}
    """
    if not 0 <= share <= 100:
        raise UsageError(f"not a percentage: {share} for {key}")
    others = {name: part for name, part in check(split).items() if name != key}
    if not others:
        if share in {0, 100}:
            return {key: 100} if share else {}
        raise UsageError(f"nobody is there to take the other {100 - share} percent")
    total, rest = sum(others.values()), 100 - share
    result = {name: part * rest // total for name, part in others.items()}
    by_remainder = sorted(others, key=lambda name: (-(others[name] * rest % total), name))
    for name in by_remainder[: rest - sum(result.values())]:
        result[name] += 1
    result[key] = share
    return {name: part for name, part in result.items() if part}
