"""Retire: undeploy, and if asked delete, versions that no rollback needs."""

from datetime import timedelta

from gcp_deploy.app.applying import Applier
from gcp_deploy.app.context import Context
from gcp_deploy.app.observing import check_chosen, must_exist, observe
from gcp_deploy.app.outcomes import Result, Retired
from gcp_deploy.app.releaselog import ReleaseLog, hold
from gcp_deploy.app.waiting import Deadline
from gcp_deploy.domain import reasons
from gcp_deploy.domain.retirement import plan_retire
from gcp_deploy.domain.steps import RetireVersion, describe, verb


def retire(
    context: Context,
    model: str,
    version: str | None,
    *,
    delete: bool,
    because: str,
    timeout: timedelta,
) -> Retired:
    """Undeploy *version*, or with None all that neither serve, nor are candidates, nor needed.

    Raises:
        Conflict: the version is the default or has traffic.
        ApprovalNeeded: a rollback would need it, and *because* is empty.
        BadName: the name is empty.
        NotFound: there is no such version.
    """
    check_chosen(version)
    reasons.check(because)
    deadline = Deadline.after(context, timeout)
    log = ReleaseLog(context, model)
    ledger = log.load()
    observed = observe(context, model)
    must_exist(model, observed)
    steps = plan_retire(
        model,
        version or "",
        observed,
        ledger,
        context.registry.capabilities,
        delete=delete,
        because=because,
    )
    if not steps:
        return Retired(model, (), Result.UNCHANGED, delete)
    words = [f"{verb(step)} {describe(step)}" for step in steps]
    names = ", ".join(step.version for step in steps if isinstance(step, RetireVersion))
    with hold(context, log, f"retire {names}", words) as run:
        applier = Applier(
            context=context,
            run=run,
            model=model,
            recipe=context.recipe,
            deadline=deadline,
            because=because,
        )
        applier.apply(steps)
    return Retired(model, tuple(applier.retired), Result.RETIRED, delete, steps)
