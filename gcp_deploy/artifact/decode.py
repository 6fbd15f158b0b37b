"""Plain Python values out of symbols: what small arrays, lists and numpy scalars hold."""

import math
import struct

from gcp_deploy.artifact import arrays
from gcp_deploy.artifact.values import Array, Blob, Dtype, Instance, Value

_RECONSTRUCT = (
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "_reconstruct"),
)
_SCALAR = (("numpy._core.multiarray", "scalar"), ("numpy.core.multiarray", "scalar"))
_FROM_BUFFER = (
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core.numeric", "_frombuffer"),
)
_CODES = {
    "i1": "b", "i2": "h", "i4": "i", "i8": "q",
    "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
    "f4": "f", "f8": "d", "b1": "?",
}  # fmt: skip


def items(value: Value) -> list[Value] | None:
    """Return the elements of a list, tuple or array, or None when they are not in the report."""
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, Array):
        if value.dtype.has_objects:
            return items(value.content)
        return None if value.data is None else _unpack(value.dtype, value.data)
    if not isinstance(value, Instance):
        return None
    if value.is_made_by(*_RECONSTRUCT):
        return _from_state(value.state)
    if value.is_made_by(*_FROM_BUFFER) and isinstance(value.args, tuple) and len(value.args) > 1:
        data = value.args[0].data if isinstance(value.args[0], Blob) else value.args[0]
        return _bytes(value.args[1], data)
    return None


def scalar(value: Value) -> Value:
    """Return the Python number or text that a numpy scalar is, or *value* itself."""
    if isinstance(value, Instance) and value.is_made_by(*_SCALAR):
        parts = value.args if isinstance(value.args, tuple) else ()
        found = _bytes(parts[0], _encoded(parts[1])) if len(parts) == 2 else None
        return found[0] if found else value
    return value


def number(value: Value) -> int | None:
    """Return *value* as an integer, when it is one."""
    found = scalar(value)
    return found if type(found) is int else None


def _from_state(state: Value) -> list[Value] | None:
    # numpy.ndarray.__setstate__: (version, shape, dtype, Fortran order, bytes or list)
    if not isinstance(state, tuple) or len(state) != 5:
        return None
    if isinstance(state[4], list):
        return list(state[4])
    return _bytes(state[2], _encoded(state[4]))


def _encoded(value: Value) -> Value:
    # Protocols 0 to 2 write bytes as a text and its encoding.
    if isinstance(value, Instance) and value.is_made_by(("_codecs", "encode")):
        text = value.args[0] if isinstance(value.args, tuple) and value.args else None
        if isinstance(text, str):
            return text.encode("latin1", "replace")
    return value


def _bytes(dtype: Value, data: Value) -> list[Value] | None:
    if not isinstance(data, bytes):
        return None
    try:
        return _unpack(arrays.dtype(dtype), data)
    except arrays.Unresolvable:
        return None


def _unpack(dtype: Dtype, data: bytes) -> list[Value] | None:
    order = ">" if dtype.byteorder == ">" else "<"
    if not dtype.itemsize or dtype.has_objects:
        return None
    if dtype.kind == "U":
        codec = "utf-32-be" if order == ">" else "utf-32-le"
        cells = [data[at : at + dtype.itemsize] for at in range(0, len(data), dtype.itemsize)]
        return [cell.decode(codec, "replace").rstrip("\0") for cell in cells]
    code = _CODES.get(f"{dtype.kind}{dtype.itemsize}")
    if code is None or len(data) % dtype.itemsize:
        return None
    return list(struct.unpack(f"{order}{len(data) // dtype.itemsize}{code}", data))


def constant(value: Value) -> bool:
    """Tell whether *value* is a constant that JSON can hold."""
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in {bool, int, str}
