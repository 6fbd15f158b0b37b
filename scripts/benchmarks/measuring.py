"""Running fresh processes, gathering what they took, comparing it with a yardstick.

The measuring process imports little: what a child inherits between fork and exec counts towards
its peak memory.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20
BIN = Path(sys.executable).parent
PYTHON = sys.executable
COMMAND = str(BIN / "gcp-deploy")
PRIVATE = ("GCP_DEPLOY_", "GOOGLE_", "CLOUDSDK_", "STORAGE_EMULATOR_HOST")


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that ended well."""

    seconds: float
    peak_mib: float
    output: str


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment without settings and accounts of whoever measures."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(PRIVATE)}
    return clean | dict(extra or {})


def run(
    command: Sequence[str],
    *,
    directory: Path | None = None,
    extra: Mapping[str, str] | None = None,
) -> Ran:
    """Run *command* to its end; a code other than 0 ends the measurement with what it said."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment(extra),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            said = (output.read() + errors.read()).decode(errors="replace")
            sys.exit(f"{' '.join(command)}\nended with {process.returncode}:\n{said}")
        kib = usage.ru_maxrss / (1 if sys.platform == "linux" else 1024)
        return Ran(seconds, kib / 1024, output.read().decode())


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing: the median, and its ratio to the yardstick of the same rounds."""

    part: str
    name: str
    unit: str
    median: float
    low: float
    high: float
    repetitions: int
    yardstick: str = ""
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None


@dataclass(slots=True)
class Samples:
    """The values of one part, by name, gathered in interleaved rounds."""

    part: str
    unit: str
    values: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, value: float) -> None:
        """Note one more value."""
        self.values[name].append(value)

    def row(
        self,
        name: str,
        *,
        yardstick: str = "",
        ratio_at_most: float | None = None,
        ratio_at_least: float | None = None,
        at_most: float | None = None,
    ) -> Row:
        """Return the median of *name*, held against its yardstick and its goal."""
        values = self.values[name]
        median = statistics.median(values)
        ratio = median / statistics.median(self.values[yardstick]) if yardstick else None
        goal, met = "", None
        if ratio is not None and ratio_at_most is not None:
            goal, met = f"<= {ratio_at_most:g}x", ratio <= ratio_at_most
        elif ratio is not None and ratio_at_least is not None:
            goal, met = f">= {ratio_at_least:g}x", ratio >= ratio_at_least
        elif at_most is not None:
            goal, met = f"<= {at_most:g} {self.unit}", median <= at_most
        return Row(
            part=self.part,
            name=name,
            unit=self.unit,
            median=round(median, 4),
            low=round(min(values), 4),
            high=round(max(values), 4),
            repetitions=len(values),
            yardstick=yardstick,
            ratio=None if ratio is None else round(ratio, 3),
            goal=goal,
            met=met,
        )
