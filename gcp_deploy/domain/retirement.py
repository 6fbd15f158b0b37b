"""Planning to retire versions that nothing needs. Pure."""

from collections.abc import Collection

from gcp_deploy.domain.ledger import Ledger
from gcp_deploy.domain.planning import plan_return
from gcp_deploy.domain.promotion import rollback_version
from gcp_deploy.domain.release import Capabilities, Observed
from gcp_deploy.domain.steps import (
    RetireVersion,
    Step,
)
from gcp_deploy.errors import ApprovalNeeded, Conflict, NotFound, UsageError


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
    if version == rollback_version(observed, ledger) and not because:
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
        rollback_version(observed, ledger),
        *newer,
        *with_traffic,
    }
