"""The settings file: where it is found and what it says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gcp_deploy.errors import BadSettings
from gcp_deploy.settings.schema import SETTINGS_FILE

_PYPROJECT = "pyproject.toml"
_TABLE = "gcp-deploy"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file that was read; not validated yet."""

    path: Path | None = None
    """None when there is none."""
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.path.name if self.path else ""


def find(cwd: Path) -> SettingsFile:
    """Read the nearest settings file from *cwd* upwards to the root of the git repository.

    ``gcp-deploy.toml`` wins over ``[tool.gcp-deploy]`` of a pyproject.toml beside it. Outside a
    repository only *cwd* itself is looked at, so that nobody's file in ``/tmp`` is obeyed.
    """
    for directory in _upwards(cwd):
        own = directory / SETTINGS_FILE
        if own.is_file():
            return SettingsFile(own, _parse(own, _read(own)))
        shared = directory / _PYPROJECT
        if shared.is_file():
            data = _read(shared)
            table = _parse(shared, data).get("tool", {}) if _TABLE.encode() in data else {}
            if isinstance(table, dict) and _TABLE in table:
                return SettingsFile(shared, _table(shared, table[_TABLE]))
    return SettingsFile()


def _upwards(cwd: Path) -> Iterator[Path]:
    directories = (cwd, *cwd.parents)
    root = next((one for one in directories if (one / ".git").exists()), cwd)
    for directory in directories:
        yield directory
        if directory == root:
            return


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read: {error.strerror}") from error


def _parse(path: Path, data: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(data.decode())
    except ValueError as error:
        raise BadSettings(
            f"{path}: not TOML: {error}", hint="texts need quotes, tables look like [targets.prod]"
        ) from error


def _table(path: Path, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadSettings(f"{path}: [tool.{_TABLE}] is no table")
    return value
