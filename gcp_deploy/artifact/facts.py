"""What the model is, read off the symbolic root: the estimator tree, its task, its classes."""

from collections.abc import Iterator
from typing import NamedTuple

from gcp_deploy.artifact.decode import constant, items, number, scalar
from gcp_deploy.artifact.report import Constant, Estimator, Task
from gcp_deploy.artifact.tasks import methods_of, task_of
from gcp_deploy.artifact.values import Global, Instance, Value

_DEEPEST = 12
_MOST_STEPS = 200
_MOST_CLASSES = 1000
_LONGEST_PARAM = 200
_NAMED_STEPS = ("steps", "transformers_", "transformers", "transformer_list")
_WRAPPED = (
    "best_estimator_",
    "estimator_",
    "regressor_",
    "estimator",
    "regressor",
    "transformer_",
)
_NOTHING_TO_LEARN = frozenset(
    ["FeatureHasher", "FunctionTransformer", "HashingVectorizer", "PatchExtractor"]
)


class Step(NamedTuple):
    """A part of an estimator: its name and what stands there."""

    name: str
    value: Value


def class_of(value: Value) -> Global | None:
    """Return the class of *value*, when it is an object with one."""
    if isinstance(value, Instance) and not value.called and isinstance(value.maker, Global):
        return value.maker
    return None


def tree(value: Value, name: str = "model", depth: int = 0) -> Estimator | None:
    """Return the estimator tree under *value*, or None when it is no object."""
    kind = class_of(value)
    if kind is None:
        return None
    steps: list[Estimator] = []
    for step in children(value) if depth < _DEEPEST else ():
        if isinstance(step.value, str):
            steps.append(Estimator(step.name, step.value[:_LONGEST_PARAM], "", {}, (), None))
        elif (child := tree(step.value, step.name, depth + 1)) is not None:
            steps.append(child)
    return Estimator(
        name, kind.name, kind.module, params(value), tuple(steps), _fitted(value, steps)
    )


def children(value: Instance) -> Iterator[Step]:
    """Yield the parts of an estimator that are estimators: steps by name, or what it wraps."""
    held = value.attributes
    for attribute in _NAMED_STEPS:
        named = held.get(attribute)
        if isinstance(named, list) and named:
            yield from _named(named)
            return
    if isinstance(held.get("estimators"), list):
        fitted = held.get("estimators_")
        for number_, step in enumerate(_named(held["estimators"])):
            if isinstance(fitted, list) and len(fitted) == len(held["estimators"]):
                yield Step(step.name, fitted[number_])
            else:
                yield step
        return
    for attribute in _WRAPPED:
        if class_of(held.get(attribute)) is not None:
            yield Step(attribute.rstrip("_"), held[attribute])
            return


def _named(entries: list[Value]) -> Iterator[Step]:
    for entry in entries[:_MOST_STEPS]:
        if isinstance(entry, tuple) and len(entry) >= 2 and isinstance(entry[0], str):
            yield Step(entry[0][:_LONGEST_PARAM], entry[1])


def params(value: Instance) -> dict[str, Constant]:
    """Return the parameters of an estimator that are constants."""
    found = {}
    for name, given in value.attributes.items():
        plain = scalar(given)
        if name.endswith("_") or name.startswith("_") or not constant(plain):
            continue
        found[name] = plain[:_LONGEST_PARAM] if isinstance(plain, str) else plain
    return found


def final(value: Value, depth: int = 0) -> Value:
    """Return what decides about the task: the last step of pipelines, the best of searches."""
    kind = class_of(value)
    if kind is None or depth > _DEEPEST:
        return value
    if kind.name == "Pipeline":
        steps = [step.value for step in children(value) if class_of(step.value) is not None]
        return final(steps[-1], depth + 1) if steps else value
    if kind.name.endswith("SearchCV") or kind.name == "FrozenEstimator":
        wrapped = next(iter(children(value)), None)
        return final(wrapped.value, depth + 1) if wrapped else value
    return value


def task(root: Value) -> Task:
    """Return what the model is for."""
    kind = class_of(last := final(root))
    if kind is None:
        return Task.UNKNOWN
    return task_of(kind.module, kind.name, has_classes="classes_" in last.attributes)


def methods(root: Value) -> tuple[str, ...]:
    """Return the prediction methods of the model."""
    kind = class_of(last := final(root))
    return () if kind is None else methods_of(task(root), kind.name, dict(params(last)))


def classes(root: Value) -> tuple[str | int, ...]:
    """Return the labels of a classifier, when they are few and plain."""
    last = final(root)
    if class_of(last) is None:
        return ()
    labels = [scalar(label) for label in items(last.attributes.get("classes_")) or ()]
    if len(labels) > _MOST_CLASSES or not all(isinstance(one, str | int) for one in labels):
        return ()
    return tuple(labels)


def _fitted(value: Instance, steps: list[Estimator]) -> bool | None:
    kind = class_of(value)
    assert kind is not None
    if any(name.endswith("_") and not name.endswith("__") for name in value.attributes):
        return True
    if kind.name in {"FeatureUnion", "FrozenEstimator", "Pipeline"}:
        known = [step.fitted for step in steps if step.fitted is not None]
        return all(known) if known else None
    return None if kind.name in _NOTHING_TO_LEARN else False


def features(value: Value) -> int | None:
    """Return ``n_features_in_`` of this very estimator."""
    return number(value.attributes.get("n_features_in_")) if isinstance(value, Instance) else None
