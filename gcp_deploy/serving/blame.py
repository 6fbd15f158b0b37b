"""Which row, and which column in it, a model would not take: found by asking again.

scikit-learn says ``could not convert string to float: 'abc'`` for a batch of a thousand rows. The
row is found by halving the batch, the column by putting a value the model is known to take into
one place after the other. It costs time only when a request fails.
"""

from collections.abc import Callable, Sequence
from typing import Any

from gcp_deploy.serving.description import Inputs
from gcp_deploy.serving.rows import column_label

_MOST_COLUMNS = 200

Ask = Callable[[list[Any]], object]
"""Predicts instances, or raises what the model raises."""


def locate(ask: Ask, instances: Sequence[Any], takes: Inputs, known_good: Any) -> str:
    """Return ``row 3, column 'age'``, ``row 3``, or nothing when no single row is to blame."""
    row = _first_bad(ask, list(instances))
    if row is None:
        return ""
    column = _bad_column(ask, instances[row], known_good)
    if column is None:
        return f"row {row}"
    label = column_label(takes, column) if isinstance(column, int) else f"column {column!r}"
    return f"row {row}, {label}"


def _first_bad(ask: Ask, instances: list[Any]) -> int | None:
    start, end = 0, len(instances)
    while end - start > 1:
        middle = (start + end) // 2
        if _fails(ask, instances[start:middle]):
            end = middle
        else:
            start = middle
    return start if _fails(ask, instances[start:end]) else None


def _bad_column(ask: Ask, row: Any, known_good: Any) -> int | str | None:
    if isinstance(row, list) and isinstance(known_good, dict):
        known_good = list(known_good.values())
    if known_good is None or type(row) is not type(known_good):
        return None
    places: Sequence[Any]
    if isinstance(row, list) and isinstance(known_good, list) and len(row) == len(known_good):
        places = range(len(row))
    elif isinstance(row, dict) and isinstance(known_good, dict):
        places = [name for name in row if name in known_good]
    else:
        return None
    for place in places[:_MOST_COLUMNS]:
        changed = row.copy()
        changed[place] = known_good[place]
        if not _fails(ask, [changed]):
            found: int | str = place
            return found
    return None


def _fails(ask: Ask, instances: list[Any]) -> bool:
    try:
        ask(instances)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- whatever the model raises: that it raises is the answer
        return True
    return False
