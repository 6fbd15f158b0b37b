"""Long-running operations of both APIs.

An operation is a row, and a named piece of work with JSON arguments. The process that accepted it
does the work, at once or in a thread, and is written into the row as its owner. When the owner is
killed, the next process that reads the operation, or opens the state, becomes its owner and does
the work again: no operation hangs. So work must bear being done twice, and a response must not
depend on which run gave it.
"""

import json
import logging
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.clock import timestamp
from gcp_deploy.emulator.problems import Code, Problem
from gcp_deploy.emulator.processes import ProcessId

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

logger = logging.getLogger(__name__)

Work = Callable[["Platform", "Task"], Mapping[str, Any]]
"""``work(platform, task) -> response``; raises Problem to fail the operation with its status."""

WorksOf = Callable[[str], Mapping[str, Work]]
"""Gives the named works of a kind: ``aiplatform`` or ``ml``."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as just read."""

    id: str
    name: str
    """Its full resource name, which ends in the id."""
    kind: str
    """The package it belongs to: ``aiplatform`` or ``ml``."""
    metadata: dict[str, Any]
    created: str
    updated: str
    done: bool = False
    cancelled: bool = False
    """Cancellation was requested; the work may still end otherwise."""
    error: dict[str, Any] | None = None
    """google.rpc.Status."""
    response: dict[str, Any] | None = None

    def resource(self) -> dict[str, Any]:
        """Return it as google.longrunning.Operation, with ``metadata`` as stored."""
        resource: dict[str, Any] = {"name": self.name, "metadata": self.metadata}
        if self.done:
            resource["done"] = True
            if self.error is not None:
                resource["error"] = self.error
            else:
                resource["response"] = self.response or {}
        return resource


