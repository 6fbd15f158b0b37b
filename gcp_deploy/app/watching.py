"""Looking: status, versions, history, and who served when. Nothing here changes anything."""

from datetime import datetime

from gcp_deploy.app.context import Context
from gcp_deploy.app.observing import must_exist, observe, only_model
from gcp_deploy.app.outcomes import History, Served, Status, VersionRow, Versions
from gcp_deploy.app.releaselog import ReleaseLog
from gcp_deploy.domain.ledger import Ledger, fold
from gcp_deploy.domain.planning import plan_return
from gcp_deploy.domain.release import Observed, VersionState
from gcp_deploy.errors import NotFound

__all__ = ["history", "only_model", "status", "versions", "when"]


def versions(context: Context, model: str) -> Versions:
    """Return the versions of *model* with their traffic; NotFound when there is no such model."""
    ledger = ReleaseLog(context, model).load()
    observed = observe(context, model)
    must_exist(model, observed)
    return Versions(model, _rows(observed, ledger))


def status(context: Context, model: str) -> Status:
    """Return what is served and where it differs from what the release log says."""
    ledger = ReleaseLog(context, model).load()
    observed = observe(context, model)
    must_exist(model, observed)
    lease = ledger.lease if ledger.lease and ledger.lease.until > context.clock.now() else None
    return Status(
        model=model,
        platform=context.platform,
        endpoint=observed.endpoint.name if observed.endpoint else "",
        default=observed.serving,
        previous=ledger.previous,
        rows=_rows(observed, ledger),
        lease=lease,
        operation=ledger.operation,
        differences=tuple(differences(observed, ledger)),
        warnings=(),
    )


def history(context: Context, model: str) -> History:
    """Return the release log, its chain verified; Conflict when it is broken."""
    log = ReleaseLog(context, model)
    log.load_whole()
    if not log.events:
        raise NotFound(
            f"there is no release log for {model}",
            hint=f"gcp-deploy deploy ARTIFACT --model {model}",
        )
    return History(model, log.events)


def when(context: Context, model: str, time: datetime) -> Served:
    """Return which version was the default at *time*, and by whose decision."""
    ledger = fold(history(context, model).events)
    decision = ledger.serving_at(time)
    later = [one.since for one in ledger.decisions if one.since > time]
    until = min(later, default=None)
    if decision is None:
        return Served(model, time, "", until=until)
    return Served(
        model=model,
        time=time,
        version=decision.version,
        since=decision.since,
        until=until,
        actor=decision.actor,
        because=decision.because,
        sequence=decision.sequence,
    )


def differences(observed: Observed, ledger: Ledger) -> list[str]:
    """Say in words where registry, traffic and release log do not agree."""
    found = []
    serving, alias, logged = observed.serving, observed.registry_default, ledger.default
    if observed.endpoint and observed.endpoint.split and not serving:
        shares = {
            one.version: observed.endpoint.share(one.version) for one in observed.endpoint.deployed
        }
        words = ", ".join(f"{name} {share} %" for name, share in shares.items() if share)
        found.append(f"traffic is shared: {words}")
    if not serving and not (observed.endpoint and observed.endpoint.split):
        found.append("no version gets traffic")
    if serving and alias != serving:
        found.append(f"traffic goes to {serving}, the registry's default is {alias or 'none'}")
    if serving and logged and serving != logged:
        found.append(f"traffic goes to {serving}, the release log says {logged}")
    if plan_return("", observed, ledger)[0] and ledger.lent:
        found.append(f"a run that was verifying {ledger.lent.version} did not take its share back")
    if ledger.moving:
        found.append(f"a run that was making {ledger.moving} the default did not finish")
    found += [
        f"{one.version} is {one.state.value}" + (f": {one.error}" if one.error else "")
        for one in observed.versions
        if one.state is not VersionState.READY
    ]
    return found


def _rows(observed: Observed, ledger: Ledger) -> tuple[VersionRow, ...]:
    rows = []
    for one in observed.versions:
        deployed = observed.endpoint.of_version(one.version) if observed.endpoint else None
        share = observed.endpoint.share(one.version) if observed.endpoint else 0
        rows.append(
            VersionRow(
                version=one,
                traffic=share,
                deployed_model=deployed.id if deployed else "",
                default=observed.default == one.version,
                verified=ledger.is_verified(one.version),
            )
        )
    return tuple(rows)
