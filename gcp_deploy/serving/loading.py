"""Loading an artifact under the allow-list; the X-ray has looked at it before.

``joblib.load`` itself does the work, so that containers, frames and arrays are read exactly as any
other program reads them; only its unpickler is ours. Object arrays are a nested pickle: joblib 1.6
routes it through the caller's ``find_class`` and older versions do not (GHSA-m62q-453p-gv66), so
that reading is ours, too. A ``model.pkl`` is a joblib file without arrays and is read the same way.
"""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from typing import Any, BinaryIO

from gcp_deploy.serving.guard import CannotLoad, guard_joblib


@dataclass(frozen=True, slots=True)
class Loaded:
    """The object of the file, and what was warned of while it was loaded."""

    model: Any
    warnings: tuple[str, ...]


class _OpenFile(RawIOBase):
    """An inherited open file, read at our own position: the launcher's is not moved."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            offset += os.fstat(self._handle).st_size
        self._position = offset
        return offset

    def readinto(self, buffer: Any) -> int:
        data = os.pread(self._handle, len(buffer), self._position)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def load(handle: int, trusted_modules: Sequence[str] = ()) -> Loaded:
    """Load the model from an open file, from its first byte, or raise CannotLoad."""
    stream: Any = BufferedReader(_OpenFile(handle), 1 << 20)
    if stream.peek(2)[:2] == b"ZF":
        raise CannotLoad(
            "the artifact was written by joblib before 0.10, which kept its arrays in other files",
            kind="unreadable",
            hint="load it with that joblib, and dump it again with a current one",
        )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = _read(stream, trusted_modules)
    if not callable(getattr(model, "predict", None)):
        found = type(model)
        raise CannotLoad(
            f"the artifact has no predict: it is a {_name(found)}",
            kind="no_model",
            detail=f"{found.__module__}.{found.__qualname__}",
            hint="dump the fitted estimator or pipeline itself: joblib.dump(pipeline, path)",
        )
    return Loaded(model, _told(caught))


def _read(stream: BinaryIO, trusted_modules: Sequence[str]) -> Any:
    import joblib

    guard_joblib(trusted_modules)
    try:
        return joblib.load(stream)
    except (CannotLoad, MemoryError):
        raise
    except Exception as error:  # whatever the classes of the file raise
        text = " ".join(str(error).split())
        said = f"{type(error).__name__}: {text}" if text else type(error).__name__
        raise CannotLoad(
            f"the artifact cannot be loaded: {said}", kind="unreadable", detail=text or said
        ) from error


def _name(found: type) -> str:
    if found.__module__ == "builtins":
        return found.__name__
    return f"{found.__module__}.{found.__qualname__}"


def _told(caught: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    """Return each warning once, on one line."""
    texts = (" ".join(str(item.message).split())[:400] for item in caught)
    return tuple(dict.fromkeys(texts))[:10]
