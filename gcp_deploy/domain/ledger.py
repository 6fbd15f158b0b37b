"""The ledger: what the release log says, as the fold of its events."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from gcp_deploy.domain.events import Event, EventType, Lease, parse_timestamp, timestamp


@dataclass(frozen=True, slots=True)
class Decision:
    """A default version was chosen: from *since* on, by *actor*, in event *sequence*."""

    version: str
    since: datetime
    actor: str
    because: str
    sequence: int
    git_sha: str = ""


@dataclass(frozen=True, slots=True)
class Loan:
    """A split that holds only while a version is verified, and the one it came from."""

    version: str
    lent: Mapping[str, int]
    home: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ledger:
    """The state of a model as its release log tells it."""

    sequence: int = 0
    head: str = ""
    """Hash of the last event's bytes; set by whoever read them."""
    lease: Lease | None = None
    verified: frozenset[tuple[str, str]] = frozenset()
    """Pairs of version and digest of the golden rows it answered rightly."""
    approved: frozenset[str] = frozenset()
    """Versions that became the default at some time, verified or by a recorded reason."""
    stack: tuple[str, ...] = ()
    """Defaults, oldest first; the last one is the default now. A rollback shortens it."""
    decisions: tuple[Decision, ...] = ()
    moving: str = ""
    """The version that a run was making the default when it was last heard of."""
    lent: Loan | None = None
    """The share that a version has only to be verified, when a run did not say it took it back."""
    place: str = ""
    """Platform, project and region of the models that the log is about."""
    operation: str = ""
    """The operation that a run was waiting for when it was last heard of."""
    golden: dict[str, str] = field(default_factory=dict)
    """For each version the object name of the golden rows it was last verified with."""

    @property
    def unfinished(self) -> bool:
        """Whether the last run was killed or interrupted, so that something may still go on."""
        return self.lease is not None or bool(self.operation)

    @property
    def last(self) -> Decision | None:
        """The decision in force."""
        return self.decisions[-1] if self.decisions else None

    @property
    def default(self) -> str:
        """The default version by the log, or ``""``."""
        return self.stack[-1] if self.stack else ""

    @property
    def previous(self) -> str:
        """The default before, which a rollback goes to, or ``""``."""
        return self.stack[-2] if len(self.stack) > 1 else ""

    def is_verified(self, version: str) -> bool:
        """Whether *version* ever answered golden rows rightly while really served."""
        return any(one == version for one, _ in self.verified)

    def serving_at(self, time: datetime) -> Decision | None:
        """Return the decision in force at *time*, or None before the first one."""
        return next((one for one in reversed(self.decisions) if one.since <= time), None)


def snapshot(ledger: Ledger) -> dict[str, Any]:
    """Write *ledger* as JSON, so that a reader need not begin at the first event.

    Of the decisions only the last is kept: who asks for the others reads the whole log.
    """
    last = ledger.last
    return {
        "verified": sorted(map(list, ledger.verified)),
        "approved": sorted(ledger.approved),
        "stack": list(ledger.stack),
        "decision": asdict(last) | {"since": timestamp(last.since)} if last else None,
        "lent": asdict(ledger.lent) if ledger.lent else None,
        "place": ledger.place,
        "moving": ledger.moving,
        "operation": ledger.operation,
        "golden": dict(sorted(ledger.golden.items())),
    }


def restore(event: Event) -> Ledger | None:
    """Return the ledger as it was after *event*, when the event carries a snapshot of it."""
    found = event.data.get("ledger")
    if not isinstance(found, Mapping):
        return None
    try:
        decision = found["decision"]
        if decision:
            decision = Decision(**(decision | {"since": parse_timestamp(decision["since"])}))
        return Ledger(
            sequence=event.sequence,
            lease=event.lease,
            verified=frozenset((one[0], one[1]) for one in found["verified"]),
            approved=frozenset(found["approved"]),
            stack=tuple(found["stack"]),
            decisions=(decision,) if decision else (),
            lent=Loan(**found["lent"]) if found["lent"] else None,
            place=found["place"],
            moving=found["moving"],
            operation=found["operation"],
            golden=dict(found["golden"]),
        )
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def fold(events: Iterable[Event], ledger: Ledger | None = None) -> Ledger:
    """Fold *events*, in order, into *ledger*."""
    state = ledger or Ledger()
    for event in events:
        state = _apply(state, event)
    return state


def _apply(state: Ledger, event: Event) -> Ledger:  # noqa: C901 - one branch for each type
    state = replace(state, sequence=event.sequence, lease=event.lease)
    match event.type:
        case EventType.STARTED:
            return replace(state, place=str(event.data.get("place", state.place)))
        case EventType.OPERATION_STARTED:
            return replace(state, operation=str(event.data.get("operation", "")))
        case EventType.VERSION_REGISTERED | EventType.VERSION_DEPLOYED:
            return replace(state, operation="")
        case EventType.VERSION_VERIFIED:
            pair = (event.version, str(event.data.get("golden", "")))
            golden = state.golden | {event.version: str(event.data.get("golden_object", ""))}
            return replace(state, verified=state.verified | {pair}, golden=golden, lent=None)
        case EventType.SHARE_LENT:
            lent, home = event.data.get("lent", {}), event.data.get("home", {})
            return replace(state, lent=Loan(event.version, dict(lent), dict(home)))
        case EventType.SHARE_RETURNED:
            return replace(state, lent=None)
        case EventType.DEFAULT_MOVING:
            return replace(state, moving=event.version)
        case EventType.PROMOTED | EventType.ROLLED_BACK:
            return _decide(state, event)
        case EventType.VERSION_RETIRED:
            return _retire(state, event)
        case EventType.FAILED | EventType.FINISHED:
            return replace(state, moving="", operation="")
        case _:
            return state


def _decide(state: Ledger, event: Event) -> Ledger:
    decision = Decision(
        event.version,
        event.time,
        event.actor,
        event.because,
        event.sequence,
        str(event.data.get("git_sha", "")),
    )
    stack = state.stack
    if event.type is EventType.ROLLED_BACK and event.version in stack:
        stack = stack[: len(stack) - stack[::-1].index(event.version)]
    else:
        # Somebody else's tool may have moved the default since we last did: it is the previous one.
        for version in (str(event.data.get("previous", "")), event.version):
            if version and version != (stack[-1] if stack else ""):
                stack = (*stack, version)
    return replace(
        state,
        stack=stack,
        decisions=(*state.decisions, decision),
        approved=state.approved | {event.version},
        moving="",
        lent=None,
    )


def _retire(state: Ledger, event: Event) -> Ledger:
    """A deleted version can be nobody's rollback target; an undeployed one can."""
    if not event.data.get("deleted"):
        return state
    return replace(
        state,
        stack=tuple(one for one in state.stack if one != event.version),
        verified=frozenset(pair for pair in state.verified if pair[0] != event.version),
        approved=state.approved - {event.version},
    )
