"""Planning: from what is wanted and what is, to the steps between. Pure.

After its steps were applied, planning again gives nothing. Here: a deploy, and what it has in
common with the others; promote and roll back are in ``promotion``, retire in ``retirement``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gcp_deploy.domain.ledger import Ledger
from gcp_deploy.domain.release import Capabilities, Observed, Version, VersionSpec, VersionState
from gcp_deploy.domain.steps import (
    AwaitVersion,
    CheckLocally,
    CreateEndpoint,
    DeleteFailed,
    DeployVersion,
    MakeDefault,
    RegisterVersion,
    ReturnShare,
    Step,
    StoreGolden,
    UploadArtifact,
    VerifyVersion,
)
from gcp_deploy.errors import Conflict


@dataclass(frozen=True, slots=True)
class Desired:
    """What ``deploy`` wants."""

    spec: VersionSpec
    size: int
    artifact_uri: str
    golden_uri: str
    golden_digest: str
    golden_rows: int
    golden_source: str
    promote: bool


def plan_return(
    model: str, observed: Observed, ledger: Ledger
) -> tuple[tuple[Step, ...], Observed]:
    """Return the step that takes a lent share back, if one is out, and the state after it.

    Only what the interrupted run wrote is taken back: another split is somebody else's decision.
    """
    loan, endpoint = ledger.lent, observed.endpoint
    if loan is None or endpoint is None or _shares(endpoint.split) != _shares(loan.lent):
        return (), observed
    after = replace(observed, endpoint=replace(endpoint, split=_shares(loan.home)))
    return (ReturnShare(model, loan.version, _shares(loan.home)),), after


def _shares(split: Mapping[str, int]) -> dict[str, int]:
    return {key: share for key, share in split.items() if share}


def plan_deploy(
    desired: Desired, observed: Observed, ledger: Ledger, capabilities: Capabilities
) -> tuple[Step, ...]:
    """Return the steps that bring *desired* about.

    The version becomes the default when that is asked for, or when nobody serves yet.
    """
    spec = desired.spec
    returning, observed = plan_return(spec.model, observed, ledger)
    version = observed.by_identity(spec.identity)
    name = version.version if version else ""
    steps: list[Step] = [*returning]
    if not observed.artifact_stored:
        steps.append(UploadArtifact(desired.artifact_uri, spec.digest, desired.size))
    if not observed.golden_stored:
        steps.append(
            StoreGolden(desired.golden_uri, desired.golden_rows, desired.golden_source),
        )
    steps += _registering(desired, observed, version, capabilities)
    if version and version.state is VersionState.FAILED:
        name = ""
    steps += attaching(spec.model, name, observed, capabilities)
    if (name, desired.golden_digest) not in ledger.verified:
        steps.append(VerifyVersion(spec.model, name, desired.golden_rows))
    first = not observed.serving and not ledger.default
    unfinished = bool(name) and observed.serving == name and ledger.default in {"", name}
    wanted = desired.promote or first or unfinished
    if wanted and not is_default(name, observed, ledger):
        steps.append(MakeDefault(spec.model, name, previous_default(name, observed, ledger)))
    return tuple(steps)


def _registering(
    desired: Desired, observed: Observed, version: Version | None, capabilities: Capabilities
) -> list[Step]:
    spec = desired.spec
    if version and version.state is VersionState.READY:
        return []
    if version and version.state in {VersionState.CREATING, VersionState.UPDATING}:
        return [AwaitVersion(spec.model, version.version)]
    if version and version.state is VersionState.DELETING:
        raise Conflict(
            f"{spec.model}@{version.version} is being deleted",
            hint="run the same command again when it is gone",
        )
    steps: list[Step] = []
    if version:
        steps.append(DeleteFailed(spec.model, version.version))
    new_model = not observed.versions
    if capabilities.first_is_default and not observed.registry_default:
        steps.append(CheckLocally(desired.golden_rows))
    steps.append(RegisterVersion(spec, new_model))
    return steps


def attaching(
    model: str, version: str, observed: Observed, capabilities: Capabilities
) -> list[Step]:
    """Return the steps that attach *version*, which may not be registered yet."""
    if not capabilities.endpoints:
        return []
    steps: list[Step] = []
    if observed.endpoint is None:
        steps.append(CreateEndpoint(model))
    if not (version and observed.endpoint and observed.endpoint.of_version(version)):
        steps.append(DeployVersion(model, version))
    return steps


def previous_default(version: str, observed: Observed, ledger: Ledger) -> str:
    """The version that stops being the default; a killed run may have moved the traffic already."""
    return next((one for one in (observed.serving, ledger.default) if one and one != version), "")


def is_default(version: str, observed: Observed, ledger: Ledger) -> bool:
    """Tell whether traffic, registry and log agree that *version* is the default."""
    return bool(version) and observed.default == version and ledger.default == version
