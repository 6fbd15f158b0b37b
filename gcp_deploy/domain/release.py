"""What is served and what is wanted, as values: recipes, versions, endpoints, observations."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gcp_deploy.domain.names import Digest

IDENTITY_LABEL = "gcp-deploy-identity"
MODEL_LABEL = "gcp-deploy-model"
GIT_LABEL = "gcp-deploy-git-sha"


class RuntimeKind(StrEnum):
    """Which program answers predictions."""

    SERVING_IMAGE = "serving-image"
    PREBUILT = "prebuilt"


@dataclass(frozen=True, slots=True)
class Runtime:
    """The program that serves a version.

    *image* is a container image on aiplatform; on ml-engine it is empty and *version* is the
    ``runtimeVersion`` (with *python*, its ``pythonVersion``).
    """

    kind: RuntimeKind
    image: str = ""
    version: str = ""
    python: str = ""

    def __str__(self) -> str:
        return self.image or f"runtime {self.version}, Python {self.python}"

    @property
    def names_columns(self) -> bool:
        """Whether rows reach the pipeline with named columns, or as the bare lists they are."""
        return self.kind is RuntimeKind.SERVING_IMAGE


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an artifact is to be served. Another recipe for the same bytes is another version."""

    runtime: Runtime
    machine_type: str
    min_replicas: int = 1
    max_replicas: int = 1
    service_account: str = ""

    def identity(self, digest: Digest) -> str:
        """Return the identity of the version that serves *digest* by this recipe, 40 hex digits."""
        words = {
            "digest": str(digest),
            "runtime": [
                self.runtime.kind,
                self.runtime.image,
                self.runtime.version,
                self.runtime.python,
            ],
            "machine": [self.machine_type, self.min_replicas, self.max_replicas],
            "service_account": self.service_account,
        }
        text = json.dumps(words, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:40]


class VersionState(StrEnum):
    """The life of a version on the platform."""

    CREATING = "CREATING"
    READY = "READY"
    FAILED = "FAILED"
    UPDATING = "UPDATING"
    DELETING = "DELETING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class VersionSpec:
    """A version to be registered."""

    model: str
    artifact_dir: str
    """``gs://`` directory, with a trailing slash."""
    digest: Digest
    recipe: Recipe
    labels: Mapping[str, str] = field(default_factory=dict)
    description: str = ""

    @property
    def identity(self) -> str:
        """See :meth:`Recipe.identity`."""
        return self.recipe.identity(self.digest)


@dataclass(frozen=True, slots=True)
class Version:
    """A version as the registry shows it."""

    model: str
    version: str
    state: VersionState
    default: bool
    """What the registry says: alias ``default``, or ``isDefault``."""
    created: datetime
    artifact_dir: str
    runtime: Runtime
    identity: str = ""
    """Empty when somebody else's tool made the version."""
    digest: Digest | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class DeployedModel:
    """A version attached to an endpoint."""

    id: str
    version: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address applications call, as just read. On ml-engine it is the model itself."""

    name: str
    """The full resource name."""
    deployed: tuple[DeployedModel, ...] = ()
    split: Mapping[str, int] = field(default_factory=dict)
    etag: str = ""
    host: str = ""
    """The dedicated host, with scheme; empty on a shared endpoint."""

    def of_version(self, version: str) -> DeployedModel | None:
        """Return the deployed model of *version*, the busiest if there are several."""
        found = [one for one in self.deployed if one.version == version]
        return max(found, key=lambda one: self.split.get(one.id, 0), default=None)

    def share(self, version: str) -> int:
        """Return the percent of traffic that *version* gets."""
        return sum(self.split.get(one.id, 0) for one in self.deployed if one.version == version)

    @property
    def sole_version(self) -> str:
        """The version that gets all the traffic, or ``""``."""
        return next((one.version for one in self.deployed if self.share(one.version) == 100), "")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """In what the platforms differ, as far as a plan must know."""

    endpoints: bool
    """Versions are deployed to an endpoint; else a registered version already serves."""
    splits: bool
    """Traffic can be shared between versions."""
    first_is_default: bool
    """The service itself makes the first version of a model its default."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The state of a model, just read."""

    versions: tuple[Version, ...] = ()
    endpoint: Endpoint | None = None
    artifact_stored: bool = False
    golden_stored: bool = False

    def find(self, version: str) -> Version | None:
        """Return the version of that name."""
        return next((one for one in self.versions if one.version == version), None)

    def by_identity(self, identity: str) -> Version | None:
        """Return the newest version of that identity, rather one that did not fail."""
        found = [one for one in self.versions if one.identity == identity]
        alive = [one for one in found if one.state is not VersionState.FAILED]
        return max(alive or found, key=lambda one: one.created, default=None)

    @property
    def registry_default(self) -> str:
        """The version that the registry calls the default, or ``""``."""
        return next((one.version for one in self.versions if one.default), "")

    @property
    def serving(self) -> str:
        """The version that gets all the traffic, or ``""``."""
        return self.endpoint.sole_version if self.endpoint else ""

    @property
    def default(self) -> str:
        """The default version: registry and traffic agree on it; else ``""``."""
        return self.serving if self.serving == self.registry_default else ""
