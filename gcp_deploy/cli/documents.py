"""Results as JSON documents: an interface for programs, described by ``schemas/*.json``.

``null`` stands for what there is none of. Fields may be added; none is taken away or changes its
meaning without another ``schema_version``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never

from gcp_deploy.app import outcomes
from gcp_deploy.cli.render import versioned
from gcp_deploy.domain import steps
from gcp_deploy.domain.events import Event, Lease, timestamp

Outcome = (
    outcomes.Plan
    | outcomes.Deployed
    | outcomes.Moved
    | outcomes.Retired
    | outcomes.Versions
    | outcomes.Status
    | outcomes.History
    | outcomes.Served
    | outcomes.Waited
)


def document(outcome: Outcome) -> dict[str, Any]:
    """Return *outcome* as its JSON document."""
    return versioned(_body(outcome))


def _body(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case outcomes.Plan():
            return _plan(outcome)
        case outcomes.Deployed():
            return _deployed(outcome)
        case outcomes.Moved():
            return _moved(outcome)
        case outcomes.Retired():
            return _retired(outcome)
        case outcomes.Versions():
            return {"model": outcome.model, "versions": [_row(one) for one in outcome.rows]}
        case outcomes.Status():
            return _status(outcome)
        case outcomes.History():
            return {"model": outcome.model, "events": [_event(one) for one in outcome.events]}
        case outcomes.Served():
            return _served(outcome)
        case outcomes.Waited():
            return {
                "operation": outcome.operation,
                "stage": outcome.stage,
                "seconds": round(outcome.seconds, 3),
            }
        case _:
            assert_never(outcome)


def _plan(plan: outcomes.Plan) -> dict[str, Any]:
    return {
        "model": plan.model,
        "version": plan.version or None,
        "digest": str(plan.digest),
        "identity": plan.identity,
        "runtime": plan.runtime,
        "changes": bool(plan.steps),
        "steps": _steps(plan.steps),
        "warnings": list(plan.warnings),
    }


def _deployed(deployed: outcomes.Deployed) -> dict[str, Any]:
    created = deployed.result is outcomes.Result.CREATED
    return {
        "model": deployed.model,
        "version": deployed.version,
        "digest": str(deployed.digest),
        "result": str(outcomes.Result.CREATED if created else outcomes.Result.UNCHANGED),
        "default": deployed.default,
        "endpoint": deployed.endpoint,
        "steps": _steps(deployed.steps),
        "operation": deployed.operation or None,
    }


def _moved(moved: outcomes.Moved) -> dict[str, Any]:
    return {
        "model": moved.model,
        "version": moved.version,
        "previous": moved.previous or None,
        "result": str(moved.result),
        "endpoint": moved.endpoint,
        "steps": _steps(moved.steps),
    }


def _retired(retired: outcomes.Retired) -> dict[str, Any]:
    return {
        "model": retired.model,
        "versions": list(retired.versions),
        "result": str(retired.result),
        "deleted": retired.deleted,
        "steps": _steps(retired.steps),
    }


def _status(status: outcomes.Status) -> dict[str, Any]:
    return {
        "model": status.model,
        "platform": status.platform,
        "endpoint": status.endpoint or None,
        "default": status.default or None,
        "previous": status.previous or None,
        "versions": [_row(one) for one in status.rows],
        "lease": _lease(status.lease),
        "operation": status.operation or None,
        "differences": list(status.differences),
        "warnings": list(status.warnings),
    }


def _row(row: outcomes.VersionRow) -> dict[str, Any]:
    version = row.version
    return {
        "version": version.version,
        "state": str(version.state),
        "default": row.default,
        "digest": str(version.digest) if version.digest else None,
        "traffic": row.traffic,
        "created": timestamp(version.created),
        "verified": row.verified,
        "runtime": str(version.runtime),
        "deployed_model": row.deployed_model or None,
        "labels": dict(version.labels),
        "error": version.error or None,
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "sequence": event.sequence,
        "time": timestamp(event.time),
        "type": str(event.type),
        "version": event.version or None,
        "actor": event.actor,
        "because": event.because,
        "run": event.run,
        # The ledger is for readers of the log itself: here it would say everything once more.
        "data": {key: value for key, value in event.data.items() if key != "ledger"},
    }


def _served(served: outcomes.Served) -> dict[str, Any]:
    return {
        "model": served.model,
        "time": timestamp(served.time),
        "version": served.version or None,
        "since": _time(served.since),
        "until": _time(served.until),
        "actor": served.actor,
        "because": served.because,
        "sequence": served.sequence,
    }


def _lease(lease: Lease | None) -> dict[str, Any] | None:
    if lease is None:
        return None
    return {
        "run": lease.run,
        "owner": lease.owner,
        "reason": lease.reason,
        "until": timestamp(lease.until),
    }


def _time(time: datetime | None) -> str | None:
    return timestamp(time) if time else None


def _steps(taken: Sequence[steps.Step]) -> list[dict[str, Any]]:
    return [steps.as_json(one) for one in taken]
