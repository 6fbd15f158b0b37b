"""The ports: what the use cases need from the world, as small protocols.

Adapters, the fakes of the tests, and the embedded platform behind the adapters pass one contract
suite per port (``tests/contract``). All ports raise only the errors of :mod:`gcp_deploy.errors`.

A call that starts something long returns the name of its operation, so that it can be recorded
before it is waited for; an empty name means that the service did it at once.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Protocol

from gcp_deploy.domain.golden import GoldenRows
from gcp_deploy.domain.names import GsUri
from gcp_deploy.domain.operations import Operation
from gcp_deploy.domain.release import Capabilities, Endpoint, Recipe, Version, VersionSpec


class Clock(Protocol):
    """Time, as an argument."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Progress(Protocol):
    """A long work on one line."""

    def update(self, done: int, total: int) -> None:
        """So many bytes of so many are done."""
        ...

    def stage(self, text: str) -> None:
        """The work is now at this stage."""
        ...


class Reporter(Protocol):
    """What the user sees while a command works; it goes to stderr."""

    def step(self, verb: str, text: str) -> None:
        """A step of the plan begins."""
        ...

    def note(self, text: str) -> None:
        """Say something worth knowing."""
        ...

    def warn(self, text: str) -> None:
        """Say something that may go wrong later."""
        ...

    def progress(self, text: str) -> AbstractContextManager[Progress]:
        """Show a long work while the context lasts."""
        ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of the bucket."""

    uri: GsUri
    size: int
    crc32c: str
    """Base64 of the big-endian CRC-32C, as Cloud Storage writes it."""
    generation: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class ArtifactStore(Protocol):
    """The bucket. Everything in it is created once and never overwritten."""

    def uri(self, name: str) -> GsUri:
        """Return the address of *name* in the bucket."""
        ...

    def stat(self, name: str) -> StoredObject | None:
        """Return the object, or None. NotFound means that the bucket itself is missing."""
        ...

    def read(self, name: str) -> bytes:
        """Return the content, checked against the stored crc32c; NotFound when there is none."""
        ...

    def names(self, prefix: str) -> tuple[str, ...]:
        """Return the names under *prefix*, sorted."""
        ...

    def folders(self, prefix: str) -> tuple[str, ...]:
        """Return the names of the folders directly under *prefix*, without it, sorted."""
        ...

    def create(
        self,
        name: str,
        content: bytes | BinaryIO,
        *,
        metadata: Mapping[str, str] | None = None,
        content_type: str = "application/octet-stream",
        progress: Callable[[int, int], None] | None = None,
    ) -> StoredObject:
        """Create the object, create-only (``ifGenerationMatch=0``), and check what was stored.

        The same content already there is success, also after a lost answer; other content
        raises Conflict. A file is read from its current position, in chunks.
        """
        ...


class ModelRegistry(Protocol):
    """Models and their versions."""

    capabilities: Capabilities

    def models(self) -> tuple[str, ...]:
        """Return the ids of the models in the project and region, sorted."""
        ...

    def versions(self, model: str) -> tuple[Version, ...]:
        """Return the versions, oldest first; none when there is no such model."""
        ...

    def register(self, spec: VersionSpec, *, new_model: bool) -> str:
        """Start to create the version, and the model when *new_model*; return the operation.

        Never moves the default. Not safe to repeat: after a TemporaryError with ``answered``
        false, look for the version's identity before anything is sent again.
        """
        ...

    def set_default(self, model: str, version: str) -> None:
        """Make *version* what the registry calls the default."""
        ...

    def delete(self, model: str, version: str) -> str:
        """Start to delete the version; return the operation."""
        ...


class Traffic(Protocol):
    """The endpoint of a model: what is attached to it and who gets how much."""

    def read(self, model: str) -> Endpoint | None:
        """Return the endpoint as it is now, or None."""
        ...

    def create(self, model: str) -> str:
        """Start to create the endpoint; return the operation. Already there is success."""
        ...

    def deploy(self, endpoint: Endpoint, version: Version, recipe: Recipe) -> str:
        """Start to attach *version* at 0 %; return the operation."""
        ...

    def write_split(self, endpoint: Endpoint, split: Mapping[str, int]) -> Endpoint:
        """Write the whole split; Conflict when the endpoint changed since it was read."""
        ...

    def undeploy(self, endpoint: Endpoint, deployed_model: str) -> str:
        """Start to detach a deployed model that has no traffic; return the operation."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """Predictions, and who gave them."""

    predictions: Sequence[Any]
    model: str = ""
    version: str = ""
    deployed_model: str = ""


class Predictor(Protocol):
    """Online predictions."""

    def predict(self, endpoint: Endpoint, model: str, instances: Sequence[Any]) -> Answer:
        """Ask the address applications ask: the split decides who answers."""
        ...

    def ask_version(
        self, endpoint: Endpoint, model: str, version: Version, instances: Sequence[Any]
    ) -> Answer:
        """Ask one version by its name, whatever its share; UsageError on aiplatform."""
        ...


class Operations(Protocol):
    """Long-running operations of either platform."""

    def get(self, name: str) -> Operation:
        """Return the operation as it is now."""
        ...

    def running(self, model: str) -> tuple[str, ...]:
        """Return the names of those under way on the model and its endpoint."""
        ...


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a limited child process saw when it loaded and asked the artifact."""

    golden: GoldenRows
    load_seconds: float
    resident_bytes: int
    warnings: tuple[str, ...] = ()


class Sandbox(Protocol):
    """Runs model code, never in this process: a child with limits and without credentials."""

    def dry_run(
        self,
        artifact: BinaryIO,
        *,
        instances: Sequence[Any] | None,
        column_names: bool,
        timeout: timedelta,
    ) -> DryRun:
        """Load the artifact and answer *instances*, or rows derived from it when None.

        *column_names* says whether the runtime hands the pipeline named columns (our serving
        image) or bare lists (prebuilt images). ModelFailed when it does not load or answer.
        """
        ...


class Revisions(Protocol):
    """The git repository around the artifact, if there is one."""

    def head(self) -> str:
        """Return the commit that is checked out, or ``""`` outside a repository."""
        ...

    def is_ancestor(self, older: str, newer: str) -> bool | None:
        """Tell whether *older* is an ancestor of *newer*; None when one of them is unknown here."""
        ...
