"""The guard of the unpickler: the allow-list of the X-ray, held a second time where code would run.

joblib reads an object array as a nested pickle. Version 1.6 routes it through the caller's
``find_class`` and older ones do not (GHSA-m62q-453p-gv66), so that reading is ours as well.
"""

import pickle
import types
from collections.abc import Sequence
from typing import Any

from gcp_deploy.artifact.allowlist import is_allowed, stand_in


class CannotLoad(Exception):
    """The artifact is no model that can be served.

    *kind* is ``refused``, ``import``, ``no_model`` or ``unreadable``; *detail* is the text behind.
    """

    def __init__(self, text: str, *, kind: str, detail: str = "", hint: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.kind = kind
        self.detail = detail or text
        self.hint = hint


def guard_joblib(trusted_modules: Sequence[str]) -> None:
    """Put a guarded unpickler where joblib looks for its own, for the rest of this process."""
    from joblib import numpy_pickle

    base = numpy_pickle.NumpyUnpickler
    if hasattr(base, "guards"):
        base = base.guards
    # The class of the nested pickles: the pure Python unpickler that joblib builds upon.
    inner = _guarded(base.__mro__[1], trusted_modules)
    wrapper = numpy_pickle.NumpyArrayWrapper
    read_plain_array = getattr(wrapper.read_array, "guards", wrapper.read_array)

    def read_array(array: Any, unpickler: Any, *options: Any) -> Any:
        if array.dtype.hasobject:
            return inner(unpickler.file_handle).load()
        return read_plain_array(array, unpickler, *options)

    vars(read_array)["guards"] = read_plain_array
    numpy_pickle.NumpyUnpickler = _guarded(base, trusted_modules)
    wrapper.read_array = read_array


def _guarded(base: Any, trusted_modules: Sequence[str]) -> Any:
    """Return a subclass of the unpickler *base* that finds only what is allowed."""

    def find_class(self: Any, module: str, name: str) -> Any:
        if not is_allowed(module, name, trusted_modules):
            raise CannotLoad(
                f"loading the artifact would use {module}.{name}, which is not on the allow-list",
                kind="refused",
                detail=f"{module}.{name} is not allowed",
                hint="a module of your own project can be allowed: trusted_modules",
            )
        if (instead := stand_in(module, name)) is not None:
            return instead
        try:
            return base.find_class(self, module, name)
        except (ImportError, AttributeError) as error:
            raise _not_importable(module, name, error) from error

    def load_build(self: Any) -> None:
        made = self.stack[-2]
        if isinstance(made, type | types.ModuleType | types.FunctionType):
            # Names alone could swap one metric for another, and so invert a gate.
            raise CannotLoad(
                f"loading the artifact would change {made.__name__} itself", kind="refused"
            )
        base.load_build(self)

    dispatch = {**base.dispatch, pickle.BUILD[0]: load_build}
    members = {"find_class": find_class, "load_build": load_build, "dispatch": dispatch}
    return type(f"Guarded{base.__name__.strip('_')}", (base,), {**members, "guards": base})


def _not_importable(module: str, name: str, error: Exception) -> CannotLoad:
    package = module.partition(".")[0]
    return CannotLoad(
        f"the artifact needs {name} of the module {module}, which cannot be imported: {error}",
        kind="import",
        detail=str(error),
        hint=f"install {package}, or the versions of the libraries the artifact was made with",
    )
