"""What applications hold their rows in, seen by what it can do; no library is imported for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gcp_deploy.client.encoding import LARGEST_INTEGER, Unfit, encode, foreign
from gcp_deploy.errors import BadInstances

_LISTS = "rows are a list; one row is a list with one row in it"
_OPEN, _CLOSE = b'{"instances":', b"}"
_TO_BE_MADE = {"collect": "a frame that is not computed yet", "toarray": "a sparse matrix"}
ENVELOPE = len(_OPEN) + len(_CLOSE)


@dataclass(frozen=True, slots=True)
class Body:
    """The body of one request."""

    data: bytes
    rows: int
    first: int
    """The number of its first row."""


def bodies(rows: Any, limit: int) -> Iterator[Body]:
    """Yield request bodies of at most *limit* bytes that hold *rows* in order.

    BadInstances when there are no rows, a row alone is too large, or a value cannot be said.
    """
    known = as_sequence(rows)
    if len(known) == 0:
        raise BadInstances("there are no rows to predict", hint=_LISTS)
    yield from _split(known, 0, limit)


def halves(rows: Any, body: Body) -> Iterator[Body]:
    """Yield the rows of *body* in two bodies, after a service found it too large."""
    known = as_sequence(rows)
    middle = body.first + body.rows // 2
    yield from _split(known[body.first : middle], body.first, len(body.data))
    yield from _split(known[middle : body.first + body.rows], middle, len(body.data))


def as_sequence(rows: Any) -> Any:
    """Return *rows* as a list of JSON-like rows, or as an array of plain numbers.

    Frames become objects by column name, or lists when their columns are only numbered.
    """
    if isinstance(rows, list | tuple):
        return rows
    if isinstance(rows, str | bytes | dict):
        raise BadInstances(f"rows are no {type(rows).__name__}", hint=_LISTS)
    if hasattr(rows, "iloc"):
        return _pandas(rows) if hasattr(rows, "columns") else rows.tolist()
    for method in ("to_dicts", "to_pylist", "to_list"):
        if hasattr(rows, method):
            return getattr(rows, method)()
    for method, kind in _TO_BE_MADE.items():
        if hasattr(rows, method):
            raise BadInstances(f"rows are {kind}", hint=f".{method}() makes rows of it")
    if hasattr(rows, "dtype") and hasattr(rows, "ndim"):
        return _array(rows)
    try:
        return list(rows)
    except TypeError as error:
        raise BadInstances(f"rows are no {type(rows).__name__}", hint=_LISTS) from error


def _pandas(frame: Any) -> Sequence[Any]:
    names = list(frame.columns)
    columns = [frame.iloc[:, index].tolist() for index in range(len(names))]
    if names == list(range(len(names))):
        return [list(row) for row in zip(*columns, strict=True)]
    strange = [name for name in names if not isinstance(name, str)]
    if strange or len(set(names)) < len(names):
        wrong = strange or sorted({name for name in names if names.count(name) > 1})
        raise BadInstances(f"columns need a text as name, each another: {wrong[:5]!r}")
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _array(array: Any) -> Any:
    if array.dtype.names:
        return [dict(zip(array.dtype.names, row, strict=True)) for row in array.tolist()]
    if array.ndim == 0 or (array.ndim == 1 and array.dtype.kind not in "OUT"):
        raise BadInstances(
            f"an array of {array.ndim} dimension{'s' * (array.ndim != 1)} may be one row or many",
            hint="array.reshape(1, -1) is one row, array.reshape(-1, 1) one column",
        )
    # A masked array has its own idea of tolist, which knows what is missing.
    if array.dtype.kind not in "fiub" or hasattr(array, "mask") or array.dtype.itemsize > 8:
        try:
            return foreign(array)
        except Unfit as error:
            raise BadInstances(f"the rows are {error}") from error
    return array


def _split(rows: Any, first: int, limit: int) -> Iterator[Body]:
    encoded = _encode_array(rows, first) if hasattr(rows, "dtype") else encode(rows, first)
    size = len(encoded) + ENVELOPE
    if size <= limit:
        yield Body(b"".join((_OPEN, encoded, _CLOSE)), len(rows), first)
        return
    if len(rows) == 1:
        raise BadInstances(
            f"row {first} alone is a request of {size} bytes; the limit is {limit}",
            hint="a dedicated endpoint takes 10 MB, a shared one 1.5 MB",
        )
    step = max(1, len(rows) * limit // (size + limit // 8 + 1))
    for start in range(0, len(rows), step):
        yield from _split(rows[start : start + step], first + start, limit)


def _encode_array(array: Any, first: int) -> bytes:
    """Encode plain numbers at full speed, where nothing can be lost; else as lists."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    wide = kind in "iu" and size == 8 and array.size
    if wide and max(abs(int(array.max())), abs(int(array.min()))) >= LARGEST_INTEGER:
        return encode(array.tolist(), first)
    if kind == "f":
        array = array.astype("float64", copy=False)
        # orjson writes infinities as null, so they are looked for here.
        if array.size and (abs(array) == float("inf")).any():
            return encode(array.tolist(), first)
    flat = array if array.flags.c_contiguous and array.dtype.isnative else array.copy(order="C")
    try:
        return orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:
        return encode(array.tolist(), first)
