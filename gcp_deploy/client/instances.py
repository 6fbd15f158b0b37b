"""Instances from text, as ``predict --instances FILE`` takes them."""

import re
from typing import Any

import orjson

from gcp_deploy.errors import BadInstances

_NOT_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<word>\b(?:NaN|Infinity)\b)')
_FORMS = '{"instances": [...]}, a JSON array, or one JSON value per line'


def instances_from_text(text: str) -> list[Any]:
    """Return the rows in *text*: ``{"instances": […]}``, a JSON array, or one value per line.

    A single line that is an array is the list of rows, and a single object without ``instances``
    is one row. BadInstances names the line and the reason.
    """
    if not text.strip():
        raise BadInstances("the instances are empty", hint=_FORMS)
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(lines) == 1 or not _is_json(lines[0][1]):
            raise BadInstances(
                f"the instances are not JSON: line {error.lineno}, column {error.colno}: "
                f"{error.msg}",
                hint=_hint(text),
            ) from error
        return [_value(number, line) for number, line in lines]
    if isinstance(content, dict) and "instances" in content:
        content = content["instances"]
        if not isinstance(content, list):
            raise BadInstances('the instances are no list: "instances" holds something else')
    elif not isinstance(content, list):
        content = [content]
    if not content:
        raise BadInstances("the instances are an empty list", hint=_FORMS)
    return content


def _is_json(line: str) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _hint(text: str) -> str:
    """Say what to write instead: Python and pandas write NaN, which JSON does not have."""
    words = (found["word"] for found in _NOT_JSON.finditer(text))
    word = next(filter(None, words), None)
    if word is None:
        return _FORMS
    return f"JSON has no {word}: write null for a value that is missing"


def _value(number: int, line: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadInstances(
            f"line {number} of the instances is not JSON: {error.msg}, column {error.colno}",
            hint=_hint(line),
        ) from error
