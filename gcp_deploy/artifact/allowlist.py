"""The allow-list: which names a model file may use, and what may be done with each.

``allowlist.txt`` holds exact pairs of module and name, one in a line, with verbs:

- ``refer``: the name may stand in the file as a value (a dtype class, a metric, a ufunc);
- ``construct``: the class may be made without calling it (NEWOBJ, ``copyreg._reconstructor``);
- ``call``: the function or class may be called with the arguments in the file;
- ``build``, ``setitem``, ``append``, ``add``: what was made of it may get a state or items.

``scripts/make_allowlist`` observes the verbs on honest files of several versions of scikit-learn,
numpy, scipy and pandas; the reviewed additions and exclusions stand in that script. There are no
prefixes: ``joblib.load`` and ``numpy.load`` are names of packages that honest files use, too.
"""

import sys
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from gcp_deploy.errors import UsageError

REVIEWED_PACKAGES = frozenset({"joblib", "numpy", "pandas", "scipy", "sklearn"})
"""Packages that are allowed name by name, and so never as a whole."""

# In the standard library of some Python between 3.8 and 3.15, but perhaps not of this one.
_STANDARD_ELSEWHERE = frozenset(
    [
        "_pyrepl",
        "annotationlib",
        "asynchat",
        "asyncore",
        "binhex",
        "cgi",
        "cgitb",
        "chunk",
        "compression",
        "crypt",
        "distutils",
        "imghdr",
        "imp",
        "lib2to3",
        "mailcap",
        "msilib",
        "nis",
        "nntplib",
        "ossaudiodev",
        "pipes",
        "pyrepl",
        "smtpd",
        "sndhdr",
        "spwd",
        "sunau",
        "telnetlib",
        "test",
        "uu",
        "xdrlib",
    ]
)
# Installed nearly everywhere, able to run anything, and no part of a model.
_TOOLS = frozenset(
    [
        "IPython",
        "_distutils_hack",
        "_pytest",
        "cloudpickle",
        "dill",
        "gcp_deploy",
        "google",
        "numexpr",
        "numba",
        "pip",
        "pkg_resources",
        "pytest",
        "requests",
        "setuptools",
        "site",
        "sitecustomize",
        "usercustomize",
        "wheel",
    ]
)


class Verb(StrEnum):
    """What a file does with a name."""

    REFER = "refer"
    CONSTRUCT = "construct"
    CALL = "call"
    BUILD = "build"
    SETITEM = "setitem"
    APPEND = "append"
    ADD = "add"


@cache
def verbs() -> Mapping[tuple[str, str], frozenset[Verb]]:
    """Return the whole list: what may be done with each (module, name)."""
    text = resources.files(__package__).joinpath("allowlist.txt").read_text(encoding="utf-8")
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            module, name, allowed = line.split(" ")
            found[module, name] = frozenset(Verb(word) for word in allowed.split(","))
    return found


def is_allowed(module: str, name: str, trusted_modules: Sequence[str] = ()) -> bool:
    """Tell whether an unpickler's ``find_class(module, name)`` may return the object.

    The guard of the process that really loads a file. It does not know what will be done with the
    object, so it is weaker than the X-ray, which comes first. *trusted_modules* are the deployer's
    own packages: a module is trusted with all that lies under it. Names with dots (attribute walks)
    and dunder names are never allowed. Names as Python 2 called them, which files of protocol 0 to
    2 contain and ``find_class`` translates, are allowed when their translation is.
    """
    if not is_plain(name):
        return False
    listed = verbs()
    if (module, name) in listed or renamed(module, name) in listed:
        return True
    return is_trusted(module, trusted_modules)


def is_plain(name: str) -> bool:
    """Tell whether *name* is one plain name: no dots to walk along, no dunder."""
    return name.isidentifier() and not (name.startswith("__") and name.endswith("__"))


def is_trusted(module: str, trusted_modules: Sequence[str]) -> bool:
    """Tell whether *module* is one of the deployer's *trusted_modules* or lies under one."""
    if is_untrustable(module):
        return False
    return any(module == root or module.startswith(f"{root}.") for root in trusted_modules)


def is_untrustable(module: str) -> bool:
    """Tell whether *module* can only be allowed name by name, or not at all."""
    root = module.partition(".")[0]
    return (
        not all(part.isidentifier() for part in module.split("."))
        or root.startswith("__")
        or root in REVIEWED_PACKAGES
        or root in sys.stdlib_module_names
        or root in _STANDARD_ELSEWHERE
        or root in _TOOLS
        or module in IMPORT_MAPPING
    )


def check_trusted(trusted_modules: Sequence[str]) -> None:
    """Raise UsageError for a module that must not be trusted as a whole."""
    for module in trusted_modules:
        if is_untrustable(module):
            raise UsageError(
                f"module cannot be trusted as a whole: {module!r}",
                hint="trusted_modules is for packages of your own project",
            )


def stand_in(module: str, name: str) -> Callable[..., Any] | None:
    """Return what ``find_class`` should hand out in the place of a listed tool, or None.

    Honest files call ``getattr`` for one thing: a bound method that scipy's discrete distributions
    carry. The X-ray allows no other call; this function can do no other.
    """
    if name == "getattr" and module in {"builtins", "__builtin__"}:
        return _entropy_method
    return None


def _entropy_method(owner: object, name: str) -> Any:
    if type(owner).__module__ != "scipy.stats._discrete_distns" or name != "_entropy":
        raise AttributeError(f"not an attribute that a model file may take: {name[:40]!r}")
    return getattr(owner, name)


def renamed(module: str, name: str) -> tuple[str, str]:
    """Return what ``find_class`` makes of a name in a file of protocol 0, 1 or 2."""
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name
