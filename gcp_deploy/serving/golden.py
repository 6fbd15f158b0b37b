"""Rows for golden answers, derived from a fitted model without any data; always the same ones."""

from typing import Any

from gcp_deploy.sandbox.failures import PredictionRejected
from gcp_deploy.serving import anatomy
from gcp_deploy.serving.description import Inputs
from gcp_deploy.serving.plausible import columns
from gcp_deploy.serving.traces import SPREAD, Column
from gcp_deploy.serving.words import texts, vocabulary


def derive(model: Any, takes: Inputs, rows: int, *, by_name: bool) -> list[Any]:
    """Return up to *rows* different plausible instances, or raise PredictionRejected.

    With *by_name* they are objects when the model knows the names of its columns, else lists.
    """
    if takes.text:
        found: list[Any] = _texts(model)
    elif takes.features is not None:
        values = columns(model, takes.features)
        found = [_row(values, row) for row in range(rows)]
        if by_name and takes.names is not None:
            found = [dict(zip(takes.names, row, strict=True)) for row in found]
    else:
        found = _objects(model, rows)
    different: list[Any] = []
    for row in found:
        if row not in different:
            different.append(row)
    if not different:
        raise PredictionRejected("no rows can be derived: the model does not say what it takes")
    return different[:rows]


def _row(values: list[Column], row: int) -> list[Any]:
    return [_value(column, row, place) for place, column in enumerate(values)]


def _value(column: Column, row: int, place: int) -> Any:
    # Row 0 has the first value of each column, which is the most usual one; later rows shift the
    # columns against each other, so that they do not all rise together.
    shift = row + (place % 3) * (row > 0)
    if column is None:
        return SPREAD[shift % len(SPREAD)]
    return column[shift % len(column)]


def _texts(model: Any) -> list[Any]:
    for part in anatomy.entries(model):
        (found,) = texts(part, 1)
        if found:
            return found
    return []


def _objects(model: Any, rows: int) -> list[Any]:
    """Return rows for a DictVectorizer: ``name=value`` for words, ``name`` for numbers."""
    for part in anatomy.entries(model):
        names = vocabulary(part)
        if names and anatomy.attribute(part, "separator") is not None:
            separator = str(part.separator)
            return [_object(names, separator, row) for row in range(rows)]
    return []


def _object(names: list[str], separator: str, row: int) -> dict[str, Any]:
    choices: dict[str, list[Any]] = {}
    for name in names:
        key, found, word = name.partition(separator)
        choices.setdefault(key, []).append(word if found else SPREAD[row % len(SPREAD)])
    return {key: words[row % len(words)] for key, words in choices.items()}
