"""Predictions as JSON values.

JSON has no NaN and no infinity. A prediction that is one of them is an error of the model, and is
refused with the number of its row: ``null`` in its place would look like an answer.
"""

import math
from datetime import date
from typing import Any

BAD_TYPE = (
    "Bad output type returned.The predict function should return either a numpy ndarray or a list."
)
"""What Google's prebuilt servers say; the space is missing there, too."""


class BadAnswer(Exception):
    """The model answered something that cannot be sent; the text says what."""


def to_json(answer: Any, rows: int | None) -> list[Any]:
    """Return *answer*, what ``predict`` returned for so many *rows*, as JSON values.

    Arrays become nested lists and numpy scalars plain ones; dates become ISO 8601 text. *rows*
    None means that the number of predictions is not checked, as in Google's servers.
    """
    if hasattr(answer, "tolist") and not isinstance(answer, list):
        # Arrays, and the pandas series and arrow arrays of user-written estimators.
        answer = _unpacked(answer)
    if not isinstance(answer, list):
        raise BadAnswer(BAD_TYPE)
    if rows is not None and len(answer) != rows:
        raise BadAnswer(f"the model gave {len(answer)} predictions for {rows} rows")
    return [_plain(value, index) for index, value in enumerate(answer)]


def _unpacked(array: Any) -> Any:
    """Return ``array.tolist()``, with times where numpy would count nanoseconds."""
    if getattr(getattr(array, "dtype", None), "kind", "") != "M":
        return array.tolist()
    if array.ndim:
        return list(array)
    found = array.tolist()
    return array.astype("datetime64[us]").tolist() if isinstance(found, int) else found


def _plain(value: Any, row: int) -> Any:
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise BadAnswer(f"row {row}: the model predicted {_spelled(value)}, which JSON cannot say")
    if isinstance(value, list | tuple):
        return [_plain(item, row) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item, row) for key, item in value.items()}
    if isinstance(value, date):
        if value != value:  # noqa: PLR0124 -- pandas' NaT is a date that is not itself
            raise BadAnswer(f"row {row}: the model predicted no time (NaT), which JSON cannot say")
        return value.isoformat()
    if hasattr(value, "tolist"):
        unpacked = _unpacked(value)
        if unpacked is None:
            raise BadAnswer(f"row {row}: the model predicted no time (NaT), which JSON cannot say")
        return _plain(unpacked, row)
    raise BadAnswer(f"row {row}: the model predicted a {type(value).__name__}, not a JSON value")


def _spelled(value: float) -> str:
    return "NaN" if math.isnan(value) else "infinity" if value > 0 else "minus infinity"
