"""The steps of a plan: frozen values, printed by ``plan`` and run by ``apply``, the very same."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, assert_never

from gcp_deploy.domain.names import Digest
from gcp_deploy.domain.release import VersionSpec


@dataclass(frozen=True, slots=True)
class UploadArtifact:
    """Store the artifact, create-only, under its digest."""

    uri: str
    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class StoreGolden:
    """Store the golden rows beside the artifact."""

    uri: str
    rows: int
    source: str


@dataclass(frozen=True, slots=True)
class CheckLocally:
    """Prove the golden rows beforehand, where the service promotes a first version itself."""

    rows: int


@dataclass(frozen=True, slots=True)
class DeleteFailed:
    """Remove a version that the platform could not create, whose name is needed again."""

    model: str
    version: str


@dataclass(frozen=True, slots=True)
class RegisterVersion:
    """Create the version (and the model, when it is its first)."""

    spec: VersionSpec
    new_model: bool


@dataclass(frozen=True, slots=True)
class AwaitVersion:
    """Wait for a version that an earlier run is still having created."""

    model: str
    version: str


@dataclass(frozen=True, slots=True)
class CreateEndpoint:
    """Create the model's endpoint."""

    model: str


@dataclass(frozen=True, slots=True)
class DeployVersion:
    """Attach the version to the endpoint at 0 %. *version* is empty for the one just registered."""

    model: str
    version: str


@dataclass(frozen=True, slots=True)
class ReturnShare:
    """Take back the share that an interrupted run gave a version only to verify it."""

    model: str
    version: str
    split: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class VerifyVersion:
    """Ask what is really served for the golden rows."""

    model: str
    version: str
    rows: int


@dataclass(frozen=True, slots=True)
class MakeDefault:
    """Move alias and traffic to the version, together, and read both back."""

    model: str
    version: str
    previous: str
    rollback: bool = False


@dataclass(frozen=True, slots=True)
class RetireVersion:
    """Undeploy the version; *delete* removes it from the registry too."""

    model: str
    version: str
    delete: bool


Step = (
    UploadArtifact
    | StoreGolden
    | CheckLocally
    | DeleteFailed
    | RegisterVersion
    | AwaitVersion
    | CreateEndpoint
    | DeployVersion
    | ReturnShare
    | VerifyVersion
    | MakeDefault
    | RetireVersion
)


def verb(step: Step) -> str:  # noqa: C901, PLR0912 - one branch for each kind of step
    """Return the one word that plan, progress and log use for *step*."""
    match step:
        case UploadArtifact():
            return "upload"
        case StoreGolden():
            return "store"
        case CheckLocally():
            return "check"
        case DeleteFailed():
            return "clear"
        case RegisterVersion():
            return "register"
        case AwaitVersion():
            return "await"
        case CreateEndpoint():
            return "create"
        case DeployVersion():
            return "deploy"
        case ReturnShare():
            return "return"
        case VerifyVersion():
            return "verify"
        case MakeDefault(rollback=True):
            return "roll back"
        case MakeDefault():
            return "promote"
        case RetireVersion():
            return "retire"
        case _:
            assert_never(step)


def describe(step: Step) -> str:  # noqa: C901, PLR0912 - one branch for each kind of step
    """Return *step* in one line, without its verb."""
    match step:
        case UploadArtifact(uri, _, size):
            return f"{uri} ({show_size(size)})"
        case StoreGolden(uri, rows, source):
            return f"{rows} golden rows ({source}) at {uri}"
        case CheckLocally(rows):
            return f"{rows} golden rows on the very bytes, in a limited child process"
        case DeleteFailed(model, version):
            return f"{model}@{version}, which failed to be created"
        case RegisterVersion(spec, new_model):
            what = "model" if new_model else "a new version of"
            return (
                f"{what} {spec.model} from {spec.digest.hex[:12]}, served by {spec.recipe.runtime}"
            )
        case AwaitVersion(model, version):
            return f"{model}@{version}, which is being created"
        case CreateEndpoint(model):
            return f"endpoint for {model}"
        case DeployVersion(model, version):
            return f"{_name(model, version)} at 0 %"
        case ReturnShare(model, version):
            return f"the share of {model}@{version}, which an interrupted run was verifying"
        case VerifyVersion(model, version, rows):
            return f"{_name(model, version)} with {rows} golden rows on what is really served"
        case MakeDefault(model, version, previous):
            instead = f", instead of {previous}" if previous else ", the first"
            return f"{_name(model, version)} to the default{instead}"
        case RetireVersion(model, version, delete):
            return f"{model}@{version}" + (", and delete it" if delete else "")
        case _:
            assert_never(step)


def as_json(step: Step) -> dict[str, Any]:
    """Return *step* for ``--output json``: verb, description, and its plain fields."""
    fields = {
        key: value
        for key, value in asdict(step).items()
        if isinstance(value, str | int | bool) and value != ""
    }
    return {"step": verb(step), "description": describe(step), **fields}


def show_size(size: int) -> str:
    """Write a number of bytes for people.

    >>> show_size(1536)
    '1.5 KiB'
    """
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError(size)


def _name(model: str, version: str) -> str:
    return f"{model}@{version}" if version else f"the new version of {model}"
