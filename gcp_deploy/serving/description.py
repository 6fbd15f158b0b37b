"""What a loaded model is, as far as it tells by its fitted attributes."""

import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gcp_deploy.serving import anatomy
from gcp_deploy.serving.answers import BadAnswer, to_json


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


def inputs(model: Any) -> Inputs:
    """Tell what *model* takes."""
    parts = list(anatomy.entries(model))
    names = next((found for part in parts if (found := _names(part))), None)
    features = next((n for part in parts if (n := _features(part)) is not None), None)
    named: dict[str, None] = {}
    for part in parts:
        for _, _, selected in anatomy.columns(part):
            wanted = [selected] if isinstance(selected, str) else selected
            if isinstance(wanted, list):
                named.update(dict.fromkeys(name for name in wanted if isinstance(name, str)))
    text = features is None and any(callable(getattr(p, "build_analyzer", None)) for p in parts)
    return Inputs(features, names, text, tuple(named))


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


def resident_bytes() -> int:
    """Return the memory of this process that is in use now."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


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
