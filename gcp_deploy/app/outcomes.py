"""What use cases return: plain values, which ``cli`` shows as a table or as JSON."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gcp_deploy.domain.events import Event, Lease
from gcp_deploy.domain.names import Digest
from gcp_deploy.domain.release import Version
from gcp_deploy.domain.steps import Step


class Result(StrEnum):
    """How a changing command ended."""

    CREATED = "created"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"
    RETIRED = "retired"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Plan:
    """What ``deploy`` would do, or has to do."""

    model: str
    version: str
    """The version these bytes and this recipe already have; empty when it is to be registered."""
    digest: Digest
    identity: str
    runtime: str
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployed:
    """What ``deploy`` did."""

    model: str
    version: str
    digest: Digest
    result: Result
    default: bool
    endpoint: str
    steps: tuple[Step, ...]
    operation: str = ""
    """The operation still running, with ``--no-wait``."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What ``promote`` or ``rollback`` did."""

    model: str
    version: str
    previous: str
    result: Result
    endpoint: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Retired:
    """What ``retire`` did."""

    model: str
    versions: tuple[str, ...]
    result: Result
    deleted: bool
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version with what the endpoint and the release log know of it."""

    version: Version
    traffic: int
    deployed_model: str
    default: bool
    verified: bool


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions of a model, oldest first."""

    model: str
    rows: tuple[VersionRow, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """What is served, what the release log says, and where the two differ."""

    model: str
    platform: str
    endpoint: str
    default: str
    previous: str
    rows: tuple[VersionRow, ...]
    lease: Lease | None
    operation: str
    differences: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The release log, oldest first; its chain of hashes held."""

    model: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """Who served at a time, since when, and by whose decision."""

    model: str
    time: datetime
    version: str
    """Empty before the first decision."""
    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""
    because: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Waited:
    """An operation that has ended well."""

    operation: str
    stage: str
    seconds: float
