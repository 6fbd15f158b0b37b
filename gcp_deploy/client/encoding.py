"""What becomes of a value in JSON. Nothing is changed silently: what JSON cannot say is an error.

| value | JSON |
|---|---|
| None, NaN, pandas NA and NaT, numpy NaT | null |
| infinity | BadInstances |
| bool, int below 2**53, float, text | as they are |
| int from 2**53 on | BadInstances: the service reads numbers as doubles; pass text |
| numpy scalar | as its Python value; a float32 as the very same double |
| numpy array inside a row | list |
| Decimal | the number, when the double nearest to it is written alike; else BadInstances |
| datetime, date, time, Timestamp, datetime64 | ISO 8601 text, with offset when aware |
| UUID, Enum, dataclass | text, its value, object |
| tuple, list | list |
| dict | object; keys are texts |
| bytes, set, timedelta, complex, anything else | BadInstances |
"""

import math
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import orjson

from gcp_deploy.errors import BadInstances

LARGEST_INTEGER = 2**53
_OPTIONS = orjson.OPT_STRICT_INTEGER


class Unfit(ValueError):
    """A value that JSON cannot say; the text says what it is and what to do."""


def encode(rows: Sequence[Any], first: int = 0) -> bytes:
    """Return *rows* as a JSON array; BadInstances names the row, counted from *first*."""
    try:
        encoded = orjson.dumps(rows, foreign, _OPTIONS)
    except TypeError:
        encoded = b"null"  # so that the careful way finds the row and the column
    if b"null" not in encoded:
        return encoded
    # orjson writes infinities as null, so where there is a null the values have to be looked at.
    careful = [_row(row, first + number) for number, row in enumerate(rows)]
    return orjson.dumps(careful, option=_OPTIONS)


def foreign(value: Any) -> Any:
    """Return a JSON value for one that orjson does not know; raise Unfit."""
    if isinstance(value, Decimal):
        return _decimal(value)
    if type(value).__name__ in {"NAType", "NaTType"}:
        return None
    if isinstance(value, timedelta):
        raise Unfit("a duration, which JSON has no word for: pass .total_seconds()")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        raise Unfit("bytes: pass text, such as base64.b64encode(data).decode()")
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return _numpy(value)
    if isinstance(value, float):
        return float(value)
    raise Unfit(f"of type {type(value).__name__}, which JSON has no word for")


def plain(value: Any) -> Any:
    """Return *value* as JSON values only; raise Unfit."""
    match value:
        case None | bool():
            return value
        case str():
            return _text(value)
        case int() | float():
            return _number(value)
        case dict():
            return {_key(key): _inside(key, one) for key, one in value.items()}
        case list() | tuple():
            return [_inside(index, one) for index, one in enumerate(value)]
        case _ if hasattr(value, "dtype") and hasattr(value, "tolist"):
            return plain(_numpy(value))
    try:
        return orjson.loads(orjson.dumps(value, foreign, _OPTIONS))
    except TypeError as error:
        cause = error.__cause__
        raise (cause if isinstance(cause, Unfit) else Unfit(f"not JSON: {error}")) from None


def _number(value: float) -> float | None:
    if isinstance(value, int):
        if abs(value) >= LARGEST_INTEGER:
            raise Unfit(f"{value}, beyond 2**53, where numbers lose digits: pass text")
        return int(value)
    if math.isinf(value):
        raise Unfit("infinite, which JSON has no word for")
    return None if math.isnan(value) else float(value)


def _row(row: Any, number: int) -> Any:
    try:
        return plain(row)
    except Unfit as error:
        where = f"row {number}"
        columns = [repr(one) for one in error.args[1:]]
        if columns:
            where += f", column {'.'.join(columns)}"
        raise BadInstances(
            f"{where}: the value is {error.args[0]}",
            hint="rows and unnamed columns are counted from 0",
        ) from error


def _inside(name: object, value: Any) -> Any:
    try:
        return plain(value)
    except Unfit as error:
        raise Unfit(error.args[0], name, *error.args[1:]) from None


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise Unfit(f"named by {key!r}: names of columns are texts")
    return str(key)


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unfit("text with half a character (a lone surrogate)") from None
    return str(value)


def _decimal(value: Decimal) -> float | int | None:
    if value.is_nan():
        return None
    if value.is_infinite():
        raise Unfit("infinite, which JSON has no word for")
    number = float(value)
    if math.isinf(number) or Decimal(repr(number)) != value:
        raise Unfit(f"Decimal {value}, with more digits than a number has: pass text or a float")
    return number


def _numpy(value: Any) -> Any:
    kind = value.dtype.kind
    if kind == "M":
        text = value.astype(str).tolist()
        return _without_nat(text)
    if kind in "mcSV" and value.dtype.names is None:
        raise Unfit(f"of numpy type {value.dtype}, which JSON has no word for")
    found = value.tolist()
    if hasattr(found, "dtype"):
        raise Unfit(f"of numpy type {value.dtype}, which JSON has no word for")
    return found


def _without_nat(text: Any) -> Any:
    if isinstance(text, list):
        return [_without_nat(one) for one in text]
    return None if text == "NaT" else text
