"""Promote and roll back: the same move of alias and traffic, in either direction."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from gcp_deploy.app.applying import Applier
from gcp_deploy.app.context import Context
from gcp_deploy.app.observing import check_chosen, find_version, must_exist, observe
from gcp_deploy.app.outcomes import Moved, Result
from gcp_deploy.app.releaselog import ReleaseLog, hold, release_leftover
from gcp_deploy.app.waiting import Deadline
from gcp_deploy.domain import reasons
from gcp_deploy.domain.ledger import Ledger
from gcp_deploy.domain.promotion import plan_promote, plan_rollback, rollback_target
from gcp_deploy.domain.release import (
    GIT_LABEL,
    Observed,
    Version,
    VersionState,
)
from gcp_deploy.domain.steps import Step, describe, verb
from gcp_deploy.errors import NotFound

Planner = Callable[[Observed, Ledger], tuple[Version, tuple[Step, ...]]]


def promote(
    context: Context,
    model: str,
    version: str | None,
    *,
    because: str,
    timeout: timedelta,
) -> Moved:
    """Make *version* the default; None means the newest candidate.

    Raises:
        BadName: the name is empty.
        NotFound: there is no such version, or no candidate.
        ApprovalNeeded: it was never verified, and *because* is empty.
        Conflict: another run holds the lease, or the version is not ready.
        DeployFailed: it did not come to serve; the previous default serves as before.
    """
    check_chosen(version)

    def planner(observed: Observed, ledger: Ledger) -> tuple[Version, tuple[Step, ...]]:
        target = (
            find_version(model, observed, version)
            if version
            else newest_candidate(model, observed, ledger)
        )
        steps = plan_promote(
            model, target, observed, ledger, context.registry.capabilities, because=because
        )
        return target, steps

    return _move(context, model, "promote", planner, because=because, timeout=timeout)


def rollback(
    context: Context,
    model: str,
    to: str | None,
    *,
    because: str,
    timeout: timedelta,
) -> Moved:
    """Make the previous default the default again, or the earlier one named *to*.

    Raises:
        RollbackImpossible: there is no earlier default; nothing was touched.
        BadName: the name is empty.
        NotFound: there is no version *to*.
        Conflict: another run holds the lease.
        DeployFailed: traffic was moved but the earlier default does not answer as it should.
    """
    check_chosen(to)

    def planner(observed: Observed, ledger: Ledger) -> tuple[Version, tuple[Step, ...]]:
        target = rollback_target(model, to or "", observed, ledger, because=because)
        return target, plan_rollback(model, target, observed, ledger, context.registry.capabilities)

    return _move(context, model, "roll back", planner, because=because, timeout=timeout)


def newest_candidate(model: str, observed: Observed, ledger: Ledger) -> Version:
    """Return the newest verified version that is newer than the default."""
    names = [one.version for one in observed.versions]
    default = observed.serving or ledger.default
    newer = observed.versions[names.index(default) + 1 :] if default in names else observed.versions
    ready = [
        one
        for one in newer
        if one.state is VersionState.READY
        and (ledger.is_verified(one.version) or one.version == ledger.moving)
    ]
    if ready:
        return ready[-1]
    unfinished = observed.find(default)
    if unfinished and observed.default != ledger.default:
        return unfinished
    raise NotFound(
        f"{model} has no verified candidate newer than its default {default or '(none)'}",
        hint=f"'gcp-deploy versions -m {model}' shows what there is; name the one you mean",
    )


def _move(
    context: Context,
    model: str,
    what: str,
    planner: Planner,
    *,
    because: str,
    timeout: timedelta,
) -> Moved:
    reasons.check(because)
    deadline = Deadline.after(context, timeout)
    log = ReleaseLog(context, model)
    ledger = log.load()
    observed = observe(context, model)
    must_exist(model, observed)
    target, steps = planner(observed, ledger)
    previous = observed.serving or ledger.default
    if not steps:
        release_leftover(context, log)
        return _moved(target, "", Result.UNCHANGED, observed, steps)
    words = [f"{verb(step)} {describe(step)}" for step in steps]
    with hold(context, log, f"{what} {target.version}", words) as run:
        applier = Applier(
            context=context,
            run=run,
            model=model,
            recipe=replace(context.recipe, runtime=target.runtime),
            deadline=deadline,
            version=target.version,
            because=because,
            git_sha=target.labels.get(GIT_LABEL, ""),
        )
        applier.apply(steps)
        observed = observe(context, model)
    result = Result.PROMOTED if what == "promote" else Result.ROLLED_BACK
    return _moved(target, previous, result, observed, steps)


def _moved(
    target: Version, previous: str, result: Result, observed: Observed, steps: tuple[Step, ...]
) -> Moved:
    return Moved(
        model=target.model,
        version=target.version,
        previous=previous,
        result=result,
        endpoint=observed.endpoint.name if observed.endpoint else "",
        steps=steps,
    )
