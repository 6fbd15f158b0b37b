"""States that numpy believes: where it does not compare sizes itself, we do.

``ndarray.__setstate__`` fills an array of objects from a list without looking at the list's length:
a shorter one makes it read memory that is not its own.
"""

import math

from gcp_deploy.artifact import arrays
from gcp_deploy.artifact.values import Blob, Dtype, Instance, Value


def check_dtype(built: Instance) -> str:
    """Return what is wrong with the state of a ``numpy.dtype``, or ``""``."""
    try:
        arrays.dtype(built)
    except arrays.Unresolvable as error:
        return str(error)
    return ""


def check_array(built: Instance) -> str:
    """Return what is wrong with the state of an array: version, shape, dtype, order, content."""
    state = built.state
    if not isinstance(state, tuple) or len(state) not in {5, 7} or not _is_shape(state[1]):
        return "the state of an array is not as numpy writes it"
    try:
        dtype = arrays.dtype(state[2])
    except arrays.Unresolvable as error:
        return str(error)
    if not _fits(state[4], dtype, math.prod(state[1])):
        return "the content of an array does not fill its shape"
    return ""


def _fits(content: Value, dtype: Dtype, count: int) -> bool:
    if dtype.has_objects:
        return isinstance(content, list) and len(content) == count
    if isinstance(content, bytes):
        return len(content) == count * dtype.itemsize
    if isinstance(content, Blob):
        return content.size == count * dtype.itemsize
    # Protocols 0 to 2 encode a text; numpy compares the length of the result.
    return isinstance(content, Instance) and content.is_made_by(("_codecs", "encode"))


def _is_shape(value: Value) -> bool:
    return isinstance(value, tuple) and all(type(size) is int and size >= 0 for size in value)
