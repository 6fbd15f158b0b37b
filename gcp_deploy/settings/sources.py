"""The sources of settings, the strongest first, and which of them won for each key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gcp_deploy.settings import values
from gcp_deploy.settings.faults import Fault, not_expected
from gcp_deploy.settings.file import SettingsFile
from gcp_deploy.settings.schema import Key

DEFAULT = "default"
_SCHEME_OPTIONAL = "STORAGE_EMULATOR_HOST"
"""Google's own clients take it as ``host:port``, spoken to without TLS."""


@dataclass(slots=True)
class Sources:
    """Everything that was said, and the faults found while listening."""

    flags: Mapping[str, object]
    environ: Mapping[str, str]
    file: SettingsFile
    faults: list[Fault] = field(default_factory=list)
    won: dict[str, str] = field(default_factory=dict)
    google: bool = True
    """Whether Google's variables count: they are about the cloud, not the embedded platform."""

    def take(self, key: Key, said: Mapping[str, Any], default: Any, path: str = "") -> Any:
        """Return the value that wins for *key*, or note a fault and return *default*.

        *said* is the valid table of the file, in which the key is found as *path*.
        """
        name = path or key.name
        self.won[name], raw, read = self._strongest(key, name, said)
        if self.won[name] == DEFAULT:
            return default
        try:
            return read(key, raw)
        except ValueError as error:
            self.fault(name, not_expected(raw, str(error)))
            return default

    def fault(self, name: str, told: str) -> None:
        """Note a fault of the key *name*, at the source that won for it."""
        source = self.won[name]
        if source == DEFAULT:
            source = name
        self.faults.append(Fault(source, name if source == self.file.name else "", told))

    def _strongest(
        self, key: Key, name: str, said: Mapping[str, Any]
    ) -> tuple[str, Any, Callable[[Key, Any], Any]]:
        """Return the strongest source, what it says, and how that is read."""
        if self.flags.get(name) is not None:
            return key.flag_name, self.flags[name], values.from_flag
        for variable in key.own_variables:
            if text := self.environ.get(variable):
                if variable == _SCHEME_OPTIONAL and "://" not in text:
                    text = f"http://{text}"
                return variable, text, values.from_text
        if name in said:
            return self.file.name, said[name], lambda _, value: value
        for variable in key.google if self.google else ():
            if text := self.environ.get(variable):
                return variable, text, values.from_text
        return DEFAULT, None, values.from_text
