"""The settings as they hold for one command."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Overrides of Google's addresses, without a trailing slash; ``""`` means Google's own."""

    storage_url: str = ""
    aiplatform_url: str = ""
    ml_url: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What flags, variables, the settings file and the defaults say together."""

    target: str
    platform: str
    """``local``, ``aiplatform`` or ``ml-engine``."""
    protocol: str
    """``aiplatform`` or ``ml-engine``: the one that is spoken, on every platform."""
    project: str
    region: str
    bucket: str
    prefix: str
    state_dir: Path
    model: str = ""
    machine_type: str = "n1-standard-2"
    min_replicas: int = 1
    max_replicas: int = 1
    dedicated: bool = True
    runtime: str = "serving-image"
    """``serving-image`` or ``prebuilt``."""
    image: str = ""
    runtime_version: str = ""
    python_version: str = ""
    service_account: str = ""
    """As which a version runs."""
    impersonate: str = ""
    """The service account as which we act."""
    quota_project: str = ""
    output: str = "table"
    labels: Mapping[str, str] = field(default_factory=dict)
    trusted_modules: tuple[str, ...] = ()
    endpoints: Endpoints = Endpoints()
    settings_file: Path | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    """For each key what it was taken from: a flag, a variable, a file, or ``default``."""
