"""Validation of a whole settings file: all its faults, not the first one."""

from collections.abc import Mapping, Sequence
from typing import Any

from gcp_deploy.settings import checks, values
from gcp_deploy.settings.faults import Fault, not_expected, unknown_key
from gcp_deploy.settings.file import SettingsFile
from gcp_deploy.settings.schema import ENDPOINTS, TARGET, TOP, Key

Table = dict[str, Any]


def validate(file: SettingsFile) -> tuple[Table, dict[str, Table], list[Fault]]:
    """Return the valid part of *file* and its faults.

    The first is the top-level keys, the second the targets by name; in a target, overrides of
    endpoints are found as ``endpoints.NAME``.
    """
    faults: list[Fault] = []
    content = dict(file.content)
    targets = content.pop("targets", {})
    top = _section(file.name, "", content, TOP, faults, tables=("targets",))
    found: dict[str, Table] = {}
    if not isinstance(targets, dict):
        faults.append(Fault(file.name, "targets", not_expected(targets, "tables [targets.NAME]")))
        return top, found, faults
    for name, table in targets.items():
        path = f"targets.{name}"
        try:
            checks.target(name)
        except ValueError as error:
            faults.append(Fault(file.name, path, not_expected(name, str(error))))
        if isinstance(table, dict):
            found[name] = _target(file.name, path, table, faults)
        else:
            faults.append(Fault(file.name, path, not_expected(table, "a table [targets.NAME]")))
    return top, found, faults


def _target(source: str, path: str, table: Mapping[str, Any], faults: list[Fault]) -> Table:
    rest = dict(table)
    endpoints = rest.pop("endpoints", {})
    found = _section(source, path, rest, TARGET, faults, tables=("endpoints",))
    if not isinstance(endpoints, dict):
        expected = "a table with storage, aiplatform, ml"
        faults.append(Fault(source, f"{path}.endpoints", not_expected(endpoints, expected)))
        return found
    urls = _section(source, f"{path}.endpoints", endpoints, ENDPOINTS, faults)
    return found | {f"endpoints.{name}": url for name, url in urls.items()}


def _section(
    source: str,
    path: str,
    table: Mapping[str, Any],
    keys: Sequence[Key],
    faults: list[Fault],
    *,
    tables: tuple[str, ...] = (),
) -> Table:
    """Check one table against *keys*; *tables* are the names of its sub-tables."""
    known = {key.name: key for key in keys}
    found: Table = {}
    for name, value in table.items():
        where = f"{path}.{name}" if path else name
        if name not in known:
            faults.append(Fault(source, where, unknown_key(name, (*known, *tables))))
            continue
        try:
            found[name] = values.checked(known[name], value)
        except ValueError as error:
            faults.append(Fault(source, where, not_expected(value, str(error))))
    return found
