"""What fitted attributes say about the columns of the training data, one reader for each kind.

A column is a list of values, or None when nothing is known about it.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from gcp_deploy.serving import anatomy
from gcp_deploy.serving.words import texts

Column = list[Any] | None

Reader = Callable[[Any, int], list[Column]]
"""Reads one kind of fitted attribute of a model that sees so many columns."""

SPREAD = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.25)
"""Where values lie around a mean, in standard deviations, in the order of the rows."""


def _categories(model: Any, features: int) -> list[Column]:
    return _each(anatomy.attribute(model, "categories_"), features, _known)


def _mean_and_scale(model: Any, features: int) -> list[Column]:
    centre, scale = anatomy.attribute(model, "mean_"), anatomy.attribute(model, "scale_")
    if centre is None:
        centre = anatomy.attribute(model, "center_")  # RobustScaler
    if scale is None:
        return [None] * features
    centres = _numbers(centre, features) or [0.0] * features
    scales = _numbers(scale, features)
    if scales is None or anatomy.attribute(model, "data_min_") is not None:
        return [None] * features
    return [
        [_short(middle + width * step) for step in SPREAD]
        for middle, width in zip(centres, scales, strict=True)
    ]


def _minimum_and_maximum(model: Any, features: int) -> list[Column]:
    least = _numbers(anatomy.attribute(model, "data_min_"), features)
    most = _numbers(anatomy.attribute(model, "data_max_"), features)
    if most is None:
        most = _numbers(anatomy.attribute(model, "max_abs_"), features)
    if most is None:
        return [None] * features
    least = least or [0.0] * features
    shares = (0.5, 0.25, 0.75, 0.1, 0.9, 0.4, 0.6, 0.0)
    return [
        [_short(low + (high - low) * share) for share in shares]
        for low, high in zip(least, most, strict=True)
    ]


def _quantiles(model: Any, features: int) -> list[Column]:
    table = anatomy.attribute(model, "quantiles_")
    return _each(None if table is None else table.T, features, _sample)


def _bin_edges(model: Any, features: int) -> list[Column]:
    return _each(anatomy.attribute(model, "bin_edges_"), features, _sample)


def _statistics(model: Any, features: int) -> list[Column]:
    found = anatomy.attribute(model, "statistics_")
    return _each(None if found is None else [[value] for value in found], features, _known)


def _examples(model: Any, features: int) -> list[Column]:
    """Rows that the estimator keeps: neighbours, support vectors, centres, means of classes."""
    names = ("_fit_X", "support_vectors_", "X_train_", "cluster_centers_", "theta_", "means_")
    for name in (*names, "centroids_"):
        table = anatomy.attribute(model, name)
        if hasattr(table, "T") and getattr(table, "ndim", 0) == 2 and table.shape[1] == features:
            dense = table.toarray() if hasattr(table, "toarray") else table
            return _each(dense[:32].T, features, _sample)
    return [None] * features


def _thresholds(model: Any, features: int) -> list[Column]:
    tree = anatomy.attribute(model, "tree_")
    if tree is None:
        return _bin_thresholds(model, features)
    seen: list[list[float]] = [[] for _ in range(features)]
    for feature, threshold in zip(tree.feature.tolist(), tree.threshold.tolist(), strict=True):
        if 0 <= feature < features:
            seen[feature].append(threshold)
    return [_between(values) for values in seen]


def _bin_thresholds(model: Any, features: int) -> list[Column]:
    bins = anatomy.attribute(anatomy.attribute(model, "_bin_mapper"), "bin_thresholds_")
    found = _each(bins, features, _between)
    mask = anatomy.attribute(model, "is_categorical_")
    if mask is None or len(mask) != features:
        return found
    # Inside, the columns with categories come first; and their bins are codes, not values.
    numeric = [place for place in range(features) if not mask[place]]
    by_place = dict(zip(numeric, found[features - len(numeric) :], strict=True))
    return [by_place.get(place) for place in range(features)]


def nulls_as_none(model: Any, features: int) -> list[Column]:
    """Mark the columns in which the model was fitted on None, and not on NaN, where a value lacks.

    Encoders tell the two apart, and so does an imputer of None.
    """
    if anatomy.attribute(model, "statistics_") is not None:
        marked = hasattr(model, "missing_values") and model.missing_values is None
        return [[True] if marked else None] * features
    categories = anatomy.attribute(model, "categories_")
    return _each(categories, features, lambda values: [True] if _holds_none(values) else None)


READERS: tuple[Reader, ...] = (
    _categories,
    _mean_and_scale,
    _minimum_and_maximum,
    _quantiles,
    _bin_edges,
    _statistics,
    _examples,
    _thresholds,
    texts,
)


def _each(found: Any, features: int, choose: Callable[[Any], Column]) -> list[Column]:
    if found is None or isinstance(found, str) or len(found) != features:
        return [None] * features
    return [choose(values) for values in found]


def _holds_none(values: Any) -> bool:
    return any(value is None for value in values)


def _known(values: Any) -> Column:
    """Return the values that JSON can say and that are not missing, at most 32."""
    plain = [value.item() if hasattr(value, "item") else value for value in values]
    return [
        value
        for value in plain
        if isinstance(value, bool | int | str)
        or (isinstance(value, float) and math.isfinite(value))
    ][:32] or None


def _sample(values: Any) -> Column:
    """Return a few of many numbers, from the middle outwards."""
    known = sorted(set(_known_numbers(values)))
    if not known:
        return None
    shares = (0.5, 0.25, 0.75, 0.1, 0.9, 0.4, 0.6, 0.0)
    return [_short(known[round(share * (len(known) - 1))]) for share in shares]


def _between(thresholds: Any) -> Column:
    """Return numbers on both sides of thresholds, so that branches of trees differ."""
    known = sorted(set(_known_numbers(thresholds)))
    if not known:
        return None
    gap = (known[-1] - known[0]) / len(known) or max(1.0, abs(known[0]) / 2)
    middles = [(low + high) / 2 for low, high in pairwise(known)]
    return _sample([known[0] - gap, *middles, known[-1] + gap])


def _known_numbers(values: Any) -> list[float]:
    plain = values.tolist() if hasattr(values, "tolist") else list(values)
    return [float(v) for v in plain if isinstance(v, int | float) and abs(v) < float("inf")]


def _numbers(found: Any, features: int) -> list[float] | None:
    if found is None or getattr(found, "ndim", 0) != 1 or len(found) != features:
        return None
    values = [float(value) for value in found]
    return [value if math.isfinite(value) else 0.0 for value in values]


def _short(value: float) -> float:
    """Four digits are plausible, and can be read."""
    return float(f"{value:.4g}")
