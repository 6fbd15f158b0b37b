"""Version aliases: names that point to one version of a model each; ``default`` always points.

Rules: "Use model aliases", ``Model.versionAliases``, ``MergeVersionAliasesRequest``.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from gcp_deploy.emulator.problems import failed_precondition, invalid

DEFAULT = "default"
_ALIAS = re.compile(r"[a-z][a-z0-9-]{0,126}[a-z0-9]")


def parse(value: object) -> tuple[str, ...]:
    """Read a list of aliases, some perhaps with the ``-`` that takes them away.

    Raises:
        Problem: 400 INVALID_ARGUMENT for another shape or an alias against the rules.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(f"Invalid value at 'version_aliases' (TYPE_STRING), {value!r}")
    for item in value:
        if not _ALIAS.fullmatch(item.removeprefix("-")):
            raise invalid(
                f"Version alias '{item}' is invalid: it must match [a-z][a-z0-9-]{{0,126}}[a-z0-9]."
            )
    return tuple(value)


def assign(
    aliases: Mapping[str, str], version: str, wanted: Sequence[str], *, first: bool
) -> dict[str, str]:
    """Return the aliases after *version* was uploaded with the *wanted* ones.

    An alias that another version holds moves. The first version of a model gets ``default``
    also when it was not asked for.
    """
    moved = {alias: version for alias in wanted if not alias.startswith("-")}
    return {**aliases, **({DEFAULT: version} if first else {}), **moved}


def merge(aliases: Mapping[str, str], version: str, wanted: Sequence[str]) -> dict[str, str]:
    """Return the aliases after a merge: ``x`` moves to *version*, ``-x`` leaves it.

    To ask for both cancels out; to take away what the version does not hold changes nothing.

    Raises:
        Problem: 400 FAILED_PRECONDITION when ``default`` would be left without a version.
    """
    adding = {alias for alias in wanted if not alias.startswith("-")}
    removing = {alias[1:] for alias in wanted if alias.startswith("-")}
    both = adding & removing
    merged = {**aliases, **dict.fromkeys(sorted(adding - both), version)}
    for alias in removing - both:
        if merged.get(alias) != version:
            continue
        if alias == DEFAULT:
            raise failed_precondition(
                "The alias 'default' cannot be removed: exactly one version of a model must hold "
                "it. Assign it to another version instead."
            )
        del merged[alias]
    return merged


def without(aliases: Mapping[str, str], version: str, remaining: Collection[str]) -> dict[str, str]:
    """Return the aliases without *version*: ``default`` goes to the newest of the *remaining*."""
    kept = {alias: held for alias, held in aliases.items() if held != version}
    if DEFAULT not in kept and remaining:
        kept[DEFAULT] = max(remaining, key=int)
    return kept


def of(aliases: Mapping[str, str], version: str) -> list[str]:
    """Return the aliases that *version* holds, ``default`` first."""
    held = (alias for alias, holder in aliases.items() if holder == version)
    return sorted(held, key=lambda alias: (alias != DEFAULT, alias))
