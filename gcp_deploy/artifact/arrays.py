"""How many bytes joblib reads behind an array wrapper, from the wrapper's symbolic state.

``NumpyArrayWrapper.read_array`` (joblib 1.6): one byte with the length of the padding and the
padding (not in files of joblib before 1.2, which have no ``numpy_array_alignment_bytes``), then the
bytes of all elements; for types that hold objects a complete pickle of its own instead. What does
not have exactly the form that numpy writes is not guessed at.
"""

import math
import re
from dataclasses import dataclass

from gcp_deploy.artifact.values import Dict, Dtype, Global, Instance, Value

WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_SIMPLE = re.compile(r"([biufcmM])(\d{1,2})|(\?)")
_SIZED = re.compile(r"([SUVa])(\d{1,9})")
_MOST_ELEMENTS = 1 << 62
_HAS_OBJECTS = 1


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


def dtype(value: Value) -> Dtype:
    """Return the type that ``numpy.dtype(text, False, True)`` and its state make, or raise."""
    if not isinstance(value, Instance) or not value.is_made_by(("numpy", "dtype")):
        raise Unresolvable("the type of an array is not a numpy.dtype")
    code = value.args[0] if isinstance(value.args, tuple) and len(value.args) == 3 else None
    if not isinstance(code, str) or value.built > 1:
        raise Unresolvable("a numpy.dtype is not made as numpy makes it")
    if code in {"O8", "O4", "O"}:
        return Dtype("O", 8, has_objects=True)
    state = value.state if value.built else None
    if simple := _SIMPLE.fullmatch(code):
        _check_plain(state)
        return Dtype(simple[1] or "b", int(simple[2] or 1), byteorder=_byteorder(state))
    if sized := _SIZED.fullmatch(code):
        return _sized(sized[1], int(sized[2]), state)
    raise Unresolvable(f"unknown type of array: {code[:20]!r}")


def _check_plain(state: Value) -> None:
    if state is None:
        return
    if not isinstance(state, tuple) or len(state) < 8 or not _are_none(state[2:5]):
        raise Unresolvable("the state of a numpy.dtype is not as numpy writes it")
    if not _is_flags(state[7]) or state[7] & _HAS_OBJECTS:
        raise Unresolvable("a number type claims to hold objects")


def _sized(kind: str, size: int, state: Value) -> Dtype:
    itemsize = size * 4 if kind == "U" else size
    if state is None:
        return Dtype(kind, itemsize)
    if not isinstance(state, tuple) or len(state) < 8 or not _is_flags(state[7]):
        raise Unresolvable("the state of a numpy.dtype is not as numpy writes it")
    if state[5] != itemsize:
        raise Unresolvable("a numpy.dtype states two sizes")
    if state[2] is not None:
        has_objects = _subarray(state[2], itemsize)
    elif state[3] is not None or state[4] is not None:
        has_objects = _fields(state[3], state[4], itemsize)
    else:
        has_objects = False
    if has_objects != bool(state[7] & _HAS_OBJECTS):
        raise Unresolvable("a numpy.dtype hides that it holds objects")
    return Dtype(kind, itemsize, has_objects, _byteorder(state))


def _fields(names: Value, fields: Value, itemsize: int) -> bool:
    if not isinstance(names, tuple) or not isinstance(fields, Dict):
        raise Unresolvable("the fields of a numpy.dtype are not as numpy writes them")
    has_objects = False
    for _, entry in fields.pairs:
        if not isinstance(entry, tuple) or len(entry) not in {2, 3} or not _is_size(entry[1]):
            raise Unresolvable("a field of a numpy.dtype is not as numpy writes it")
        part = dtype(entry[0])
        if entry[1] + part.itemsize > itemsize:
            raise Unresolvable("a field of a numpy.dtype lies outside of it")
        has_objects |= part.has_objects
    return has_objects


def _subarray(value: Value, itemsize: int) -> bool:
    if not isinstance(value, tuple) or len(value) != 2 or not isinstance(value[1], tuple):
        raise Unresolvable("a numpy.dtype of arrays is not as numpy writes it")
    base = dtype(value[0])
    if not all(_is_size(size) for size in value[1]):
        raise Unresolvable("a numpy.dtype of arrays is not as numpy writes it")
    if base.itemsize * math.prod(value[1]) != itemsize:
        raise Unresolvable("a numpy.dtype states two sizes")
    return base.has_objects


def subclass(wrapper: Instance) -> Global | None:
    """Return the array class that the wrapper names."""
    value = wrapper.attributes.get("subclass")
    return value if isinstance(value, Global) else None


def _byteorder(state: Value) -> str:
    order = state[1] if isinstance(state, tuple) else "|"
    if not isinstance(order, str) or order not in {"<", ">", "|", "="}:
        raise Unresolvable("the byte order of an array is not as numpy writes it")
    return order


def _are_none(values: tuple[Value, ...]) -> bool:
    return all(value is None for value in values)


def _is_size(value: Value) -> bool:
    return type(value) is int and 0 <= value < _MOST_ELEMENTS


def _is_flags(value: Value) -> bool:
    return type(value) is int
