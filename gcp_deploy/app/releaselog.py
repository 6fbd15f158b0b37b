"""The release log in the bucket: read as a chain, appended create-only, and the lease in it.

Appending is compare-and-swap: event N+1 is created with ``ifGenerationMatch=0``, so of two
writers that both read N events one gets a Conflict and stops. That also fences a run whose lease
another one took over: its next append finds the number taken.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from gcp_deploy.app.context import Context
from gcp_deploy.domain import events, ledger
from gcp_deploy.domain.events import GENESIS, Event, EventType, Lease
from gcp_deploy.domain.ledger import Ledger
from gcp_deploy.errors import (
    Conflict,
    GcpDeployError,
    StillRunning,
    TemporaryError,
    UsageError,
)

_READERS = 8
_TAIL = 8
"""Events to read at first: those of a promotion, about."""
_ENDS = frozenset({EventType.FINISHED, EventType.FAILED, EventType.INTERRUPTED})
"""The last event of a run tells the ledger, so that nobody has to read the whole log again."""


class ReleaseLog:
    """The release log of one model, as far as it was read."""

    def __init__(self, context: Context, model: str) -> None:
        self._context = context
        self._model = model
        self._layout = context.layout(model)
        self.events: tuple[Event, ...] = ()
        self.ledger = Ledger(head=GENESIS)

    def load(self) -> Ledger:
        """Read the newest events, back to the last that tells the ledger, and verify their chain.

        Raises Conflict when it is broken.
        """
        names = self._names()
        stored: list[bytes] = []
        while len(stored) < len(names):
            begin = max(0, len(names) - max(_TAIL, 2 * len(stored)))
            stored = [*self._read(names[begin : len(names) - len(stored)]), *stored]
            told = events.read_chain(stored, first=begin + 1)
            for place in range(len(told) - 1, -1, -1):
                if known := ledger.restore(told[place]):
                    return self._take(told, stored, ledger.fold(told[place + 1 :], known))
        return self._take(*self._whole(stored))

    def load_whole(self) -> Ledger:
        """Read every event and verify the whole chain; Conflict when it is broken."""
        return self._take(*self._whole(self._read(self._names())))

    @staticmethod
    def _whole(stored: list[bytes]) -> tuple[tuple[Event, ...], list[bytes], Ledger]:
        told = events.read_chain(stored)
        return told, stored, ledger.fold(told)

    def _take(self, told: tuple[Event, ...], stored: list[bytes], known: Ledger) -> Ledger:
        self.events = told
        head = events.chain_hash(stored[-1]) if stored else GENESIS
        self.ledger = replace(known, head=head)
        if known.place not in {"", self._context.place}:
            raise UsageError(
                f"the release log of {self._model} in {self._context.store.uri(self._layout.log)} "
                f"is about {known.place}, and the target is {self._context.place}",
                hint="give each target a bucket or a prefix of its own: prefix in gcp-deploy.toml",
            )
        return self.ledger

    def _names(self) -> list[str]:
        store = self._context.store
        names = [name for name in store.names(self._layout.log) if name.endswith(".json")]
        expected = [self._layout.event(number) for number in range(1, len(names) + 1)]
        if names != expected:
            missing = next(want for want, got in zip(expected, names, strict=True) if want != got)
            raise Conflict(
                f"the release log is broken: {store.uri(missing)} is missing",
                hint="restore it from the bucket's soft-deleted objects",
            )
        return names

    def _read(self, names: Sequence[str]) -> list[bytes]:
        with ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(self._context.store.read, names))

    def append(
        self,
        kind: EventType,
        *,
        lease: Lease | None,
        version: str = "",
        because: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> Event:
        """Append an event; Conflict when somebody else appended since the log was read."""
        number = self.ledger.sequence + 1
        event = Event(
            sequence=number,
            previous=self.ledger.head,
            time=self._time(),
            type=kind,
            model=self._model,
            run=self._context.run,
            actor=self._context.actor,
            version=version,
            because=because,
            lease=lease,
            data=dict(data or {}),
        )
        if kind in _ENDS:
            told = ledger.snapshot(ledger.fold([event], self.ledger))
            event = replace(event, data={**event.data, "ledger": told})
        encoded = event.encode()
        try:
            self._context.store.create(
                self._layout.event(number), encoded, content_type="application/json"
            )
        except Conflict as error:
            raise self._overtaken(number) from error
        self.events = (*self.events, event)
        head = events.chain_hash(encoded)
        self.ledger = replace(ledger.fold([event], self.ledger), head=head)
        return event

    def _time(self) -> datetime:
        """Return now, but never before the last event: a clock that jumps back changes no order."""
        now = self._context.clock.now()
        return max(now, self.events[-1].time) if self.events else now

    def _overtaken(self, number: int) -> Conflict:
        other = events.decode(self._context.store.read(self._layout.event(number)))
        what = other.data.get("command", other.type.value)
        return Conflict(
            f"another run was faster: {other.actor} ({what}) at {events.timestamp(other.time)}",
            hint=f"'gcp-deploy status -m {self._model}' shows what is; then run it again if needed",
        )


class Run:
    """A run that holds the lease of a model and writes its log."""

    def __init__(self, context: Context, log: ReleaseLog, lease: Lease) -> None:
        self._context = context
        self.log = log
        self._lease = lease

    def record(
        self,
        kind: EventType,
        *,
        version: str = "",
        because: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Append an event, and renew the lease with it."""
        self._lease = replace(self._lease, until=self._context.clock.now() + self._time)
        self.log.append(kind, lease=self._lease, version=version, because=because, data=data)

    def renew_if_due(self, operation: str) -> None:
        """Renew the lease when more than half of it has passed, while *operation* is waited for."""
        if self._lease.until - self._context.clock.now() < self._time / 2:
            self.record(EventType.OPERATION_STARTED, data={"operation": operation, "renewal": True})

    @property
    def _time(self) -> Any:
        return self._context.lease_time