class Task:
    """What a running work is given."""

    def __init__(self, operations: "Operations", operation: str, arguments: dict[str, Any]) -> None:
        self._operations = operations
        self.operation_id = operation
        self.arguments = arguments

    def update(self, **metadata: Any) -> None:
        """Set top-level fields of the operation's metadata, such as ``deploymentStage``."""
        self._operations.update(self.operation_id, metadata)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to cancel: long works look at it between their stages."""
        found = self._operations.peek(self.operation_id)
        return found is not None and found.cancelled


class Operations:
    """The operations of a state directory, and the works this process is doing."""

    def __init__(self, platform: "Platform", works_of: WorksOf) -> None:
        self._platform = platform
        self._state = platform.state
        self._works_of = works_of
        self._process = ProcessId.current()
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._closing = False

    def new_id(self) -> str:
        """Return a fresh numeric id, of the length Google's have."""
        return str(random.SystemRandom().randrange(10**18, 10**19 - 1))

    def start(
        self,
        kind: str,
        name: str,
        *,
        work: str,
        arguments: Mapping[str, Any],
        metadata: Mapping[str, Any],
        background: bool = False,
    ) -> Operation:
        """Begin an operation called *name* (it ends in its id) and return it.

        *work* is the name of one of the works of *kind*. Without *background* it is done when this
        returns, else in a thread. Call it outside a transaction, or at the end of one: a work that
        is done at once is then part of it, and a thread begins when it is committed.
        """
        now = timestamp(self._platform.clock.now())
        operation = name.rpartition("/")[2]
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT INTO operations (id, name, kind, metadata, work, arguments, created,"
                " updated, sequence, owner_pid, owner_started) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                (
                    *(operation, name, kind, json.dumps(metadata), work, json.dumps(arguments)),
                    *(now, now, self._state.next_number("revision")),
                    *(self._process.pid, self._process.started),
                ),
            )
            if background:  # once the row can be seen by the thread
                self._state.after_commit(lambda: self._spawn(operation))
        if not background:
            self._run(operation)
        found = self.peek(operation)
        assert found is not None
        return found

    def get(self, operation: str) -> Operation | None:
        """Return the operation by its id, or None; adopt it when its owner is dead."""
        found = self.peek(operation)
        if found is not None and not found.done and self._adopt(operation):
            return self.peek(operation)
        return found

    def peek(self, operation: str) -> Operation | None:
        """Return the operation by its id, or None, and touch nothing."""
        with self._state.connection() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM operations WHERE id = ?",  # noqa: S608
                (operation,),
            ).fetchone()
        return None if row is None else _operation(row)

    def list(self, kind: str, *, prefix: str = "") -> list[Operation]:
        """Return the operations of *kind* whose names start with *prefix*, newest first."""
        self.adopt_abandoned()
        with self._state.connection() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM operations WHERE kind = ?"  # noqa: S608
                " ORDER BY sequence DESC",
                (kind,),
            ).fetchall()
        return [found for found in map(_operation, rows) if found.name.startswith(prefix)]

    def update(self, operation: str, metadata: Mapping[str, Any]) -> None:
        """Merge *metadata* into that of an operation that is not done."""
        with self._state.transaction() as connection:
            connection.execute(
                "UPDATE operations SET metadata = json_patch(metadata, ?), updated = ?"
                " WHERE id = ? AND done = 0",
                (json.dumps(metadata), timestamp(self._platform.clock.now()), operation),
            )

    def cancel(self, operation: str) -> None:
        """Ask the work to stop; it looks between its stages, and may end otherwise."""
        with self._state.transaction() as connection:
            connection.execute(
                "UPDATE operations SET cancelled = 1 WHERE id = ? AND done = 0", (operation,)
            )

    def delete(self, operation: str) -> bool:
        """Forget the operation; tell whether there was one."""
        with self._state.transaction() as connection:
            done = connection.execute("DELETE FROM operations WHERE id = ?", (operation,))
            return done.rowcount > 0

    def wait(self, operation: str, timeout: float) -> Operation | None:
        """Return the operation when it is done, or as it is after *timeout* seconds."""
        clock = self._platform.clock
        deadline = clock.monotonic() + timeout
        while True:
            found = self.get(operation)
            left = deadline - clock.monotonic()
            if found is None or found.done or left <= 0:
                return found
            with self._lock:
                thread = self._threads.get(operation)
            if thread is not None:
                thread.join(left)
            else:
                clock.sleep(min(0.05, left))

    def adopt_abandoned(self) -> None:
        """Take over, in threads, every operation whose owner is dead."""
        with self._state.connection() as connection:
            rows = connection.execute("SELECT id FROM operations WHERE done = 0").fetchall()
        for (operation,) in rows:
            self._adopt(operation)

    def close(self, *, grace: float = 2.0) -> None:
        """Wait up to *grace* seconds for the works under way, then leave them to be adopted."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(grace)
        with self._lock:
            self._closing = True
            left = list(self._threads)
        for operation in left:
            with self._state.transaction() as connection:
                connection.execute(
                    "UPDATE operations SET owner_pid = 0, owner_started = ''"
                    " WHERE id = ? AND done = 0 AND owner_pid = ?",
                    (operation, self._process.pid),
                )

    def _adopt(self, operation: str) -> bool:
        """Become the owner of *operation* if its owner is dead; tell whether so."""
        with self._state.transaction() as connection:
            row = connection.execute(
                "SELECT owner_pid, owner_started FROM operations WHERE id = ? AND done = 0",
                (operation,),
            ).fetchone()
            if row is None or ProcessId(*row).alive():
                return False
            connection.execute(
                "UPDATE operations SET owner_pid = ?, owner_started = ? WHERE id = ?",
                (self._process.pid, self._process.started, operation),
            )
            self._state.after_commit(lambda: self._spawn(operation))
        return True

    def _spawn(self, operation: str) -> None:
        thread = threading.Thread(
            target=self._run, args=(operation,), name=f"operation-{operation}", daemon=True
        )
        with self._lock:
            self._threads[operation] = thread
            thread.start()

    def _run(self, operation: str) -> None:
        with self._state.connection() as connection:
            row = connection.execute(
                "SELECT kind, work, arguments FROM operations WHERE id = ?", (operation,)
            ).fetchone()
        if row is None:
            return
        kind, work, arguments = row
        error, response = None, None
        try:
            task = Task(self, operation, json.loads(arguments))
            response = dict(self._works_of(kind)[work](self._platform, task))
        except Problem as problem:
            error = problem.status()
        except Exception:  # an operation must end, whatever went wrong in its work
            logger.exception("the work %s of an operation broke", work)
            error = Problem(Code.INTERNAL, "Internal error encountered.").status()
        with self._lock:
            self._threads.pop(operation, None)
            if self._closing:
                return  # left to be adopted
        self._end(operation, error, response)

    def _end(
        self, operation: str, error: dict[str, Any] | None, response: dict[str, Any] | None
    ) -> None:
        with self._state.transaction() as connection:
            connection.execute(
                "UPDATE operations SET done = 1, error = ?, response = ?, updated = ?"
                " WHERE id = ? AND done = 0 AND owner_pid = ? AND owner_started = ?",
                (
                    None if error is None else json.dumps(error),
                    None if response is None else json.dumps(response),
                    *(timestamp(self._platform.clock.now()), operation),
                    *(self._process.pid, self._process.started),
                ),
            )


_COLUMNS = "id, name, kind, metadata, created, updated, done, cancelled, error, response"


def _operation(row: tuple[Any, ...]) -> Operation:
    name, full, kind, metadata, created, updated, done, cancelled, error, response = row
    return Operation(
        *(name, full, kind, json.loads(metadata), created, updated, bool(done), bool(cancelled)),
        error=None if error is None else json.loads(error),
        response=None if response is None else json.loads(response),
    )
