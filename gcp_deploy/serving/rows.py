"""Instances, as they were sent, become what the model was fitted on."""

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from gcp_deploy.sandbox.failures import PredictionRejected
from gcp_deploy.serving.description import Inputs

_NAMED = 5


def arrange(instances: Sequence[Any], takes: Inputs) -> Any:
    """Return the input of ``predict`` for *instances*, or raise PredictionRejected.

    - A model fitted with column names gets a DataFrame: from lists in the order of the columns, or
      from objects by name, in any order of their keys.
    - A model fitted without names gets lists; objects are refused, for nobody knows the order.
    - ``null`` is a missing value: NaN, or None where the model was fitted on None.
    - A text model gets one string for each row.
    - A model that does not say what it takes gets the rows as they are.
    """
    if not instances:
        raise PredictionRejected("no instances were sent")
    if takes.text:
        return _texts(instances)
    if takes.names is not None:
        rows = [_row(item, index, takes.names) for index, item in enumerate(instances)]
        return _frame(rows, takes.names, takes.nulls_as_none)
    if takes.features is None:
        return list(instances)
    rows = [_bare_row(item, index, takes.features) for index, item in enumerate(instances)]
    return _with_nan(rows, takes.nulls_as_none) if any(None in row for row in rows) else rows


def column_label(takes: Inputs, index: int) -> str:
    """Return how a message calls the column."""
    return f"column {takes.names[index]!r}" if takes.names else f"column {index}"


def _texts(instances: Sequence[Any]) -> list[str]:
    for index, item in enumerate(instances):
        if not isinstance(item, str):
            raise PredictionRejected(f"row {index}: {_kind(item)} where the model takes a text")
    return list(instances)


def _row(item: Any, index: int, names: Sequence[str]) -> list[Any]:
    if isinstance(item, Mapping):
        if item.keys() != set(names):
            raise PredictionRejected(f"row {index}: {_other_columns(item, names)}")
        return [_cell(item[name], index, repr(name)) for name in names]
    if not isinstance(item, list):
        raise PredictionRejected(
            f"row {index}: {_kind(item)} where a list of {len(names)} values "
            "or an object with the columns belongs"
        )
    if len(item) != len(names):
        raise PredictionRejected(
            f"row {index}: {len(item)} values where the model takes {len(names)}: "
            f"{', '.join(names[:_NAMED])}{', ...' if len(names) > _NAMED else ''}"
        )
    return [_cell(value, index, repr(name)) for name, value in zip(names, item, strict=True)]


def _other_columns(item: Mapping[str, Any], names: Sequence[str]) -> str:
    missing = [name for name in names if name not in item]
    unknown = sorted(item.keys() - set(names))
    faults = [("missing", missing), ("unknown", unknown)]
    return ", ".join(f"{fault} {_listed(columns)}" for fault, columns in faults if columns)


def _bare_row(item: Any, index: int, features: int) -> list[Any]:
    if isinstance(item, Mapping):
        raise PredictionRejected(
            f"row {index}: an object, and the model was fitted without column names: "
            f"send a list of {features} values"
        )
    if not isinstance(item, list):
        raise PredictionRejected(
            f"row {index}: {_kind(item)} where a list of {features} values belongs"
        )
    if len(item) != features:
        raise PredictionRejected(
            f"row {index}: {len(item)} values where the model takes {features}"
        )
    return [_cell(value, index, str(place)) for place, value in enumerate(item)]


def _cell(value: Any, row: int, column: str) -> Any:
    if isinstance(value, list | dict):
        raise PredictionRejected(
            f"row {row}, column {column}: {_kind(value)} where one value belongs"
        )
    return value


def _with_nan(rows: list[list[Any]], nones: AbstractSet[int]) -> Any:
    """Return the rows with NaN for null but in the columns *nones*."""
    import numpy as np

    # As objects, for a list with nothing but NaN would become numbers, where texts were fitted.
    table = np.array(rows, dtype=object)
    for place in set(range(table.shape[1])) - nones:
        table[[value is None for value in table[:, place]], place] = math.nan
    return table


def _column(pandas: Any, values: Sequence[Any], *, none: bool) -> Any:
    if none:
        return pandas.Series(values, dtype=object)
    known = [value for value in values if value is not None]
    if len(known) == len(values) or (known and all(type(one) in {int, float} for one in known)):
        return list(values)
    # pandas before 3 would keep None, which encoders that were fitted on NaN do not know. Without
    # any value the type is not known: both numbers and texts take NaN as an object.
    filled = [math.nan if value is None else value for value in values]
    return pandas.Series(filled, dtype=object)


def _frame(rows: list[list[Any]], names: Sequence[str], nones: AbstractSet[int]) -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise PredictionRejected(
            "the model was fitted on a DataFrame, and pandas is not installed where it runs: "
            "pip install 'gcp-deploy[pandas]'"
        ) from error
    # Built by position: names may repeat, and each column gets its own type.
    frame = pd.DataFrame(
        {
            place: _column(pd, values, none=place in nones)
            for place, values in enumerate(zip(*rows, strict=True))
        }
    )
    frame.columns = pd.Index(names)
    return frame


def _listed(names: Sequence[str]) -> str:
    text = ", ".join(map(repr, names[:_NAMED]))
    more = len(names) - _NAMED
    plural = "columns" if len(names) > 1 else "column"
    return f"{plural} {text}{f' and {more} more' if more > 0 else ''}"


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
    return "an object"
