"""Planning: from what is wanted and what is, to the steps between. Pure.

After its steps were applied, planning again gives nothing.
"""

from collections.abc import Collection, Mapping
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
    RetireVersion,
    ReturnShare,
    Step,
    StoreGolden,
    UploadArtifact,
    VerifyVersion,
)
from gcp_deploy.errors import ApprovalNeeded, Conflict, NotFound, RollbackImpossible, UsageError


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
    steps += _deploying(spec.model, name, observed, capabilities)
    if (name, desired.golden_digest) not in ledger.verified:
        steps.append(VerifyVersion(spec.model, name, desired.golden_rows))
    first = not observed.serving and not ledger.default
    unfinished = bool(name) and observed.serving == name and ledger.default in {"", name}
    wanted = desired.promote or first or unfinished
    if wanted and not _is_default(name, observed, ledger):
        steps.append(MakeDefault(spec.model, name, _previous(name, observed, ledger)))
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


def _deploying(
    model: str, version: str, observed: Observed, capabilities: Capabilities
) -> list[Step]:
    if not capabilities.endpoints:
        return []
    steps: list[Step] = []
    if observed.endpoint is None:
        steps.append(CreateEndpoint(model))
    if not (version and observed.endpoint and observed.endpoint.of_version(version)):
        steps.append(DeployVersion(model, version))
    return steps


def _previous(version: str, observed: Observed, ledger: Ledger) -> str:
    """The version that stops being the default; a killed run may have moved the traffic already."""
    return next((one for one in (observed.serving, ledger.default) if one and one != version), "")


def _is_default(version: str, observed: Observed, ledger: Ledger) -> bool:
    return bool(version) and observed.default == version and ledger.default == version


def plan_promote(
    model: str,
    version: Version,
    observed: Observed,
    ledger: Ledger,
    capabilities: Capabilities,
    *,
    because: str,
) -> tuple[Step, ...]:
    """Return the steps that make *version* the default.

    Raises:
        Conflict: the version is not ready.
        ApprovalNeeded: it was never verified on what is really served, and no reason is given.
    """
    if _is_default(version.version, observed, ledger):
        return ()
    _must_be_ready(version)
    if not ledger.is_verified(version.version) and not because:
        raise ApprovalNeeded(
            f"{model}@{version.version} was never verified on what is really served",
            hint="'gcp-deploy deploy ARTIFACT' verifies it; or give a recorded reason with "
            '--because "…"',
        )
    last = MakeDefault(model, version.version, _previous(version.version, observed, ledger))
    return (*_deploying(model, version.version, observed, capabilities), last)


def rollback_target(
    model: str, to: str, observed: Observed, ledger: Ledger, *, because: str
) -> Version:
    """Return the version that a rollback goes to: *to*, or the newest earlier default still there.

    Raises:
        RollbackImpossible: there is none, or it cannot serve.
        NotFound: *to* names no version.
    """
    serving = observed.serving or ledger.default
    if to:
        target = observed.find(to)
        if target is None:
            raise NotFound(f"{model} has no version {to}", hint=f"gcp-deploy versions -m {model}")
        if to not in ledger.approved and not because:
            raise RollbackImpossible(
                f"{model}@{to} was never the default",
                hint=f"'gcp-deploy promote {to}' makes it the default",
            )
        candidates = [target]
    else:
        below = ledger.stack[:-1] if ledger.default == serving else ledger.stack
        candidates = [
            found for name in reversed(below) if name != serving and (found := observed.find(name))
        ]
    ready = [one for one in candidates if one.state is VersionState.READY]
    if not ready:
        raise RollbackImpossible(
            f"{model} has no earlier default to go back to"
            + (f"; {serving} serves" if serving else ""),
            hint=f"'gcp-deploy versions -m {model}' shows what there is, "
            "'gcp-deploy promote VERSION' chooses one",
        )
    return ready[0]


def plan_rollback(
    model: str,
    target: Version,
    observed: Observed,
    ledger: Ledger,
    capabilities: Capabilities,
) -> tuple[Step, ...]:
    """Return the steps that make *target* the default again."""
    if _is_default(target.version, observed, ledger):
        return ()
    previous = _previous(target.version, observed, ledger)
    last = MakeDefault(model, target.version, previous, rollback=True)
    return (*_deploying(model, target.version, observed, capabilities), last)


def plan_retire(
    model: str,
    version: str,
    observed: Observed,
    ledger: Ledger,
    capabilities: Capabilities,
    *,
    delete: bool,
    because: str,
) -> tuple[Step, ...]:
    """Return the steps that retire *version*, or all that nothing needs when it is empty.

    On ml-engine a version cannot be undeployed, only deleted, so *delete* must be said there.

    Raises:
        Conflict: the version is the default or has traffic.
        ApprovalNeeded: a rollback needs it, and no reason is given.
    """
    if not capabilities.endpoints and not delete:
        raise UsageError(
            "on ml-engine a version cannot be undeployed, only deleted",
            hint="add --delete; the artifact stays in the bucket",
        )
    returning, observed = plan_return(model, observed, ledger)
    if version:
        steps = _retire_one(model, version, observed, ledger, delete=delete, because=because)
        return (*returning, *steps) if steps else ()
    kept = _needed(observed, ledger)
    return returning + tuple(
        RetireVersion(model, one.version, delete)
        for one in observed.versions
        if one.version not in kept and _can_retire(one.version, observed, delete=delete)
    )


def _retire_one(
    model: str, version: str, observed: Observed, ledger: Ledger, *, delete: bool, because: str
) -> tuple[Step, ...]:
    if observed.find(version) is None:
        raise NotFound(f"{model} has no version {version}", hint=f"gcp-deploy versions -m {model}")
    has_traffic = observed.endpoint is not None and observed.endpoint.share(version) > 0
    if has_traffic or version in {observed.registry_default, observed.serving}:
        raise Conflict(
            f"{model}@{version} is the default or has traffic",
            hint="promote another version first",
        )
    if version == _rollback_version(observed, ledger) and not because:
        raise ApprovalNeeded(
            f"{model}@{version} is what a rollback would go to",
            hint='give a recorded reason with --because "…"',
        )
    if not _can_retire(version, observed, delete=delete):
        return ()
    return (RetireVersion(model, version, delete),)


def _can_retire(version: str, observed: Observed, *, delete: bool) -> bool:
    return delete or bool(observed.endpoint and observed.endpoint.of_version(version))


def _needed(observed: Observed, ledger: Ledger) -> Collection[str]:
    """The default, what a rollback needs, what has traffic, candidates after the default."""
    names = [one.version for one in observed.versions]
    default = observed.serving or ledger.default
    newer = names[names.index(default) + 1 :] if default in names else names
    with_traffic = [
        one for one in names if observed.endpoint is not None and observed.endpoint.share(one)
    ]
    return {
        default,
        observed.registry_default,
        _rollback_version(observed, ledger),
        *newer,
        *with_traffic,
    }


def _rollback_version(observed: Observed, ledger: Ledger) -> str:
    serving = observed.serving or ledger.default
    below = ledger.stack[:-1] if ledger.default == serving else ledger.stack
    present = {one.version for one in observed.versions}
    return next((one for one in reversed(below) if one != serving and one in present), "")


def _must_be_ready(version: Version) -> None:
    if version.state is not VersionState.READY:
        raise Conflict(
            f"{version.model}@{version.version} is {version.state.value}, not READY"
            + (f": {version.error}" if version.error else ""),
            hint=f"gcp-deploy status -m {version.model}",
        )
