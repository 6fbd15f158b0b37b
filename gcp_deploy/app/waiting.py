"""Waiting for long-running operations, with their stages as progress, up to a deadline."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from gcp_deploy.app.context import Context
from gcp_deploy.app.outcomes import Waited
from gcp_deploy.domain import durations
from gcp_deploy.domain.operations import Operation, stage_text
from gcp_deploy.errors import DeployFailed, StillRunning

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of a command's patience."""

    at: float
    """On the monotonic clock."""
    timeout: timedelta

    @classmethod
    def after(cls, context: Context, timeout: timedelta) -> "Deadline":
        """Return the deadline *timeout* from now."""
        return cls(context.clock.monotonic() + timeout.total_seconds(), timeout)

    def check(self, context: Context, text: str, *, operation: str = "", ahead: float = 0) -> None:
        """Raise StillRunning when the deadline is less than *ahead* seconds away."""
        if context.clock.monotonic() + ahead > self.at:
            wait_for = f"; or: gcp-deploy operations wait {operation}" if operation else ""
            raise StillRunning(
                f"{text} after {durations.show(self.timeout)}",
                hint=f"the same command goes on where it stopped{wait_for}",
                operation=operation,
            )


def wait(context: Context, operation: str, *, timeout: timedelta) -> Waited:
    """Wait for an operation by its name.

    Raises:
        DeployFailed: it ended in an error; the message is the server's.
        StillRunning: *timeout* passed.
    """
    began = context.clock.monotonic()
    done = until_done(context, operation, Deadline.after(context, timeout), "waiting")
    return Waited(operation, stage_text(done.stage), context.clock.monotonic() - began)


def until_done(
    context: Context,
    name: str,
    deadline: Deadline,
    text: str,
    on_poll: Callable[[], None] = lambda: None,
) -> Operation:
    """Poll operation *name* until it is done; *on_poll* is called between polls."""
    with context.reporter.progress(text) as progress:
        pauses = _pauses()
        while not (operation := context.operations.get(name)).done:
            if operation.stage:
                progress.stage(stage_text(operation.stage))
            pause = next(pauses)
            deadline.check(context, f"{name} is still running", operation=name, ahead=pause)
            context.clock.sleep(pause)
            on_poll()
    if operation.error:
        raise DeployFailed(operation.error, hint=_next_step(operation))
    return operation


def _next_step(operation: Operation) -> str:
    if "never became ready" in operation.error or "Bad model detected" in operation.error:
        return "'gcp-deploy inspect ARTIFACT' tells what the file needs of the server"
    return f"traffic is what it was; the operation is {operation.name}"


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 1.5, _LONGEST_PAUSE)
