"""The ports of both platforms, as fakes and as adapters on the embedded platform."""

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import joblib
import pytest
from sklearn.dummy import DummyClassifier

from gcp_deploy.adapters.clock import SystemClock
from gcp_deploy.adapters.connect import connect
from gcp_deploy.domain.names import Digest, Layout
from gcp_deploy.domain.operations import Operation
from gcp_deploy.domain.release import Recipe, Runtime, RuntimeKind, Version, VersionSpec
from gcp_deploy.emulator.platform import Platform
from gcp_deploy.ports import ArtifactStore, ModelRegistry, Operations, Predictor, Traffic
from tests.fakes import AIPLATFORM, ML_ENGINE, MemoryPlatform, MemoryStore

IMAGE = Runtime(RuntimeKind.SERVING_IMAGE, "us-central1-docker.pkg.dev/p/gcp-deploy/serving:1")
LEGACY = Runtime(RuntimeKind.PREBUILT, "", "2.11", "3.7")


def artifact(answer: str) -> bytes:
    """Return a real artifact that answers every row with *answer*."""
    model = DummyClassifier(strategy="constant", constant=answer).fit([[0], [1]], [answer, "z"])
    file = io.BytesIO()
    joblib.dump(model, file)
    return file.getvalue()


@dataclass
class Ports:
    """Everything a contract is about."""

    store: ArtifactStore
    registry: ModelRegistry
    traffic: Traffic
    predictor: Predictor
    operations: Operations
    recipe: Recipe
    answers: dict[str, Any] = field(default_factory=dict)

    def finish(self, name: str) -> Operation:
        """Wait until operation *name* is done, and return it; it must have ended well."""
        clock = SystemClock()
        for _ in range(600):
            operation = self.operations.get(name)
            if operation.done:
                assert not operation.error, operation.error
                return operation
            clock.sleep(0.02)
        raise AssertionError(f"{name} never ended")

    def spec(self, answer: str, model: str = "churn") -> VersionSpec:
        """Store an artifact that gives *answer*, and return the version that serves it."""
        data = artifact(answer)
        digest = Digest.of(data)
        self.answers[str(digest)] = lambda _row: answer
        layout = Layout("gcp-deploy", model)
        self.store.create(layout.artifact(digest), data)
        where = str(self.store.uri(layout.artifact_dir(digest)))
        return VersionSpec(model, where, digest, self.recipe, {"team": "growth"}, "why")

    def register(self, answer: str, model: str = "churn") -> Version:
        """Register a version that gives *answer*."""
        spec = self.spec(answer, model)
        new = not self.registry.versions(model)
        if operation := self.registry.register(spec, new_model=new):
            self.finish(operation)
        return self.registry.versions(model)[-1]

    def deploy(self, version: Version) -> None:
        """Attach *version* at 0 %, where versions are attached."""
        if not self.registry.capabilities.endpoints:
            return
        if self.traffic.read(version.model) is None and (
            made := self.traffic.create(version.model)
        ):
            self.finish(made)
        endpoint = self.traffic.read(version.model)
        assert endpoint
        if operation := self.traffic.deploy(endpoint, version, self.recipe):
            self.finish(operation)

    def serve(self, version: Version) -> None:
        """Give *version* all the traffic."""
        endpoint = self.traffic.read(version.model)
        assert endpoint
        deployed = endpoint.of_version(version.version)
        assert deployed
        self.traffic.write_split(endpoint, {deployed.id: 100})


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One embedded platform; every test has a bucket and a region or project of its own."""
    with Platform.open(tmp_path_factory.mktemp("state")) as platform:
        platform.start()
        yield platform


_REGIONS = iter(f"europe-west{number}" for number in range(1, 1000))


def on_emulator(platform: Platform, protocol: Any, runtime: Runtime) -> Ports:
    url = platform.urls["storage"]
    region = next(_REGIONS)
    ports = connect(
        protocol,
        project=platform.project,
        region=region,
        bucket=platform.bucket,
        storage_url=url,
        aiplatform_url=url,
        ml_url=url,
        deadline=timedelta(seconds=30),
        clock=SystemClock(),
        random=random.Random(1).random,
    )
    return Ports(
        ports.store,
        ports.registry,
        ports.traffic,
        ports.predictor,
        ports.operations,
        Recipe(runtime, "n1-standard-2"),
    )


def in_memory(capabilities: Any, runtime: Runtime) -> Ports:
    answers: dict[str, Any] = {}
    platform = MemoryPlatform(capabilities, answers=answers)
    return Ports(
        MemoryStore(),
        platform,
        platform,
        platform,
        platform,
        Recipe(runtime, "n1-standard-2"),
        answers,
    )


@pytest.fixture(params=["memory-aiplatform", "memory-ml", "aiplatform", "ml-engine"])
def ports(request: pytest.FixtureRequest, embedded: Platform) -> Ports:
    """Each platform, faked and real."""
    match request.param:
        case "memory-aiplatform":
            return in_memory(AIPLATFORM, IMAGE)
        case "memory-ml":
            return in_memory(ML_ENGINE, LEGACY)
        case "aiplatform":
            return on_emulator(embedded, "aiplatform", IMAGE)
        case _:
            return on_emulator(embedded, "ml-engine", LEGACY)


@pytest.fixture
def model(request: pytest.FixtureRequest) -> str:
    """A model name of this test alone: the legacy service knows no regions on one host."""
    words = str(request.node.name).partition("[")[0].removeprefix("test_")
    return words[:50].rstrip("_") + "_m"


@pytest.fixture(params=["memory", "gcs"])
def store(request: pytest.FixtureRequest, embedded: Platform) -> ArtifactStore:
    """A bucket, faked and real."""
    return (
        MemoryStore()
        if request.param == "memory"
        else on_emulator(embedded, "aiplatform", IMAGE).store
    )
