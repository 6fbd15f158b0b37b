"""The four preconditions, on every method that takes them.

A condition that fails is 412, except that a read whose object did *not* change
(``...NotMatch``) is 304 without a body.
"""

from collections.abc import Mapping
from typing import Protocol

from gcp_deploy.emulator.messages import Query
from gcp_deploy.emulator.problems import Code, Problem, invalid

_NAMES = (
    "ifGenerationMatch",
    "ifGenerationNotMatch",
    "ifMetagenerationMatch",
    "ifMetagenerationNotMatch",
)


class Versioned(Protocol):
    """What has generations: an object, or for metagenerations a bucket."""

    @property
    def generation(self) -> int:
        """The generation of the content."""
        ...

    @property
    def metageneration(self) -> int:
        """The generation of the metadata."""
        ...


def collect(query: Query, *, source: bool = False) -> dict[str, int]:
    """Return the conditions of *query*; with *source*, those on the source of a copy."""
    conditions = {}
    for name in _NAMES:
        asked = f"ifSource{name.removeprefix('if')}" if source else name
        if asked in query:
            conditions[name] = integer(query.get(asked), asked)
    return conditions


def check(conditions: Mapping[str, int], found: Versioned | None, *, reading: bool = False) -> None:
    """Raise Problem 412 (or 304 when *reading*) unless *conditions* hold for *found*.

    A missing object has generation 0, and no metageneration at all.
    """
    generation = 0 if found is None else found.generation
    metageneration = None if found is None else found.metageneration
    for name, wanted in conditions.items():
        actual = metageneration if "Meta" in name else generation
        if "Not" in name:
            if actual == wanted:
                raise Problem(
                    Code.FAILED_PRECONDITION,
                    "Not Modified" if reading else _MESSAGE,
                    http_status=304 if reading else 412,
                    reason="conditionNotMet",
                    location="If-None-Match",
                )
        elif actual != wanted:
            raise failed()


_MESSAGE = "At least one of the pre-conditions you specified did not hold."


def failed() -> Problem:
    """Return the 412 of a precondition."""
    return Problem(
        Code.FAILED_PRECONDITION,
        _MESSAGE,
        http_status=412,
        reason="conditionNotMet",
        location="If-Match",
    )


def integer(text: str, name: str) -> int:
    """Return a 64-bit integer parameter; Problem 400 otherwise."""
    if text.isascii() and text.isdecimal() and len(text) <= 19:
        return int(text)
    raise invalid(f"Invalid value for {name}: '{text[:40]}'")


def generation(query: Query, name: str = "generation") -> int | None:
    """Return the generation a request names, or None."""
    return integer(query.get(name), name) if query.get(name) else None
