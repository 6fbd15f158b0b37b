"""One fake per port: plain classes that keep the port's promises, held to the contract suite.

Every write passes :meth:`Effects.around`, so that a test can let the process die before or after
any effect, or lose the answer of any.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

import google_crc32c

from gcp_deploy.domain.golden import GoldenRows
from gcp_deploy.domain.names import GsUri, digest_in_uri
from gcp_deploy.domain.operations import Operation
from gcp_deploy.domain.release import (
    IDENTITY_LABEL,
    Capabilities,
    DeployedModel,
    Endpoint,
    Recipe,
    Version,
    VersionSpec,
    VersionState,
)
from gcp_deploy.errors import BadInstances, Conflict, NotFound, TemporaryError, UsageError
from gcp_deploy.ports import Answer, DryRun, Progress, StoredObject

START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


class Died(BaseException):
    """The process was killed here."""


class FakeClock:
    """Time that moves only when somebody sleeps, or is told to."""

    def __init__(self) -> None:
        self.time = START
        self.slept: list[float] = []

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def monotonic(self) -> float:
        return (self.time - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class Quiet:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def step(self, verb: str, text: str) -> None:
        self.steps.append(f"{verb} {text}")

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    @contextmanager
    def progress(self, text: str) -> Iterator[Progress]:
        yield _NoProgress()


class _NoProgress:
    def update(self, done: int, total: int) -> None:
        assert 0 <= done <= total

    def stage(self, text: str) -> None:
        assert text


class Effects:
    """Counts writes, and lets one of them go wrong."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.die_before: int = -1
        self.die_after: int = -1
        self.lose_answer: int = -1
        self.ignore: set[str] = set()
        """Names of writes that are accepted and not done."""

    @contextmanager
    def around(self, name: str) -> Iterator[None]:
        number = len(self.made)
        if number == self.die_before:
            raise Died(name)
        yield
        self.made.append(name)
        if number == self.die_after:
            raise Died(name)
        if number == self.lose_answer:
            raise TemporaryError(f"no answer to {name}", answered=False)


@dataclass
class MemoryStore:
    """A bucket in memory."""

    effects: Effects = field(default_factory=Effects)
    bucket: str = "models"
    objects: dict[str, tuple[bytes, StoredObject]] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def uri(self, name: str) -> GsUri:
        return GsUri(self.bucket, name)

    def stat(self, name: str) -> StoredObject | None:
        found = self.objects.get(name)
        return found[1] if found else None

    def read(self, name: str) -> bytes:
        self.reads.append(name)
        if name not in self.objects:
            raise NotFound(f"{self.uri(name)} does not exist")
        return self.objects[name][0]

    def names(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(name for name in self.objects if name.startswith(prefix)))

    def folders(self, prefix: str) -> tuple[str, ...]:
        rest = [name.removeprefix(prefix) for name in self.names(prefix)]
        return tuple(sorted({name.split("/")[0] for name in rest if "/" in name}))

    def create(
        self,
        name: str,
        content: bytes | BinaryIO,
        *,
        metadata: Mapping[str, str] | None = None,
        content_type: str = "application/octet-stream",
        progress: Callable[[int, int], None] | None = None,
    ) -> StoredObject:
        data = content if isinstance(content, bytes) else content.read()
        if name in self.objects:
            if self.objects[name][0] != data:
                raise Conflict(f"{self.uri(name)} exists with other content")
            return self.objects[name][1]
        if progress:
            progress(len(data), len(data))
        crc = google_crc32c.Checksum(data).digest()
        stored = StoredObject(
            self.uri(name), len(data), _base64(crc), str(len(self.objects) + 1), metadata or {}
        )
        with self.effects.around(f"store {name}"):
            self.objects[name] = (data, stored)
        return stored


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()


AIPLATFORM = Capabilities(endpoints=True, splits=True, first_is_default=False)
ML_ENGINE = Capabilities(endpoints=False, splits=False, first_is_default=True)


