"""Results for people: what matters first, one thing a line, times in UTC."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from gcp_deploy.app import outcomes
from gcp_deploy.cli.documents import Outcome
from gcp_deploy.cli.render import columns, one_line
from gcp_deploy.cli.times import show
from gcp_deploy.domain import steps
from gcp_deploy.domain.events import Event, EventType
from gcp_deploy.domain.release import VersionState

_QUIET = {
    EventType.STARTED,
    EventType.OPERATION_STARTED,
    EventType.DEFAULT_MOVING,
    EventType.FINISHED,
}
_HEAD = ("VERSION", ">TRAFFIC", "STATE", "VERIFIED", "CREATED (UTC)", "ARTIFACT", "RUNTIME")


def lines(outcome: Outcome, *, again: str = "") -> list[str]:
    """Return *outcome* as lines of text; *again* is put behind the commands they name."""
    match outcome:
        case outcomes.Plan():
            return _plan(outcome)
        case outcomes.Deployed():
            return _deployed(outcome, again)
        case outcomes.Moved():
            return _moved(outcome)
        case outcomes.Retired():
            return _retired(outcome)
        case outcomes.Versions():
            return _versions(outcome.rows)
        case outcomes.Status():
            return _status(outcome, again)
        case outcomes.History():
            return _history(outcome.events)
        case outcomes.Served():
            return _served(outcome)
        case outcomes.Waited():
            stage = f": {outcome.stage}" if outcome.stage else ""
            return [f"{outcome.operation} is done{stage}"]
        case _:
            assert_never(outcome)


def _plan(plan: outcomes.Plan) -> list[str]:
    what = f"{plan.model} from {plan.digest.hex[:12]}, served by {plan.runtime}"
    if not plan.steps:
        return [what, f"unchanged: {plan.model}@{plan.version} is what this artifact makes"]
    width = max(len(steps.verb(one)) for one in plan.steps)
    return [
        what,
        *(
            f"{number:3}. {steps.verb(one):{width}}  {one_line(steps.describe(one))}"
            for number, one in enumerate(plan.steps, 1)
        ),
    ]


def _deployed(deployed: outcomes.Deployed, again: str) -> list[str]:
    name = f"{deployed.model}@{deployed.version}"
    if deployed.operation:
        return [
            f"{name} is still being deployed",
            f"wait with: gcp-deploy operations wait {deployed.operation}{again}",
        ]
    where = "the default" if deployed.default else "a candidate at 0 %"
    first = f"{name} {deployed.result}: {where}, from {deployed.digest.hex[:12]}"
    if deployed.default:
        return [first]
    return [first, _promote_hint(deployed.model, deployed.version, again)]


def _promote_hint(model: str, version: str, again: str) -> str:
    return f"promote with: gcp-deploy promote {version} --model {model}{again}"


def _moved(moved: outcomes.Moved) -> list[str]:
    name = f"{moved.model}@{moved.version}"
    if moved.result is outcomes.Result.UNCHANGED:
        return [f"{name} unchanged: it is the default"]
    instead = f", instead of {moved.previous}" if moved.previous else ""
    return [f"{name} {moved.result}: it is the default{instead}"]


def _retired(retired: outcomes.Retired) -> list[str]:
    if not retired.versions:
        return [f"{retired.model} unchanged: there is nothing to retire"]
    how = "undeployed and deleted" if retired.deleted else "undeployed"
    return [f"{retired.model}@{version} {how}" for version in retired.versions]


def _versions(rows: Sequence[outcomes.VersionRow]) -> list[str]:
    return columns(
        _HEAD,
        [
            (
                f"{row.version.version} (default)" if row.default else row.version.version,
                f"{row.traffic} %",
                row.version.state,
                "yes" if row.verified else "no",
                f"{row.version.created:%Y-%m-%d %H:%M}",
                row.version.digest.hex[:12] if row.version.digest else "unknown",
                row.version.runtime,
            )
            for row in rows
        ],
    )


def _status(status: outcomes.Status, again: str) -> list[str]:
    default = f"default {status.default}" if status.default else "no default"
    before = f", {status.previous} before" if status.previous else ""
    newest_first = status.rows[::-1]
    ordered = sorted(newest_first, key=lambda row: -row.traffic)
    told = [
        f"{status.model}: {default}{before}",
        f"endpoint: {status.endpoint or 'none'} ({status.platform})",
        *(f"differs: {one_line(one)}" for one in status.differences),
        *(f"warning: {one_line(one)}" for one in status.warnings),
    ]
    if status.lease:
        lease = status.lease
        told.append(
            f"in work: {one_line(lease.reason)}, by {one_line(lease.owner)}, "
            f"until {show(lease.until)} at most"
        )
    if status.operation:
        told.append(f"running: {status.operation}")
    return [*told, "", *_versions(ordered), *_candidate(status, again)]


def _candidate(status: outcomes.Status, again: str) -> list[str]:
    """Point to the newest verified version, when it is newer than the default."""
    rows = list(status.rows)
    defaults = [index for index, row in enumerate(rows) if row.version.version == status.default]
    newer = rows[defaults[-1] + 1 :] if defaults else rows
    ready = [row for row in newer if row.verified and row.version.state is VersionState.READY]
    if not ready:
        return []
    return ["", _promote_hint(status.model, ready[-1].version.version, again)]


def _history(events: Sequence[Event]) -> list[str]:
    return columns(
        ("TIME (UTC)", ">EVENT", "WHAT", "VERSION", "BY", "BECAUSE"),
        [
            (
                f"{event.time:%Y-%m-%d %H:%M:%S}",
                event.sequence,
                event.type.replace("_", " "),
                event.version or "-",
                event.actor,
                event.because or str(event.data.get("message", "")),
            )
            for event in events
            if event.type not in _QUIET
        ],
    )


def _served(served: outcomes.Served) -> list[str]:
    at = show(served.time)
    if not served.version:
        return [f"nobody served {served.model} at {at}", *_until(served.until, "the first since")]
    told = [f"{served.model}@{served.version} served at {at}"]
    if served.since:
        told.append(f"since {show(served.since)}, by decision of {one_line(served.actor)}")
    if served.because:
        told.append(f"because: {one_line(served.because)}")
    return [*told, *_until(served.until, "until"), f"event {served.sequence} of the release log"]


def _until(time: datetime | None, words: str) -> list[str]:
    return [f"{words} {show(time)}"] if time else []
