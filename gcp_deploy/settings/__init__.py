"""Settings: from flags, variables and the settings file to one value per key.

This room alone reads the environment, and only in :mod:`gcp_deploy.settings.environment`.
"""

from gcp_deploy.settings.example import example, table
from gcp_deploy.settings.load import NEEDED, load
from gcp_deploy.settings.local import LocalPlatform, running_platform
from gcp_deploy.settings.model import Endpoints, Settings

__all__ = [
    "NEEDED",
    "Endpoints",
    "LocalPlatform",
    "Settings",
    "example",
    "load",
    "running_platform",
    "table",
]
