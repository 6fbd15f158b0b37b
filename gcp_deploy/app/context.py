"""What every use case is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from gcp_deploy.domain.names import Layout
from gcp_deploy.domain.release import Recipe
from gcp_deploy.ports import (
    ArtifactStore,
    Clock,
    ModelRegistry,
    Operations,
    Predictor,
    Reporter,
    Revisions,
    Sandbox,
    Traffic,
)


@dataclass(frozen=True, slots=True)
class Context:
    """The ports of one target, and who is asking."""

    platform: str
    """``aiplatform`` or ``ml-engine``: the protocol spoken."""
    place: str
    """Platform, project and region, in words: a release log is about one place."""
    prefix: str
    """The folder of the bucket under which everything lies."""
    store: ArtifactStore
    registry: ModelRegistry
    traffic: Traffic
    predictor: Predictor
    operations: Operations
    sandbox: Sandbox
    revisions: Revisions
    clock: Clock
    reporter: Reporter
    actor: str
    """Who decides: an account or user, and the build that runs it."""
    owner: str
    """Which process holds a lease: the same words after a restart mean the same run."""
    run: str
    """A fresh id for this run."""
    recipe: Recipe
    """How the settings want versions served; a version's runtime is its own."""
    is_dead: Callable[[str], bool]
    """Tells whether the process that an owner names is known to be gone."""
    lease_time: timedelta = timedelta(minutes=5)

    def layout(self, model: str) -> Layout:
        """Return where the things of *model* lie in the bucket."""
        return Layout(self.prefix, model)
