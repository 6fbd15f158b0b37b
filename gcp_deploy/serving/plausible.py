"""Plausible values for each column, read off a fitted model without any data.

Encoders remember their categories, scalers their means, imputers their statistics, trees their
thresholds (:mod:`gcp_deploy.serving.traces`); here is who of them saw which column.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from gcp_deploy.serving import anatomy
from gcp_deploy.serving.traces import READERS, Column, Reader


def columns(model: Any, features: int, readers: Sequence[Reader] = READERS) -> list[Column]:
    """Return what the *readers* find for each of the *features* columns that *model* sees."""
    found: list[Column] = [None] * features
    for part in anatomy.steps(model):
        _complete(found, columns(part, features, readers))
        if not _keeps_columns(part):
            break
    for index, values in _by_transformer(model, features, readers):
        _complete_one(found, index, values)
    for _, part, *_ in anatomy.attribute(model, "transformer_list") or ():
        if not isinstance(part, str):
            _complete(found, columns(part, features, readers))
    for read in readers:
        _complete(found, read(model, features))
    for part in anatomy.inner(model):
        if all(found):
            break
        if anatomy.attribute(part, "n_features_in_") in {None, features}:
            _complete(found, columns(part, features, readers))
    return found


def _complete(found: list[Column], more: Sequence[Column]) -> None:
    for index, values in enumerate(more):
        _complete_one(found, index, values)


def _complete_one(found: list[Column], index: int, values: Column) -> None:
    """A column with one value (an imputer's) gives way to one with several of its kind."""
    if not 0 <= index < len(found):
        return
    now = found[index]
    if values and (now is None or (len(now) == 1 and len(values) > 1)):
        found[index] = values


def _keeps_columns(part: Any) -> bool:
    """Tell whether column i of the output is column i of the input."""
    kept = ("statistics_", "scale_", "max_abs_", "quantiles_", "lambdas_")
    if any(anatomy.attribute(part, name) is not None for name in kept):
        # An imputer may add indicators, of the columns in which it saw values lack.
        marked = anatomy.attribute(anatomy.attribute(part, "indicator_"), "features_")
        return marked is None or len(marked) == 0
    return False


def _by_transformer(
    model: Any, features: int, readers: Sequence[Reader]
) -> Iterator[tuple[int, Column]]:
    # A histogram of gradients keeps the encoder of its categories in a ColumnTransformer.
    selections = anatomy.columns(model) or anatomy.columns(
        anatomy.attribute(model, "_preprocessor")
    )
    names = anatomy.attribute(model, "feature_names_in_")
    places = {str(name): index for index, name in enumerate(names)} if names is not None else {}
    for _, part, selected in selections:
        if isinstance(part, str):
            continue
        indices = _indices(selected, places, features)
        yield from zip(indices, columns(part, len(indices), readers), strict=True)


def _indices(selected: Any, places: dict[str, int], features: int) -> list[int]:
    if isinstance(selected, slice):
        if isinstance(selected.start, str) or isinstance(selected.stop, str):
            start = places.get(str(selected.start), 0) if selected.start is not None else 0
            stop = places.get(str(selected.stop), features - 1) if selected.stop else features - 1
            return list(range(start, stop + 1))
        return list(range(features))[selected]
    items = [selected] if isinstance(selected, str | int) else list(selected)
    # A mask; numpy 2 calls its boolean "bool", and numpy 1 "bool_".
    if items and all(type(item).__name__ in {"bool", "bool_"} for item in items):
        return [index for index, wanted in enumerate(items) if wanted]
    indices = [places.get(item, -1) if isinstance(item, str) else int(item) for item in items]
    return [index + features if index < 0 and -index <= features else index for index in indices]
