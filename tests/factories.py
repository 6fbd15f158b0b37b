"""Values for tests: every test names only what it is about."""

import base64
import io
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import google_crc32c

from gcp_deploy.app.context import Context
from gcp_deploy.app.material import DeployRequest, GoldenFile
from gcp_deploy.artifact import Report, Task, Verdict
from gcp_deploy.domain.names import Digest
from gcp_deploy.domain.release import Capabilities, Recipe, Runtime, RuntimeKind
from tests.fakes import (
    AIPLATFORM,
    Effects,
    FakeClock,
    FakeRevisions,
    FakeSandbox,
    MemoryPlatform,
    MemoryStore,
    Quiet,
)

IMAGE = "us-central1-docker.pkg.dev/p/gcp-deploy/serving:sklearn-1.9.1"
RECIPE = Recipe(Runtime(RuntimeKind.SERVING_IMAGE, IMAGE), "n1-standard-2")


def make_report(data: bytes, **changes: Any) -> Report:
    crc = base64.b64encode(google_crc32c.Checksum(data).digest()).decode()
    words: dict[str, Any] = {
        "digest": Digest.of(data),
        "size": len(data),
        "crc32c": crc,
        "codec": "none",
        "protocol": 4,
        "unpacked_size": len(data),
        "verdict": Verdict.SAFE,
        "findings": (),
        "sklearn_versions": ("1.9.1",),
        "numpy_major": 2,
        "python": "",
        "modules": ("sklearn.linear_model",),
        "root": None,
        "task": Task.CLASSIFIER,
        "methods": ("predict",),
        "n_features": 2,
        "feature_names": (),
        "columns": (),
        "needs_column_names": False,
        "classes": (),
    }
    return Report(**(words | changes))


@dataclass
class World:
    """A platform, a bucket and a clock that outlive the runs of commands."""

    capabilities: Capabilities = AIPLATFORM
    clock: FakeClock = field(default_factory=FakeClock)
    effects: Effects = field(default_factory=Effects)
    revisions: FakeRevisions = field(default_factory=FakeRevisions)
    dead: set[str] = field(default_factory=set)
    runs: int = 0
    place: str = "aiplatform in my-project, us-central1"

    def __post_init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.store = MemoryStore(self.effects)
        self.sandbox = FakeSandbox(self.answers)
        self.platform = MemoryPlatform(
            self.capabilities, self.effects, self.clock, answers=self.answers
        )
        self.reporter = Quiet()

    def teach(self, data: bytes, answer: Any) -> bytes:
        """Let the artifact *data* answer every row with *answer*."""
        self.answers[str(Digest.of(data))] = lambda _row: answer
        return data

    def context(self, owner: str = "alice@laptop") -> Context:
        """Return the context of a new run."""
        self.runs += 1
        return Context(
            platform="aiplatform" if self.capabilities.endpoints else "ml-engine",
            place=self.place,
            prefix="gcp-deploy",
            store=self.store,
            registry=self.platform,
            traffic=self.platform,
            predictor=self.platform,
            operations=self.platform,
            sandbox=self.sandbox,
            revisions=self.revisions,
            clock=self.clock,
            reporter=self.reporter,
            actor=owner,
            owner=owner,
            run=f"run-{self.runs}",
            recipe=RECIPE,
            is_dead=self.dead.__contains__,
        )

    def request(self, data: bytes, **changes: Any) -> DeployRequest:
        """Return a request to deploy *data* as the model ``churn``."""
        words: dict[str, Any] = {
            "artifact": io.BytesIO(data),
            "report": make_report(data),
            "model": "churn",
            "recipe": RECIPE,
            "timeout": timedelta(minutes=30),
        }
        return DeployRequest(**(words | changes))


def golden_file(*rows: tuple[Any, Any]) -> GoldenFile:
    """Return a golden file of pairs of instance and prediction."""
    return GoldenFile(tuple(row for row, _ in rows), tuple(answer for _, answer in rows))
