"""One value: from what a file, a variable or a flag says to what is used."""

from collections.abc import Mapping
from typing import Any

from gcp_deploy.errors import BadName
from gcp_deploy.settings import checks
from gcp_deploy.settings.schema import Key, Kind

_BOOLEANS = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}


def from_text(key: Key, text: str) -> Any:
    """Read what a variable says; raise ValueError with what is expected.

    Lists are separated by commas, tables are written ``key=value,key=value``.
    """
    match key.kind:
        case Kind.INTEGER:
            return checked(key, int(text) if text.isdecimal() else text)
        case Kind.BOOLEAN:
            return checked(key, _BOOLEANS.get(text.lower(), text))
        case Kind.WORDS:
            return checked(key, _words(text))
        case Kind.TABLE:
            return checked(key, _pairs(_words(text)))
        case _:
            return checked(key, text)


def from_flag(key: Key, value: object) -> Any:
    """Read what a flag says: text as in a variable, or a value of the right type."""
    if isinstance(value, str):
        return from_text(key, value)
    if key.kind is Kind.TABLE and not isinstance(value, Mapping):
        return checked(key, _pairs([str(one) for one in _sequence(key, value)]))
    if key.kind is Kind.WORDS:
        return checked(key, list(_sequence(key, value)))
    return checked(key, value if key.kind is not Kind.TEXT else str(value))


def checked(key: Key, value: Any) -> Any:
    """Return *value* as it is used; raise ValueError with what is expected when it is wrong."""
    if not _is(key.kind, value):
        raise ValueError(key.type_name)
    if key.choices:
        if value not in key.choices:
            raise ValueError(key.type_name)
        return value
    try:
        if key.kind is Kind.WORDS:
            return tuple(key.check(one) for one in value)
        if key.kind is Kind.TABLE:
            for one in value.items():
                checks.label(*one)
            return dict(value)
        return key.check(value)
    except BadName as error:
        raise ValueError(error.hint or error.message) from error


def _is(kind: Kind, value: object) -> bool:
    match kind:
        case Kind.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.WORDS:
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case Kind.TABLE:
            return isinstance(value, Mapping) and all(
                isinstance(one, str) for pair in value.items() for one in pair
            )
        case _:
            return isinstance(value, str)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _pairs(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError("key=value")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _sequence(key: Key, value: object) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError(key.type_name)  # noqa: TRY004  (callers collect ValueError)
    return list(value)
