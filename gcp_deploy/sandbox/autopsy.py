"""How a child process ended, in words."""

import signal
from typing import IO

from gcp_deploy.sandbox.limits import MEBIBYTE, Limits

_KEPT = 300


def ending(status: int, limits: Limits) -> str:
    """Say what the exit status of a dead child means."""
    if status >= 0:
        return f"ended by itself with exit status {status}"
    match -status:
        case signal.SIGXCPU:
            assert limits.processor_time is not None
            return f"used up its {limits.processor_time.total_seconds():g} s of processor time"
        case signal.SIGKILL:
            return "was killed, perhaps because the machine ran out of memory"
        case signal.SIGABRT:
            return f"gave up, perhaps for want of memory ({limits.memory // MEBIBYTE} MiB)"
        case signal.SIGSEGV | signal.SIGBUS:
            return "crashed: it read memory that is not there (the file may be damaged)"
    return f"was ended by {signal.Signals(-status).name}"


def last_words(output: IO[bytes]) -> str:
    """Return the last line that the child wrote, made fit to print, or nothing."""
    size = output.seek(0, 2)
    output.seek(max(0, size - 4096))
    lines = output.read().decode("utf-8", "replace").strip().splitlines()
    if not lines:
        return ""
    line = "".join(letter if letter.isprintable() else " " for letter in lines[-1]).strip()
    return f"; its last line was: {line[:_KEPT]}"
