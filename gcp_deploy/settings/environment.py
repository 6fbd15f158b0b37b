"""The one place that reads the environment of the process."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from gcp_deploy.settings.load import NEEDED, load
from gcp_deploy.settings.model import Settings
from gcp_deploy.settings.owner import Owner, owner_of


def load_here(
    flags: Mapping[str, object] | None = None, *, require: Collection[str] = NEEDED
) -> Settings:
    """Return the settings of this process: its environment and its current directory."""
    environ = os.environ  # noqa: TID251  (the edge itself)
    return load(flags=flags or {}, environ=environ, cwd=Path.cwd(), require=require)


def this_owner() -> Owner:
    """Describe this process, for the release log and its leases."""
    return owner_of(os.environ, os.getpid())  # noqa: TID251  (the edge itself)
