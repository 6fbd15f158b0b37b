"""Walking a fitted model: what wraps what, and what sees the rows first.

Nothing here knows single estimators: wrappers are recognised by the attributes in which they keep
what they fitted, as scikit-learn documents them.
"""

from collections.abc import Iterator
from typing import Any

_FITTED_INSIDE = ("best_estimator_", "estimator_", "regressor_", "classifier_")
_MANY_INSIDE = ("estimators_", "calibrated_classifiers_")


def attribute(model: Any, name: str) -> Any:
    """Return the attribute, or None; fitted attributes that are properties may raise."""
    try:
        return getattr(model, name, None)
    except (AttributeError, ValueError, TypeError, IndexError):
        return None


def steps(model: Any) -> list[Any]:
    """Return the steps of a pipeline that do something, or an empty list."""
    named = attribute(model, "steps")
    if not isinstance(named, list):
        return []
    return [step for _, step in named if step is not None and not isinstance(step, str)]


def inner(model: Any) -> Iterator[Any]:
    """Yield what a meta-estimator fitted on the same rows (search, bagging, voting, ...)."""
    for name in _FITTED_INSIDE:
        found = attribute(model, name)
        if found is not None and hasattr(found, "get_params"):
            yield found
    for name in _MANY_INSIDE:
        found = attribute(model, name)
        if found is not None and not isinstance(found, str):
            for item in _flat(found):
                estimator = attribute(item, "estimator") if name.startswith("cal") else item
                if estimator is not None and hasattr(estimator, "get_params"):
                    yield estimator


def entries(model: Any) -> Iterator[Any]:
    """Yield the parts that see the rows as they were sent, the model itself last."""
    if chain := steps(model):
        yield from entries(chain[0])
    for _, part, *_ in attribute(model, "transformer_list") or ():
        if not isinstance(part, str):
            yield from entries(part)
    for part in inner(model):
        yield from entries(part)
        break
    yield model


def final(model: Any) -> Any:
    """Return the estimator that predicts in the end."""
    chain = steps(model)
    if chain:
        return final(chain[-1])
    for part in inner(model):
        if attribute(model, "best_estimator_") is part:
            return final(part)
    return model


def columns(model: Any) -> list[tuple[str, Any, Any]]:
    """Return name, transformer and columns of a fitted ColumnTransformer, or an empty list."""
    if attribute(model, "transformers") is None:
        return []
    found = attribute(model, "transformers_")
    return list(found) if isinstance(found, list) else []


def _flat(found: Any) -> Iterator[Any]:
    items = found.ravel().tolist() if hasattr(found, "ravel") else found
    for item in items:
        if isinstance(item, list | tuple):
            yield from _flat(item)
        else:
            yield item
