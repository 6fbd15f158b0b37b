"""Who a process is, so that the dead can be told from the living although numbers are reused."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process number together with the moment its process began."""

    pid: int
    started: str
    """The kernel's word for the start time; only compared, never read."""

    @classmethod
    def current(cls) -> "ProcessId":
        """Return this process."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """Return the process that has the number *pid* now."""
        return cls(pid, _start(pid))

    def alive(self) -> bool:
        """Tell whether this very process still runs; a zombie does not."""
        return bool(self.started) and _start(self.pid) == self.started


def _start(pid: int) -> str:
    """Return when process *pid* began, ``""`` when there is none."""
    if Path("/proc/self/stat").exists():
        try:
            text = Path(f"/proc/{pid}/stat").read_text("latin-1")
        except OSError:
            return ""
        # proc(5): "pid (comm) state ppid ...", where comm may hold anything; field 22 is the start.
        fields = text.rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    found = subprocess.run(  # noqa: S603 -- a fixed program with a number
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, started = found.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()
