"""The embedded platform as a server, for as long as something is measured."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.measuring import COMMAND, run


@dataclass(frozen=True, slots=True)
class Platform:
    """A running embedded platform."""

    urls: dict[str, str]
    bucket: str
    project: str
    region: str


@contextmanager
def running(directory: Path) -> Iterator[Platform]:
    """Start the platform with its state in *directory*; stop it at the end."""
    ran = run([COMMAND, "local", "up", "--output", "json"], directory=directory)
    said: dict[str, Any] = json.loads(ran.output)
    try:
        yield Platform(said["urls"], said["bucket"], said["project"], said["region"])
    finally:
        run([COMMAND, "local", "down"], directory=directory)
