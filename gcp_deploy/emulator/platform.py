"""The embedded platform as an object: open a state directory, start, use its URLs, close.

    with Platform.open(Path(".gcp-deploy")) as platform:
        platform.start()
        ...  # talk to platform.urls

Several platforms may share one state directory, in one process or in many.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gcp_deploy.emulator.application import Application, PackageOf, load
from gcp_deploy.emulator.clock import Clock, SystemClock, timestamp
from gcp_deploy.emulator.http import HttpServer
from gcp_deploy.emulator.operations import Operations
from gcp_deploy.emulator.state import State

PROJECT = "local-project"
PROJECT_NUMBER = "424242424242"
"""Names in answers carry the number: who compares them with the id finds out here."""
REGION = "us-central1"
BUCKET = "local-models"


class Platform:
    """State, operations and the HTTP server of one embedded platform."""

    project = PROJECT
    project_number = PROJECT_NUMBER
    region = REGION
    bucket = BUCKET

    def __init__(self, state: State, *, port: int = 0, package_of: PackageOf = load) -> None:
        self.state = state
        self.clock = state.clock
        self.operations = Operations(self, lambda kind: package_of(kind).WORKS)
        self.application = Application(self, package_of)
        self.models: Any = None
        """The pool of model servers; made by the first package that deploys a model."""
        self._server = HttpServer(self.application, port=port)
        self._closing: list[Callable[[], None]] = []

    @classmethod
    def open(
        cls,
        state_dir: Path,
        *,
        port: int = 0,
        clock: Clock | None = None,
        package_of: PackageOf = load,
    ) -> "Platform":
        """Open *state_dir*, made when it is missing, and listen on 127.0.0.1:*port* (0: any).

        Raises:
            Conflict: the state was written by a newer version.
            OSError: the directory cannot be written, or the port is taken.
        """
        state = State(state_dir, clock=clock or SystemClock())
        try:
            platform = cls(state, port=port, package_of=package_of)
        except OSError:
            state.close()
            raise
        platform.ensure_bucket()
        return platform

    @property
    def urls(self) -> dict[str, str]:
        """The base URL of each API: all on one port, because their paths do not collide."""
        url = f"http://127.0.0.1:{self._server.port}"
        return {"storage": url, "aiplatform": url, "ml": url}

    def ensure_bucket(self) -> None:
        """Make the bucket that local deployments use, once in the life of the state."""
        from gcp_deploy.emulator.storage.buckets import create

        with self.state.transaction():
            if self.state.get("platform", "bucket") is None:
                create(self, {"name": self.bucket})
                self.state.put("platform", "bucket", {"name": self.bucket})

    def start(self) -> None:
        """Answer requests, in threads, and go on with operations that a killed process left."""
        self._server.start()
        self.operations.adopt_abandoned()

    def sweep(self) -> None:
        """Remove what killed processes left behind, and upload sessions of more than a week."""
        from gcp_deploy.emulator.storage.resumable import expire

        self.state.blobs.sweep()
        expire(self)

    def on_close(self, action: Callable[[], None]) -> None:
        """Run *action* when the platform closes, the latest first."""
        self._closing.append(action)

    def close(self, *, grace: float = 5.0) -> None:
        """End requests and works under way, within about *grace* seconds each, and let go."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.state.close)
            for action in self._closing:
                stack.callback(action)
            self._closing = []
            self._server.close(grace=grace)
            self.operations.close(grace=min(grace, 2.0))

    def describe(self) -> dict[str, Any]:
        """Return what other programs need to know: the answer of ``gcp-deploy local up``."""
        return {
            "schema_version": 1,
            "pid": os.getpid(),
            "urls": self.urls,
            "project": self.project,
            "project_number": self.project_number,
            "region": self.region,
            "bucket": self.bucket,
        }

    def now(self) -> str:
        """Return the time of the platform as answers carry it."""
        return timestamp(self.clock.now())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
