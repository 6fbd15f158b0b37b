"""Events of the release log: append-only, numbered, each carrying the hash of the one before.

An event is stored as ``log/00000042.json``, created with ``ifGenerationMatch=0``: two writers
cannot both append number 42. The hash is the sha256 of the stored bytes of the event before, so
a changed byte anywhere breaks the chain from there on.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gcp_deploy.errors import Conflict

GENESIS = "sha256:" + "0" * 64
SCHEMA_VERSION = 1


class EventType(StrEnum):
    """What happened."""

    STARTED = "started"
    """A run took the lease; ``data.command``, ``data.steps``."""
    OPERATION_STARTED = "operation_started"
    """``data.operation`` is running for ``data.step``; logged before it is waited for."""
    VERSION_REGISTERED = "version_registered"
    VERSION_DEPLOYED = "version_deployed"
    SHARE_LENT = "share_lent"
    """A version is about to get the smallest share, to be verified: ``data.lent`` is the split
    meanwhile, ``data.home`` the one that comes back."""
    SHARE_RETURNED = "share_returned"
    VERSION_VERIFIED = "version_verified"
    """Golden rows ``data.golden`` were answered as expected, by what is really served."""
    DEFAULT_MOVING = "default_moving"
    """``data.previous`` is about to stop being the default."""
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    VERSION_RETIRED = "version_retired"
    FAILED = "failed"
    """A run ended in an error, ``data.message``; traffic is what it was."""
    INTERRUPTED = "interrupted"
    """A run stopped while ``data.operation`` goes on; the next run waits for it first."""
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to change a model: one run has it, for a while."""

    run: str
    owner: str
    """Who, on which machine, as which process or CI build; the same words mean the same run."""
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the release log."""

    sequence: int
    previous: str
    time: datetime
    type: EventType
    model: str
    run: str
    actor: str
    version: str = ""
    because: str = ""
    lease: Lease | None = None
    """The lease as it stands after this event; None when nobody holds one."""
    data: Mapping[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Write the event as the bytes that are stored and hashed."""
        body = asdict(self) | {"schema_version": SCHEMA_VERSION, "time": timestamp(self.time)}
        if self.lease:
            body["lease"]["until"] = timestamp(self.lease.until)
        text = json.dumps(body, sort_keys=True, ensure_ascii=False, indent=1) + "\n"
        # What is no text in any language must not keep an event from being written.
        return text.encode(errors="backslashreplace")


def timestamp(time: datetime) -> str:
    """Write *time* as RFC 3339 in UTC, with microseconds."""
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_timestamp(text: str) -> datetime:
    """Read what :func:`timestamp` wrote."""
    return datetime.fromisoformat(text)


def chain_hash(data: bytes) -> str:
    """Return the hash that the next event carries of the event stored as *data*."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def decode(data: bytes) -> Event:
    """Read a stored event, or raise Conflict when it is none."""
    try:
        body = json.loads(data)
        lease = body["lease"]
        return Event(
            sequence=body["sequence"],
            previous=body["previous"],
            time=parse_timestamp(body["time"]),
            type=EventType(body["type"]),
            model=body["model"],
            run=body["run"],
            actor=body["actor"],
            version=body["version"],
            because=body["because"],
            lease=Lease(**(lease | {"until": parse_timestamp(lease["until"])})) if lease else None,
            data=body["data"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Conflict(
            f"an event of the release log is unreadable: {error}",
            hint="was it written by a newer gcp-deploy, or changed by hand?",
        ) from error


def read_chain(stored: Iterable[bytes], first: int = 1) -> tuple[Event, ...]:
    """Decode events in order and verify numbers and hashes; raise Conflict at the first break.

    *first* is the number of the first one. What comes before it is not looked at: the hash that
    it carries stands for that.
    """
    events: list[Event] = []
    expected = GENESIS if first == 1 else ""
    for number, data in enumerate(stored, first):
        event = decode(data)
        if event.sequence != number or (expected and event.previous != expected):
            raise Conflict(
                f"the release log is broken at event {number}: the chain of hashes does not hold",
                hint="'scripts/read_log.py' shows what is stored; restore the event's bytes from "
                "the bucket's soft-deleted objects",
            )
        events.append(event)
        expected = chain_hash(data)
    return tuple(events)