@contextmanager
def hold(context: Context, log: ReleaseLog, command: str, steps: list[str]) -> Iterator[Run]:
    """Take the lease for the length of a run, and release it however the run ends.

    Raises:
        Conflict: another run holds it, and is not known to be dead.
    """
    now = context.clock.now()
    held = log.ledger.lease
    if (
        held
        and held.until > now
        and held.owner != context.owner
        and not context.is_dead(held.owner)
    ):
        raise Conflict(
            f"{held.owner} holds the lease since it began to {held.reason}, until "
            f"{events.timestamp(held.until)}",
            hint="wait for it to finish; a lease that expires is taken over without asking",
        )
    lease = Lease(context.run, context.owner, command, now + context.lease_time)
    data = {"command": command, "steps": steps, "place": context.place}
    log.append(EventType.STARTED, lease=lease, data=data)
    run = Run(context, log, lease)
    try:
        yield run
    except StillRunning as error:
        _release(log, EventType.INTERRUPTED, error.message)
        raise
    except (KeyboardInterrupt, SystemExit):
        _release(log, EventType.INTERRUPTED, "interrupted")
        raise
    except GcpDeployError as error:
        _release(log, EventType.FAILED, error.message)
        raise
    except Exception as error:  # a fault of ours: the log must tell all the same that it ended
        _release(log, EventType.FAILED, f"internal error: {type(error).__name__}")
        raise
    log.append(EventType.FINISHED, lease=None)


def release_leftover(context: Context, log: ReleaseLog) -> None:
    """Release the lease of a run that was killed after its work, before it could say so."""
    held = log.ledger.lease
    if held and (held.owner == context.owner or context.is_dead(held.owner)):
        log.append(EventType.FINISHED, lease=None)


def _release(log: ReleaseLog, kind: EventType, message: str) -> None:
    """Say in the log how the run ended. The error itself matters more than a lost entry."""
    try:
        log.append(kind, lease=None, data={"message": message, "operation": log.ledger.operation})
    except (Conflict, TemporaryError):
        return
