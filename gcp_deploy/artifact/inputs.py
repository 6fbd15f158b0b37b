"""What rows the model takes: how many columns, their names, and who picks which."""

from collections.abc import Iterator
from dataclasses import dataclass

from gcp_deploy.artifact.decode import items, number, scalar
from gcp_deploy.artifact.facts import children, class_of, features
from gcp_deploy.artifact.report import ColumnSelector
from gcp_deploy.artifact.values import Global, Instance, Value

_DEEPEST = 12
_MOST_COLUMNS = 100_000


@dataclass(frozen=True, slots=True)
class Inputs:
    """The columns of a row."""

    n_features: int | None
    feature_names: tuple[str, ...]
    columns: tuple[ColumnSelector, ...]

    @property
    def needs_column_names(self) -> bool:
        """Whether some step picks its columns by name."""
        return any(selector.by == "name" for selector in self.columns)


def inputs(root: Value) -> Inputs:
    """Return what the file tells about rows: of the root, or of what sees the rows first."""
    size: int | None = None
    names: tuple[str, ...] = ()
    selectors: list[ColumnSelector] = []
    for first in _first_to_see(root):
        size = features(first) if size is None else size
        names = names or _names(first)
        selectors.extend(_selectors(first))
    return Inputs(size, names, tuple(selectors))


def _first_to_see(value: Value, depth: int = 0) -> Iterator[Instance]:
    """Yield the estimators that are given the rows as they come, the outermost first."""
    kind = class_of(value)
    if kind is None or depth > _DEEPEST:
        return
    yield value
    steps = [step.value for step in children(value)]
    if kind.name == "ColumnTransformer":
        return
    if kind.name == "Pipeline":
        # "passthrough" hands the rows on.
        steps = [step for step in steps if class_of(step) is not None][:1]
    for step in steps:
        yield from _first_to_see(step, depth + 1)


def _names(value: Instance) -> tuple[str, ...]:
    found = items(value.attributes.get("feature_names_in_")) or []
    if len(found) > _MOST_COLUMNS or not all(isinstance(name, str) for name in found):
        return ()
    return tuple(found)


def _selectors(value: Instance) -> Iterator[ColumnSelector]:
    kind = class_of(value)
    entries = value.attributes.get("transformers")
    if kind is None or kind.name != "ColumnTransformer" or not isinstance(entries, list):
        return
    # What functions picked when the transformer was fitted.
    resolved = value.attributes.get("_columns")
    for index, entry in enumerate(entries):
        if not isinstance(entry, tuple) or len(entry) != 3 or not isinstance(entry[0], str):
            continue
        columns = entry[2]
        if isinstance(resolved, list) and len(resolved) == len(entries):
            columns = resolved[index]
        by, chosen = _chosen(columns)
        yield ColumnSelector(entry[0], by, chosen)


def _chosen(value: Value) -> tuple[str, tuple[str | int, ...]]:
    if isinstance(value, str):
        return "name", (value,)
    if (position := number(value)) is not None:
        return "position", (position,)
    if isinstance(value, Instance) and value.is_made_by(("builtins", "slice")):
        ends = [end for end in value.args if isinstance(end, str | int)]
        by = "name" if any(isinstance(end, str) for end in ends) else "slice"
        return by, tuple(ends)
    found = items(value)
    if found is None:
        return "function" if isinstance(value, Global | Instance) else "unknown", ()
    picked = [scalar(one) for one in found[:_MOST_COLUMNS]]
    if picked and all(type(one) is bool for one in picked):
        return "mask", tuple(at for at, one in enumerate(picked) if one)
    if picked and all(type(one) is str for one in picked):
        return "name", tuple(picked)
    return "position", tuple(one for one in picked if type(one) is int)
