"""Filters and orders of the list calls.

Grammar: ``field = value`` and ``field != value``, ``labels.key = value``, ``labels.key:*``,
``labels:key``, joined by AND. Field names in snake_case or camelCase, keys with a space and values
may stand in double quotes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gcp_deploy.emulator.aiplatform.masks import camel, snake
from gcp_deploy.emulator.problems import invalid

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TERM = re.compile(
    rf"\s*(?P<field>[A-Za-z_]+)(?:\.(?P<key>{_QUOTED}|[^\s=!:\"]+))?\s*"
    rf"(?P<operator>!=|=|:)\s*(?P<value>{_QUOTED}|[^\s\"()]+)\s*"
)
_AND = re.compile(r"AND\b\s*")


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison of a filter."""

    field: str
    key: str | None
    operator: str
    value: str

    def holds(self, resource: Mapping[str, Any]) -> bool:
        """Tell whether *resource* passes; ``id`` stands for the last part of its name."""
        if self.field == "labels":
            labels: Mapping[str, str] = resource.get("labels", {})
            if self.key is None:
                return self.value in labels
            if self.operator == ":":
                return self.key in labels
            return labels.get(self.key) == self.value
        found = str(resource.get(self.field, ""))
        return (found == self.value) == (self.operator == "=")


def parse_filter(text: str, *, equal: Iterable[str], identity: str) -> tuple[Term, ...]:
    """Read a filter that may compare the fields *equal*, the id as *identity*, and labels.

    The term of the identity comes back with the field ``id``.

    Raises:
        Problem: 400 INVALID_ARGUMENT for another grammar, an unknown field or operator.
    """
    terms: list[Term] = []
    position = 0
    while text[position:].strip():
        match = _TERM.match(text, position)
        if match is None:
            raise _bad(text)
        terms.append(_term(match, text, equal, identity))
        position = match.end()
        if position < len(text):
            joint = _AND.match(text, position)
            if joint is None or not text[joint.end() :].strip():
                raise _bad(text)
            position = joint.end()
    return tuple(terms)


def _term(match: re.Match[str], text: str, equal: Iterable[str], identity: str) -> Term:
    field, operator = camel(match["field"]), match["operator"]
    key = None if match["key"] is None else _unquoted(match["key"])
    value = _unquoted(match["value"])
    if field == "labels":
        right = (
            (key is None and operator == ":")
            or (key is not None and operator == "=")
            or (key is not None and operator == ":" and value == "*")
        )
    else:
        right = key is None and operator in {"=", "!="} and field in {identity, *equal}
    if not right:
        raise _bad(text)
    return Term("id" if field == identity else field, key, operator, value)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _bad(text: str) -> Exception:
    return invalid(f"Invalid filter expression: '{text}'")


def parse_order(text: str, fields: Iterable[str]) -> tuple[tuple[str, bool], ...]:
    """Return pairs of a field in camelCase and whether it descends.

    Raises:
        Problem: 400 INVALID_ARGUMENT for a field that the list cannot be ordered by.
    """
    order: list[tuple[str, bool]] = []
    for part in (part.split() for part in text.split(",") if part.strip()):
        field, direction = camel(part[0]), " ".join(part[1:]).lower()
        if field not in fields or direction not in {"", "asc", "desc"}:
            raise invalid(
                f"Invalid order_by '{text}': it takes "
                f"{', '.join(snake(name) for name in fields)}, each with 'desc' or without."
            )
        order.append((field, direction == "desc"))
    return tuple(order)


def in_order(
    resources: Iterable[Mapping[str, Any]], order: Sequence[tuple[str, bool]]
) -> list[Mapping[str, Any]]:
    """Return *resources* by *order*, the first field weighing most."""
    result = list(resources)
    for field, descending in reversed(order):
        result.sort(key=lambda resource: str(resource.get(field, "")), reverse=descending)
    return result
