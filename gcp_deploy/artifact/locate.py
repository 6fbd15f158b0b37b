"""Where a value stands in the object tree, written as one would reach it."""

from collections import deque
from collections.abc import Iterator, Sequence

from gcp_deploy.artifact.values import Array, Dict, Global, Instance, Set, Value

_MOST_VISITED = 2_000_000
_LONGEST = 300


def locate(root: Value, wanted: Sequence[Value]) -> list[str]:
    """Return a place for each of *wanted*: a path from *root*, or a byte of the unpacked file."""
    missing = {id(value) for value in wanted if isinstance(value, Global | Instance)}
    places: dict[int, str] = {}
    # (value, index of the parent in the trail, last step): paths are only written when wanted.
    trail: list[tuple[int, str]] = [(-1, "model")]
    seen = {id(root)}
    queue = deque([(root, 0)])
    while queue and missing and len(trail) < _MOST_VISITED:
        value, index = queue.popleft()
        if id(value) in missing:
            missing.discard(id(value))
            places[id(value)] = _path(trail, index)
        for step, child in parts(value):
            if id(child) not in seen and not isinstance(child, str | int | float | bytes | None):
                seen.add(id(child))
                trail.append((index, step))
                queue.append((child, len(trail) - 1))
    return [places.get(id(value), _offset(value)) for value in wanted]


def parts(value: Value) -> Iterator[tuple[str, Value]]:
    """Yield what *value* directly holds, with the step that leads there."""
    match value:
        case Instance():
            yield from _parts_of_instance(value)
        case Array():
            yield "[...]", value.content
        case list() | tuple():
            for number, child in enumerate(value):
                yield f"[{number}]", child
        case Set():
            for child in value.items:
                yield "{...}", child
        case Dict():
            for key, child in value.pairs:
                shown = repr(key)[:40] if isinstance(key, str | int) else "..."
                yield f"[{shown}]", child
                yield ".keys", key


def _parts_of_instance(value: Instance) -> Iterator[tuple[str, Value]]:
    for name, child in value.attributes.items():
        yield f".{name}", child
    if not isinstance(value.state, Dict):
        yield ".state", value.state
    yield ".args", value.args
    yield ".class", value.maker
    yield from parts(value.items)
    yield from parts(Dict(value.pairs))


def _path(trail: Sequence[tuple[int, str]], index: int) -> str:
    steps = []
    while index >= 0:
        index, step = trail[index]
        steps.append(step)
    path = "".join(reversed(steps))
    return path if len(path) <= _LONGEST else f"...{path[-_LONGEST:]}"


def _offset(value: Value) -> str:
    if isinstance(value, Global | Instance) and value.offset:
        return f"unpacked byte {value.offset}"
    return ""
