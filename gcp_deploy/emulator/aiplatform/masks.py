"""Update masks and read masks: comma-separated field names, snake_case or camelCase."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from gcp_deploy.emulator.problems import invalid


def camel(name: str) -> str:
    """Return a field name as it is written in JSON.

    >>> camel("traffic_split"), camel("trafficSplit")
    ('trafficSplit', 'trafficSplit')
    """
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def snake(name: str) -> str:
    """Return a field name as it is written in messages.

    >>> snake("trafficSplit")
    'traffic_split'
    """
    return re.sub(r"[A-Z]", lambda match: "_" + match[0].lower(), name)


def parse_update_mask(text: str, changeable: Collection[str]) -> tuple[str, ...]:
    """Return the fields to change, in camelCase; ``*`` means all that can be changed.

    Raises:
        Problem: 400 INVALID_ARGUMENT when there is no mask, or it names a field that cannot change.
    """
    fields = tuple(camel(part.strip()) for part in text.split(",") if part.strip())
    if not fields:
        raise invalid("Required field 'update_mask' is missing.")
    if fields == ("*",):
        return tuple(changeable)
    wrong = [field for field in fields if field not in changeable]
    if wrong:
        names = ", ".join(snake(field) for field in wrong)
        raise invalid(
            f"Field(s) [{names}] in update_mask cannot be updated. Fields that can: "
            f"{', '.join(sorted(snake(field) for field in changeable))}."
        )
    return fields


def apply_update(
    resource: Mapping[str, Any], patch: Mapping[str, Any], fields: Collection[str]
) -> dict[str, Any]:
    """Return *resource* with *fields* as *patch* has them; a field absent there is cleared."""
    kept = {key: value for key, value in resource.items() if key not in fields}
    return kept | {key: patch[key] for key in fields if patch.get(key) not in (None, "", {}, [])}


def apply_read_mask(resource: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return the fields that the read mask names, by their first part; all without a mask."""
    fields = {camel(part.strip().split(".")[0]) for part in text.split(",") if part.strip()}
    if not fields or "*" in fields:
        return dict(resource)
    return {key: value for key, value in resource.items() if key in fields}