@dataclass
class MemoryPlatform:
    """Registry, traffic, predictor and operations of either platform, in memory.

    *answers* gives the predictions of an artifact, known by its digest.
    """

    capabilities: Capabilities = AIPLATFORM
    effects: Effects = field(default_factory=Effects)
    clock: FakeClock = field(default_factory=FakeClock)
    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    """Digest of an artifact that cannot be served: the server's message."""
    dedicated: bool = True
    busy_polls: int = 0
    known: dict[str, list[Version]] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    started: dict[str, Operation] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)
    turn: int = 0

    # ModelRegistry

    def models(self) -> tuple[str, ...]:
        return tuple(sorted(self.known))

    def versions(self, model: str) -> tuple[Version, ...]:
        return tuple(self.known.get(model, ()))

    def register(self, spec: VersionSpec, *, new_model: bool) -> str:
        assert new_model == (not self.known.get(spec.model))
        there = self.known.setdefault(spec.model, [])
        number = str(len(there) + 1)
        name = number if self.capabilities.endpoints else f"v_{spec.identity[:12]}"
        broken = "" if self.capabilities.endpoints else self.broken.get(str(spec.digest), "")
        version = Version(
            model=spec.model,
            version=name,
            state=VersionState.FAILED if broken else VersionState.READY,
            default=not there and not broken,
            created=self.clock.now(),
            artifact_dir=spec.artifact_dir,
            runtime=spec.recipe.runtime,
            identity=spec.identity,
            digest=digest_in_uri(spec.artifact_dir),
            labels={**spec.labels, IDENTITY_LABEL: spec.identity},
            error=broken,
        )
        with self.effects.around(f"register {spec.model}@{name}"):
            there.append(version)
        return self._start(f"register-{spec.model}-{name}", broken)

    def set_default(self, model: str, version: str) -> None:
        with self.effects.around(f"default {model}@{version}"):
            if "default" not in self.effects.ignore:
                self.known[model] = [
                    replace(one, default=one.version == version) for one in self.known[model]
                ]

    def delete(self, model: str, version: str) -> str:
        with self.effects.around(f"delete {model}@{version}"):
            self.known[model] = [one for one in self.known[model] if one.version != version]
        return self._start(f"delete-{model}-{version}")

    # Traffic

    def read(self, model: str) -> Endpoint | None:
        if not self.capabilities.endpoints:
            return self._legacy(model)
        return self.endpoints.get(model)

    def create(self, model: str) -> str:
        with self.effects.around(f"endpoint {model}"):
            host = "http://127.0.0.1:1" if self.dedicated else ""
            self.endpoints.setdefault(
                model, Endpoint(f"projects/1/endpoints/{model}", etag="0", host=host)
            )
        return self._start(f"endpoint-{model}")

    def deploy(self, endpoint: Endpoint, version: Version, recipe: Recipe) -> str:
        assert recipe.machine_type
        model, broken = version.model, self.broken.get(str(version.digest), "")
        now = self.endpoints[model]
        key = str(1000 + int(version.version))
        deployed = DeployedModel(key, version.version, model)
        with self.effects.around(f"deploy {model}@{version.version}"):
            if not broken and now.of_version(version.version) is None:
                self.endpoints[model] = self._changed(now, deployed=(*now.deployed, deployed))
        return self._start(f"deploy-{model}-{version.version}", broken)

    def write_split(self, endpoint: Endpoint, split: Mapping[str, int]) -> Endpoint:
        if not self.capabilities.splits:
            if list(split.values()) != [100]:
                raise UsageError("ml-engine has no canary")
            model = endpoint.name.rsplit("/", 1)[-1]
            self.set_default(model, next(iter(split)))
            return self._legacy(model) or endpoint
        model = endpoint.name.rsplit("/", 1)[-1]
        now = self.endpoints[model]
        if now.etag != endpoint.etag:
            raise Conflict(f"{endpoint.name} changed since it was read")
        assert sum(split.values()) in {0, 100}
        assert set(split) <= {one.id for one in now.deployed}
        with self.effects.around(f"split {model} {dict(split)}"):
            if "split" not in self.effects.ignore:
                self.endpoints[model] = self._changed(now, split=dict(split))
        return self.endpoints[model]

    def undeploy(self, endpoint: Endpoint, deployed_model: str) -> str:
        model = endpoint.name.rsplit("/", 1)[-1]
        now = self.endpoints[model]
        assert not now.split.get(deployed_model)
        rest = tuple(one for one in now.deployed if one.id != deployed_model)
        with self.effects.around(f"undeploy {model} {deployed_model}"):
            self.endpoints[model] = self._changed(now, deployed=rest)
        return self._start(f"undeploy-{model}-{deployed_model}")

    # Predictor

    def predict(self, endpoint: Endpoint, model: str, instances: Sequence[Any]) -> Answer:
        now = self.read(model)
        if now is None or not any(now.split.values()):
            raise UsageError(f"the endpoint of {model} has no traffic")
        tickets = [one for one in now.deployed for _ in range(now.split.get(one.id, 0))]
        self.turn += 1
        return self._answer(tickets[self.turn % len(tickets)], model, instances)

    def ask_version(
        self, endpoint: Endpoint, model: str, version: Version, instances: Sequence[Any]
    ) -> Answer:
        if self.capabilities.endpoints:
            raise UsageError(f"{model}@{version.version} cannot be asked alone")
        now = self.read(model)
        deployed = now.of_version(version.version) if now else None
        if deployed is None:
            raise NotFound(f"{model}@{version.version} is not deployed")
        return self._answer(deployed, model, instances)

    # Operations

    def get(self, name: str) -> Operation:
        if name not in self.started:
            raise NotFound(f"there is no operation {name}")
        self.polls[name] = self.polls.get(name, 0) + 1
        if self.polls[name] <= self.busy_polls:
            return Operation(name, done=False, stage="STARTING_MODEL_SERVER")
        return self.started[name]

    def running(self, model: str) -> tuple[str, ...]:
        return tuple(
            name
            for name in self.started
            if f"-{model}" in name and self.polls.get(name, 0) < self.busy_polls
        )

    def _start(self, name: str, error: str = "") -> str:
        operation = f"operations/{name}-{len(self.started)}"
        self.started[operation] = Operation(
            operation, done=True, error=error, error_code=9 if error else 0
        )
        return operation

    def _answer(self, deployed: DeployedModel, model: str, instances: Sequence[Any]) -> Answer:
        version = next(one for one in self.known[model] if one.version == deployed.version)
        answer = self.answers.get(str(version.digest))
        if answer is None:
            raise BadInstances("Prediction failed")
        predictions = [answer(row) for row in instances]
        return Answer(predictions, model, version.version, deployed.id)

    def _changed(self, endpoint: Endpoint, **changes: Any) -> Endpoint:
        return replace(endpoint, etag=str(int(endpoint.etag) + 1), **changes)

    def _legacy(self, model: str) -> Endpoint | None:
        versions = self.known.get(model)
        if not versions:
            return None
        ready = [one for one in versions if one.state is VersionState.READY]
        return Endpoint(
            f"projects/p/models/{model}",
            tuple(DeployedModel(one.version, one.version, model) for one in ready),
            {one.version: 100 for one in ready if one.default},
        )


