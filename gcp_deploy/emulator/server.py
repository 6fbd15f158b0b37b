"""The embedded platform as a server of its own: start, find, stop, forget.

One server per state directory: it holds ``server.lock`` while it lives, and writes where it can be
reached to ``platform.json``. Platforms inside commands take no part in this.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from gcp_deploy.emulator.blobs import create_private, write_all
from gcp_deploy.emulator.clock import Clock, SystemClock
from gcp_deploy.emulator.locks import FileLock
from gcp_deploy.emulator.processes import ProcessId
from gcp_deploy.errors import Conflict, ExitCode, TemporaryError

DESCRIPTION = "platform.json"
LOCK = "server.lock"
_STEP = 0.01
_LOG_TAIL = 400


def serve(state_dir: Path, *, port: int = 0, ready: Callable[[dict[str, Any]], None]) -> None:
    """Serve *state_dir* until SIGTERM or SIGINT; *ready* is told when requests are answered.

    Raises:
        Conflict: another server serves this state directory, or the port is taken.
    """
    from gcp_deploy.emulator.platform import Platform
    from gcp_deploy.emulator.state import private_folder

    lock = FileLock(private_folder(state_dir) / LOCK)
    if not lock.acquire(wait=False):
        raise _second(state_dir)
    with contextlib.ExitStack() as stack:
        stack.callback(lock.release)
        ended = stack.enter_context(_signals())
        try:
            platform = stack.enter_context(Platform.open(state_dir, port=port))
        except OSError as error:
            if port == 0:
                raise
            raise Conflict(
                f"port {port} cannot be used: {error.strerror or error}",
                hint="another --port, or 0 for a free one",
            ) from error
        platform.sweep()
        platform.start()
        description = _description(platform.describe())
        lock.write(description)
        _publish(state_dir, description)
        stack.callback((state_dir / DESCRIPTION).unlink, missing_ok=True)
        ready(platform.describe())
        ended.wait()


def running(state_dir: Path) -> dict[str, Any] | None:
    """Return the description of the server of *state_dir*, or None when none lives.

    It stands in the lock too, so that a server can be found and ended although somebody lost or
    damaged ``platform.json``.
    """
    for name in (DESCRIPTION, LOCK):
        try:
            found = json.loads((state_dir / name).read_bytes())
            process = ProcessId(found["pid"], found.pop("process_started"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # none, or not ours
            continue
        if process.alive():
            return dict(found)
    return None


def spawn(
    state_dir: Path, *, port: int = 0, timeout: timedelta, clock: Clock | None = None
) -> dict[str, Any]:
    """Return the running server of *state_dir*, started in the background when there is none.

    Raises:
        Conflict: the port is taken, or the state is that of a newer version.
        TemporaryError: it did not come up within *timeout*; the message holds its last words.
    """
    from gcp_deploy.emulator.state import private_folder

    if found := running(state_dir):
        _publish(state_dir, (state_dir / LOCK).read_text())  # commands look there alone
        return found
    clock = clock or SystemClock()
    log = private_folder(state_dir) / "server.log"
    command = [sys.executable, "-m", "gcp_deploy.emulator"]
    with _log(log) as output:
        child = subprocess.Popen(  # noqa: S603 -- our own module
            [*command, "--state", str(state_dir), "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            start_new_session=True,
        )
    deadline = clock.monotonic() + timeout.total_seconds()
    while clock.monotonic() < deadline:
        if found := running(state_dir):
            _let_go(child, found["pid"])
            return found
        if child.poll() is not None and not _served(state_dir):
            raise _no_server("did not start", log, child.returncode)
        clock.sleep(_STEP)
    child.terminate()
    child.wait()
    raise _no_server(f"did not answer within {timeout.total_seconds():g} s", log)


def _let_go(child: "subprocess.Popen[bytes]", serving: int) -> None:
    """Leave *child* to itself when it serves; a start that lost the race must not come up later."""
    if child.pid != serving:
        child.terminate()
        child.wait()
    child.returncode = 0  # it goes on without us: nobody waits for it


def stop(state_dir: Path, *, timeout: float = 20.0, clock: Clock | None = None) -> None:
    """End the server of *state_dir*; none running is fine. What does not end in time is killed."""
    clock = clock or SystemClock()
    process = _process(state_dir)
    if process is None:
        return
    deadline = clock.monotonic() + timeout
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
        while process.alive():
            if clock.monotonic() > deadline:
                os.kill(process.pid, signal.SIGKILL)
                deadline += timeout
            clock.sleep(_STEP)
    (state_dir / DESCRIPTION).unlink(missing_ok=True)


def reset(state_dir: Path) -> None:
    """Throw away everything that is stored in *state_dir*.

    Raises:
        Conflict: a server is running on it.
    """
    from gcp_deploy.emulator.state import DATA

    if not state_dir.is_dir():
        return
    lock = FileLock(state_dir / LOCK)
    if not lock.acquire(wait=False):
        raise _second(state_dir)
    try:
        if (state_dir / DATA / "state.db").exists():  # ours, and not a folder of that name
            shutil.rmtree(state_dir / DATA)
        (state_dir / DESCRIPTION).unlink(missing_ok=True)
    finally:
        lock.release()


def _description(platform: dict[str, Any]) -> str:
    """Write down a platform that this process serves, and who this process is."""
    found = {**platform, "started": SystemClock().now().isoformat()}
    return json.dumps({**found, "process_started": ProcessId.current().started}, indent=2)


def _publish(state_dir: Path, description: str) -> None:
    scratch = state_dir / f".{DESCRIPTION}.{os.getpid()}"
    scratch.unlink(missing_ok=True)
    with create_private(scratch) as file:
        write_all(file, description.encode())
    scratch.replace(state_dir / DESCRIPTION)


def _log(path: Path) -> BinaryIO:
    """Open the log afresh; two that start at once may share it."""
    flags = os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_WRONLY | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "ab", buffering=0)


def _served(state_dir: Path) -> bool:
    """Tell whether a server holds the state: one that somebody else is starting just now."""
    lock = FileLock(state_dir / LOCK)
    free = lock.acquire(wait=False)
    lock.release()
    return not free


def _process(state_dir: Path) -> ProcessId | None:
    found = running(state_dir)
    if found is None:
        return None
    process = ProcessId.of(found["pid"])
    return process if process.alive() else None


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set; other threads than the main one get no signals."""
    ended = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield ended
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _second(state_dir: Path) -> Conflict:
    found = running(state_dir)
    who = f"process {found['pid']}" if found else "another process"
    return Conflict(
        f"the platform's state {state_dir} is served by {who} already",
        hint="gcp-deploy local status shows where; gcp-deploy local down ends it",
    )


def _no_server(what: str, log: Path, code: int = 0) -> Conflict | TemporaryError:
    words = log.read_text("utf-8", "replace")[-_LOG_TAIL:].strip()
    words = "".join(letter if letter.isprintable() else " " for letter in words)
    said = f": {words}" if words else ""
    kind = Conflict if code == ExitCode.CONFLICT else TemporaryError
    return kind(f"the platform's server {what}{said}", hint=f"its log is {log}")
