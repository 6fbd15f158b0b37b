"""How many bytes joblib reads behind an array wrapper, from the wrapper's symbolic state.

``NumpyArrayWrapper.read_array`` (joblib 1.6): one byte with the length of the padding and the
padding (not in files of joblib before 1.2, which have no ``numpy_array_alignment_bytes``), then the
bytes of all elements; for types that hold objects a complete pickle of its own instead. What does
not have exactly the form that numpy writes is not guessed at.
"""

import math
import re
from dataclasses import dataclass

from gcp_deploy.artifact.values import Dict, Dtype, Instance, Value

WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_SIMPLE = re.compile(r"b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|[mM]8")
_SIZED = re.compile(r"([SUV])([0-9]{1,9})")
_MOST_ELEMENTS = 1 << 62
_DEEPEST = 16
# numpy's flags: 1 holds references, 2 is pickled as a list, 4 points to items, 8 is initialised,
# 16 needs Python, 32 and 64 are read and written by functions of their own.
_OBJECT_FLAGS = 63


class Unresolvable(Exception):
    """The layout of an array cannot be told from the file."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands behind a wrapper."""

    dtype: Dtype
    shape: tuple[int, ...]
    padded: bool

    @property
    def size(self) -> int:
        """The bytes of all elements."""
        return math.prod(self.shape) * self.dtype.itemsize


def layout(wrapper: Instance) -> Layout:
    """Return what joblib reads for *wrapper*, or raise Unresolvable."""
    state = wrapper.attributes
    shape = state.get("shape")
    if not isinstance(shape, tuple) or not all(_is_size(size) for size in shape):
        raise Unresolvable("the shape of an array is not a tuple of numbers")
    if state.get("order") not in ("C", "F"):
        raise Unresolvable("the order of an array is neither C nor F")
    kind = dtype(state.get("dtype"))
    if math.prod(shape) > _MOST_ELEMENTS or (kind.itemsize == 0 and math.prod(shape) > 1 << 20):
        raise Unresolvable("an array has more elements than there can be")
    alignment = state.get("numpy_array_alignment_bytes")
    if alignment is not None and alignment != 16:
        raise Unresolvable("an array is aligned to something else than 16 bytes")
    return Layout(kind, shape, alignment is not None)


def dtype(value: Value, depth: int = 0) -> Dtype:
    """Return the type that ``numpy.dtype(text, False, True)`` and its state make, or raise."""
    if depth > _DEEPEST:
        raise Unresolvable("a numpy.dtype lies too deep in others")
    if not isinstance(value, Instance) or not value.is_made_by(("numpy", "dtype")):
        raise Unresolvable("the type of an array is not a numpy.dtype")
    code = value.args[0] if isinstance(value.args, tuple) and len(value.args) == 3 else None
    if not isinstance(code, str) or value.built > 1:
        raise Unresolvable("a numpy.dtype is not made as numpy makes it")
    state = _checked(value.state) if value.built else None
    if code == "O8":
        _check_tail(state, (-1, -1, _OBJECT_FLAGS))
        return Dtype("O", 8, has_objects=True)
    if _SIMPLE.fullmatch(code):
        _check_tail(state, (-1, -1, 0))
        return Dtype(code[0], int(code[1:]), byteorder=_byteorder(state))
    if sized := _SIZED.fullmatch(code):
        return _sized(sized[1], int(sized[2]), state, depth)
    raise Unresolvable(f"unknown type of array: {code[:20]!r}")


def _checked(state: Value) -> tuple[Value, ...]:
    # (version, byte order, base of subarrays, names, fields, size, alignment, flags[, metadata])
    if (
        not isinstance(state, tuple)
        or len(state) not in {8, 9}
        or state[0] not in (3, 4)
        or not all(type(number) is int for number in state[5:8])
    ):
        raise Unresolvable("the state of a numpy.dtype is not as numpy writes it")
    return state


def _check_tail(state: tuple[Value, ...] | None, expected: tuple[int, int, int]) -> None:
    """Raise unless *state* has no parts and ends as expected: numpy believes what it reads."""
    if state is not None and (state[5:8] != expected or not _are_none(state[2:5])):
        raise Unresolvable("the state of a numpy.dtype is not as numpy writes it")


def _sized(kind: str, size: int, state: tuple[Value, ...] | None, depth: int) -> Dtype:
    itemsize = size * 4 if kind == "U" else size
    if state is None:
        return Dtype(kind, itemsize)
    if kind == "U":
        _check_tail(state, (itemsize, 4, 8))
    elif kind == "S" or _are_none(state[2:5]):
        _check_tail(state, (itemsize, 1, 0))
    else:
        return Dtype(kind, itemsize, _structured(state, itemsize, depth + 1))
    return Dtype(kind, itemsize, byteorder=_byteorder(state))


def _structured(state: tuple[Value, ...], itemsize: int, depth: int) -> bool:
    """Tell whether a type with parts holds objects, after checking it."""
    flags = state[7] & 0xFF
    if state[5] != itemsize or state[6] not in (1, 2, 4, 8, 16):
        raise Unresolvable("a numpy.dtype states two sizes")
    if state[2] is not None:
        has_objects = _subarray(state[2], itemsize, depth)
    else:
        has_objects = _fields(state[3], state[4], itemsize, depth)
    # numpy counts references and calls Python for a type by its flags alone.
    honest = {0} if not has_objects else {0b011} if state[2] is None else {0b011, 0b111}
    if flags & 0b111 not in honest:
        raise Unresolvable("a numpy.dtype does not tell the truth about objects in it")
    return has_objects


def _fields(names: Value, fields: Value, itemsize: int, depth: int) -> bool:
    if not isinstance(names, tuple) or not isinstance(fields, Dict):
        raise Unresolvable("the fields of a numpy.dtype are not as numpy writes them")
    if not all(type(name) is str and name in fields.texts() for name in names):
        raise Unresolvable("the fields of a numpy.dtype are not those that it names")
    has_objects = False
    for _, entry in fields.pairs:
        if not isinstance(entry, tuple) or len(entry) not in {2, 3} or not _is_size(entry[1]):
            raise Unresolvable("a field of a numpy.dtype is not as numpy writes it")
        part = dtype(entry[0], depth)
        if entry[1] + part.itemsize > itemsize:
            raise Unresolvable("a field of a numpy.dtype lies outside of it")
        has_objects |= part.has_objects
    return has_objects


def _subarray(value: Value, itemsize: int, depth: int) -> bool:
    if not isinstance(value, tuple) or len(value) != 2 or not isinstance(value[1], tuple):
        raise Unresolvable("a numpy.dtype of arrays is not as numpy writes it")
    base = dtype(value[0], depth)
    if not all(_is_size(size) for size in value[1]):
        raise Unresolvable("a numpy.dtype of arrays is not as numpy writes it")
    if base.itemsize * math.prod(value[1]) != itemsize:
        raise Unresolvable("a numpy.dtype states two sizes")
    return base.has_objects


def _byteorder(state: Value) -> str:
    order = state[1] if isinstance(state, tuple) else "|"
    if not isinstance(order, str) or order not in {"<", ">", "|", "="}:
        raise Unresolvable("the byte order of an array is not as numpy writes it")
    return order


def _are_none(values: tuple[Value, ...]) -> bool:
    return all(value is None for value in values)


def _is_size(value: Value) -> bool:
    return type(value) is int and 0 <= value < _MOST_ELEMENTS
