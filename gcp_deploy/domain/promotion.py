"""Planning a move of the default: promote, and roll back. Pure."""

from gcp_deploy.domain.ledger import Ledger
from gcp_deploy.domain.planning import attaching, is_default, previous_default
from gcp_deploy.domain.release import Capabilities, Observed, Version, VersionState
from gcp_deploy.domain.steps import MakeDefault, Step
from gcp_deploy.errors import ApprovalNeeded, Conflict, NotFound, RollbackImpossible


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
    if is_default(version.version, observed, ledger):
        return ()
    _must_be_ready(version)
    if not ledger.is_verified(version.version) and not because:
        raise ApprovalNeeded(
            f"{model}@{version.version} was never verified on what is really served",
            hint="'gcp-deploy deploy ARTIFACT' verifies it; or give a recorded reason with "
            '--because "…"',
        )
    last = MakeDefault(model, version.version, previous_default(version.version, observed, ledger))
    return (*attaching(model, version.version, observed, capabilities), last)


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
    if is_default(target.version, observed, ledger):
        return ()
    previous = previous_default(target.version, observed, ledger)
    last = MakeDefault(model, target.version, previous, rollback=True)
    return (*attaching(model, target.version, observed, capabilities), last)


def rollback_version(observed: Observed, ledger: Ledger) -> str:
    """Return the version that a rollback would go to, or ``""``."""
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
