"""Which embedded platform is running on a state directory.

``gcp-deploy local up`` writes ``platform.json`` there. The file may outlive the process that
wrote it, and its pid may be another process by then; so the start time is compared where the
system tells it (``/proc``).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLATFORM_FILE = "platform.json"
SERVICES = ("storage", "aiplatform", "ml")


@dataclass(frozen=True, slots=True)
class LocalPlatform:
    """An embedded platform that is running as a server."""

    pid: int
    urls: Mapping[str, str]
    """By service: ``storage``, ``aiplatform``, ``ml``."""
    project: str
    project_number: str
    region: str
    bucket: str


def running_platform(state_dir: Path) -> LocalPlatform | None:
    """Return the embedded platform running on *state_dir*, or None.

    A file that is missing, half written, of another version or left by a dead process means None.
    """
    import json

    try:
        content = json.loads((state_dir / PLATFORM_FILE).read_bytes())
        found = _platform(content)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if _alive(found.pid, content.get("process_started")) else None


def process_start(pid: int) -> str:
    """Return when *pid* started, in clock ticks since boot, or ``""`` where nothing tells it.

    A process that has ended and was not waited for yet has no start time any more.
    Source: fields 3 and 22 of ``/proc/PID/stat``, counted after the command's closing parenthesis.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] not in "ZX" else ""


def _platform(content: Mapping[str, Any]) -> LocalPlatform:
    if content["schema_version"] != 1:
        raise ValueError(content["schema_version"])
    return LocalPlatform(
        pid=int(content["pid"]),
        urls={name: str(content["urls"][name]).rstrip("/") for name in SERVICES},
        project=str(content["project"]),
        project_number=str(content["project_number"]),
        region=str(content["region"]),
        bucket=str(content["bucket"]),
    )


def _alive(pid: int, started: object) -> bool:
    if pid <= 0:
        return False
    now = process_start(pid)
    if started and Path("/proc/self/stat").exists():
        return str(started) == now
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
