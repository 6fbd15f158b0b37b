"""What a loaded model is, as far as it tells by its fitted attributes."""

import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gcp_deploy.serving import anatomy
from gcp_deploy.serving.answers import BadAnswer, to_json
from gcp_deploy.serving.plausible import columns
from gcp_deploy.serving.traces import nulls_as_none


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a model takes."""

    features: int | None
    names: tuple[str, ...] | None
    """The columns it was fitted with; only when all names are text."""
    text: bool
    """It takes one string for each row."""
    named_columns: tuple[str, ...]
    """Columns that it selects by name."""
    nulls_as_none: frozenset[int] = frozenset()
    """The places of columns where it was fitted on None, not on NaN, for a missing value."""


def inputs(model: Any) -> Inputs:
    """Tell what *model* takes."""
    parts = list(anatomy.entries(model))
    names = next((found for part in parts if (found := _names(part))), None)
    features = next((n for part in parts if (n := _features(part)) is not None), None)
    named: dict[str, None] = {}
    for part in parts:
        for _, chosen, selected in anatomy.columns(part):
            if not isinstance(chosen, str) or chosen != "drop":
                named.update(dict.fromkeys(_selected_names(selected, _names(part) or ())))
    text = features is None and any(callable(getattr(p, "build_analyzer", None)) for p in parts)
    marks = columns(model, features or 0, (nulls_as_none,))
    nones = frozenset(place for place, marked in enumerate(marks) if marked)
    return Inputs(features, names, text, tuple(named), nones)


def describe(model: Any) -> dict[str, Any]:
    """Return what :class:`gcp_deploy.sandbox.info.ModelInfo` wants to know, but for the loading."""
    takes = inputs(model)
    found = type(model)
    return {
        "estimator": f"{found.__module__}.{found.__qualname__}",
        "fitted": is_fitted(model),
        "features": takes.features,
        "feature_names": takes.names,
        "classes": _classes(model),
        "task": task(model),
        "named_columns": takes.named_columns,
        "resident_bytes": resident_bytes(),
    }


def is_fitted(model: Any) -> bool:
    """Tell whether the estimator that predicts was fitted; foreign classes are believed."""
    final = anatomy.final(model)
    if not type(final).__module__.startswith("sklearn."):
        return True
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(final)
    except NotFittedError:
        return False
    except TypeError:  # not an estimator in the sense of scikit-learn
        return True
    return True


def task(model: Any) -> str:
    """Return ``classification``, ``regression``, ``clustering`` or ``unknown``."""
    from sklearn.base import is_classifier, is_clusterer, is_regressor

    tests = {
        "classification": is_classifier,
        "regression": is_regressor,
        "clustering": is_clusterer,
    }
    for name, test in tests.items():
        try:
            if test(model):
                return name
        except (AttributeError, TypeError, ValueError):
            continue
    return "unknown"


def resident_bytes(status: Path = Path("/proc/self/statm")) -> int:
    """Return the memory of this process that is in use now, or its peak where that is not told.

    Landlock ties its permission to an inode, and the kernel may make a new one for our folder in
    ``/proc`` at any time: what could be read a moment ago may be refused now.
    """
    with suppress(OSError):
        return int(status.read_text().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _selected_names(selected: Any, names: Sequence[str]) -> list[str]:
    """Return the names in a selection: one name, several, or a slice from name to name."""
    if isinstance(selected, slice):
        ends = (selected.start, selected.stop)
        if not any(isinstance(end, str) for end in ends):
            return []
        first, last = (names.index(end) if end in names else None for end in ends)
        return list(names[first : None if last is None else last + 1])
    wanted = [selected] if isinstance(selected, str) else selected
    return [str(name) for name in wanted if isinstance(name, str)] if _many(wanted) else []


def _many(selected: Any) -> bool:
    # Lists, arrays, the index of a frame; not a single number.
    return hasattr(selected, "__len__")


def _names(part: Any) -> tuple[str, ...] | None:
    found = anatomy.attribute(part, "feature_names_in_")
    if found is None:
        return None
    names = tuple(found)
    return tuple(map(str, names)) if all(isinstance(name, str) for name in names) else None


def _features(part: Any) -> int | None:
    found = anatomy.attribute(part, "n_features_in_")
    try:
        return None if found is None else int(found)
    except (TypeError, ValueError):
        return None


def _classes(model: Any) -> list[Any] | None:
    found = anatomy.attribute(model, "classes_")
    if found is None:
        return None
    try:
        return to_json(found if isinstance(found, list) else found.tolist(), None)
    except (AttributeError, BadAnswer):
        return None