@dataclass
class FakeSandbox:
    """A child process that answers by the same functions as the platform."""

    answers: dict[str, Callable[[Any], Any]]
    runs: int = 0

    def dry_run(
        self,
        artifact: BinaryIO,
        *,
        instances: Sequence[Any] | None,
        column_names: bool,
        timeout: timedelta,
    ) -> DryRun:
        from gcp_deploy.domain.names import Digest

        self.runs += 1
        artifact.seek(0)
        answer = self.answers[str(Digest.of(artifact.read()))]
        rows = tuple(instances) if instances is not None else ([1.0, 2.0], [3.0, 4.0])
        golden = GoldenRows(
            rows, tuple(answer(row) for row in rows), "derived" if instances is None else "file"
        )
        return DryRun(golden, load_seconds=0.1, resident_bytes=1)


@dataclass
class FakeRevisions:
    """Commits in one line."""

    line: list[str] = field(default_factory=list)
    current: str = ""

    def head(self) -> str:
        return self.current

    def is_ancestor(self, older: str, newer: str) -> bool | None:
        if older not in self.line or newer not in self.line:
            return None
        return self.line.index(older) <= self.line.index(newer)


def artifact_file(data: bytes) -> BinaryIO:
    """Return an open artifact."""
    return io.BytesIO(data)
