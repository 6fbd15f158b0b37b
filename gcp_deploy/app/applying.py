"""Applying a plan: each step in turn, recorded, and read back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from gcp_deploy.app.context import Context
from gcp_deploy.app.material import Material
from gcp_deploy.app.moving import Moving, make_default
from gcp_deploy.app.releaselog import Run
from gcp_deploy.app.verifying import load_golden, verify
from gcp_deploy.app.waiting import Deadline, until_done
from gcp_deploy.domain.events import EventType
from gcp_deploy.domain.golden import GoldenRows
from gcp_deploy.domain.release import Endpoint, Recipe, Version, VersionSpec, VersionState
from gcp_deploy.domain.steps import (
    AwaitVersion,
    CheckLocally,
    CreateEndpoint,
    DeleteFailed,
    DeployVersion,
    MakeDefault,
    RegisterVersion,
    RetireVersion,
    ReturnShare,
    Step,
    StoreGolden,
    UploadArtifact,
    VerifyVersion,
    describe,
    verb,
)
from gcp_deploy.errors import Conflict, DeployFailed, TemporaryError

_LOOKS = 5
_LOOK_PAUSE = 1.0


class LeftRunning(Exception):
    """With ``--no-wait``: the operation goes on, and the rest of the plan is for a later run."""

    def __init__(self, operation: str) -> None:
        super().__init__(operation)
        self.operation = operation


@dataclass(slots=True)
class Applier:
    """Runs the steps of one plan. *version* is the one the plan is about, once it is known."""

    context: Context
    run: Run
    model: str
    recipe: Recipe
    deadline: Deadline
    material: Material | None = None
    version: str = ""
    because: str = ""
    git_sha: str = ""
    wait: bool = True
    retired: list[str] = field(default_factory=list)

    def apply(self, steps: Sequence[Step]) -> None:
        """Run *steps* in order; what fails raises, and the steps before it stay done."""
        for step in steps:
            self.context.reporter.step(verb(step), describe(step))
            self._apply(step)

    def _apply(self, step: Step) -> None:  # noqa: C901, PLR0912 - one branch for each kind
        match step:
            case UploadArtifact():
                self._upload()
            case StoreGolden():
                self._store_golden()
            case CheckLocally():
                self._check_locally()
            case DeleteFailed(_, version):
                self._wait(self.context.registry.delete(self.model, version), verb(step))
            case RegisterVersion(spec, new_model):
                self._register(spec, new_model=new_model)
            case AwaitVersion(_, version):
                self._await(version)
            case CreateEndpoint():
                self._wait(self.context.traffic.create(self.model), verb(step))
            case DeployVersion(_, version):
                self._deploy(version or self.version)
            case ReturnShare(_, version, split):
                self.context.traffic.write_split(self._endpoint(), split)
                self.run.record(EventType.SHARE_RETURNED, version=version)
            case VerifyVersion(_, version):
                self._verify(version or self.version)
            case MakeDefault(_, version, previous, rollback):
                self._make_default(version or self.version, previous, rollback=rollback)
            case RetireVersion(_, version, delete):
                self._retire(version, delete=delete)
            case _:
                assert_never(step)

    # The artifact ------------------------------------------------------------------------------

    @property
    def _material(self) -> Material:
        if self.material is None:
            raise AssertionError("a plan without an artifact has no step that needs one")
        return self.material

    def _upload(self) -> None:
        material, report = self._material, self._material.request.report
        material.request.artifact.seek(0)
        with self.context.reporter.progress("uploading") as progress:
            stored = self.context.store.create(
                material.artifact_name,
                material.request.artifact,
                metadata=material.metadata(),
                progress=progress.update,
            )
        if (stored.size, stored.crc32c) != (report.size, report.crc32c):
            raise Conflict(
                f"{stored.uri} is not what was inspected: the file changed in between",
                hint="run the same command again",
            )

    def _store_golden(self) -> None:
        material = self._material
        self.context.store.create(
            material.golden_name, material.golden.encode(), content_type="application/json"
        )

    def _check_locally(self) -> None:
        """The dry run of these very bytes gave the golden answers; without one nothing is known."""
        if not self._material.dry_run:
            raise AssertionError("golden rows of an unverified artifact come from a dry run")

    # The version -------------------------------------------------------------------------------

    def _register(self, spec: VersionSpec, *, new_model: bool) -> None:
        try:
            operation = self.context.registry.register(spec, new_model=new_model)
        except TemporaryError as error:
            if error.answered or self._look_for(spec) is None:
                raise
            self.context.reporter.note("the answer was lost, but the version is there")
            operation = ""
        self._wait(operation, "register")
        version = self._look_for(spec)
        if version is None or version.state is VersionState.FAILED:
            raise DeployFailed(
                f"the new version of {self.model} is not there"
                + (f": {version.error}" if version else " although its operation ended well"),
                hint=f"gcp-deploy status -m {self.model}",
            )
        self.version = version.version
        self._await(version.version)
        self.run.record(
            EventType.VERSION_REGISTERED,
            version=self.version,
            data={
                "digest": str(spec.digest),
                "identity": spec.identity,
                "runtime": str(spec.recipe.runtime),
                "artifact": spec.artifact_dir,
                "git_sha": self.git_sha,
            },
        )

    def _look_for(self, spec: VersionSpec) -> Version | None:
        """Look whether the version is there; lists may be a little late."""
        for attempt in range(_LOOKS):
            found = [
                one
                for one in self.context.registry.versions(self.model)
                if one.identity == spec.identity
            ]
            if found:
                return found[-1]
            if attempt + 1 < _LOOKS:
                self.context.clock.sleep(_LOOK_PAUSE)
        return None

    def _await(self, name: str) -> None:
        """Wait until a version that is being created is ready."""
        self.version = name
        pause = 0.05
        while (found := self._find(name)).state is not VersionState.READY:
            if found.state is VersionState.FAILED:
                raise DeployFailed(f"{self.model}@{name} was not created: {found.error}")
            self.deadline.check(self.context, f"{self.model}@{name} is still {found.state.value}")
            self.context.clock.sleep(pause)
            pause = min(pause * 2, 5.0)

    def _find(self, name: str) -> Version:
        for one in self.context.registry.versions(self.model):
            if one.version == name:
                return one
        raise Conflict(f"{self.model}@{name} is gone", hint=f"gcp-deploy status -m {self.model}")

    # The endpoint ------------------------------------------------------------------------------

    def _endpoint(self) -> Endpoint:
        endpoint = self.context.traffic.read(self.model)
        if endpoint is None:
            raise Conflict(f"the endpoint of {self.model} is gone", hint="run the command again")
        return endpoint

    def _deploy(self, version: str) -> None:
        self.version = version
        found = self._find(version)
        try:
            operation = self.context.traffic.deploy(self._endpoint(), found, self.recipe)
        except TemporaryError as error:
            if error.answered or self._endpoint().of_version(version) is None:
                raise
            operation = ""
        self._wait(operation, "deploy", may_leave=True)
        deployed = self._endpoint().of_version(version)
        if deployed is None:
            raise DeployFailed(
                f"{self.model}@{version} is not attached although its operation ended well",
                hint=f"gcp-deploy status -m {self.model}",
            )
        self.run.record(
            EventType.VERSION_DEPLOYED, version=version, data={"deployed_model": deployed.id}
        )

    def _verify(self, name: str) -> None:
        self.version = name
        material = self._material
        verify(self.context, self.run, self._endpoint(), self._find(name), material.golden)
        self.run.record(
            EventType.VERSION_VERIFIED,
            version=name,
            data={
                "golden": str(material.golden.digest),
                "golden_object": material.golden_name,
                "rows": len(material.golden.instances),
            },
        )

    def _make_default(self, name: str, previous: str, *, rollback: bool) -> None:
        self.version = name
        make_default(
            self.context,
            self.run,
            Moving(
                self.model,
                self._find(name),
                previous,
                rollback=rollback,
                because=self.because,
                git_sha=self.git_sha,
                golden=self._golden_of(name),
            ),
        )

    def _golden_of(self, name: str) -> GoldenRows | None:
        if self.material:
            return self.material.golden
        return load_golden(self.context, self.run.log.ledger.golden.get(name, ""))

    def _retire(self, name: str, *, delete: bool) -> None:
        if self.context.registry.capabilities.endpoints:
            for one in (endpoint := self._endpoint()).deployed:
                if one.version == name:
                    self._wait(self.context.traffic.undeploy(endpoint, one.id), "retire")
        if delete:
            self._wait(self.context.registry.delete(self.model, name), "delete")
        self.retired.append(name)
        self.run.record(
            EventType.VERSION_RETIRED, version=name, because=self.because, data={"deleted": delete}
        )

    # Operations --------------------------------------------------------------------------------

    def _wait(self, operation: str, what: str, *, may_leave: bool = False) -> None:
        """Record *operation*, then wait for it, or leave it running with ``--no-wait``."""
        if not operation:
            return
        self.run.record(
            EventType.OPERATION_STARTED,
            version=self.version,
            data={"operation": operation, "step": what},
        )
        if may_leave and not self.wait:
            raise LeftRunning(operation)
        until_done(
            self.context,
            operation,
            self.deadline,
            what,
            on_poll=lambda: self.run.renew_if_due(operation),
        )
