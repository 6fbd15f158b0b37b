"""The running models of one platform: limited child processes by key, each loads its model once.

The state survives a restart of the platform and processes do not: a model that is not running
starts again with the first request to it. Beyond :data:`MOST` the one that was idle longest ends.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform
    from gcp_deploy.sandbox.process import ModelProcess

MOST = 8
"""Models that run at once; each takes about 150 MB."""

Artifact = Callable[[], AbstractContextManager[Path]]
"""Gives the model's file for as long as it is being loaded."""


class _Slot:
    """The place of one key; its lock is held while its model starts."""

    def __init__(self) -> None:
        self.starting = threading.Lock()
        self.process: ModelProcess | None = None
        self.users = 0
        self.stopped = False


class ModelPool:
    """The models that answer, and those being started; safe to use from any thread."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = False
        self.trusted_modules: Sequence[str] = ()
        """Modules of the deployer's own that models may use."""
        self.import_path: Sequence[Path] = ()
        """Where those are imported from, when they are not installed."""

    @contextmanager
    def use(self, key: str, artifact: Artifact, *, column_names: bool) -> Iterator["ModelProcess"]:
        """Lend the model of *key*, started when none is alive; it is not evicted meanwhile.

        *column_names* as for ``ModelProcess.start``. Raises ModelFailed, or its NotLoadable, when
        the model cannot be started.
        """
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            slot.users += 1
            self._slots.move_to_end(key)
        try:
            yield self._started(slot, artifact, column_names=column_names)
        finally:
            with self._lock:
                slot.users -= 1
                unwanted = self._unwanted()
            for process in unwanted:
                process.close()

    def stop(self, key: str) -> None:
        """End the model of *key*, if there is one, also while it answers."""
        with self._lock:
            slot = self._slots.pop(key, None)
            if slot is None:
                return
            slot.stopped = True
            process, slot.process = slot.process, None
        if process is not None:
            process.close()

    def close(self) -> None:
        """End all models; none starts any more."""
        with self._lock:
            self._closed = True
            keys = list(self._slots)
        for key in keys:
            self.stop(key)

    def running(self) -> tuple[str, ...]:
        """Return the keys of the models that are alive, the one idle longest first."""
        with self._lock:
            found = [(key, slot.process) for key, slot in self._slots.items()]
        return tuple(key for key, process in found if process is not None and process.alive)

    def _started(self, slot: _Slot, artifact: Artifact, *, column_names: bool) -> "ModelProcess":
        from gcp_deploy.errors import ModelFailed
        from gcp_deploy.sandbox.process import ModelProcess

        with slot.starting:
            found = slot.process
            if found is not None and found.alive:
                return found
            if found is not None:
                found.close()
            with artifact() as path:
                process = ModelProcess.start(
                    path,
                    column_names=column_names,
                    trusted_modules=self.trusted_modules,
                    import_path=self.import_path,
                )
            with self._lock:
                if not slot.stopped and not self._closed:
                    slot.process = process
                    return process
        process.close()
        raise ModelFailed("the model was stopped while it was being started")

    def _unwanted(self) -> list["ModelProcess"]:
        """Take out what is idle beyond the limit, and slots whose model did not start."""
        idle = [(key, slot) for key, slot in self._slots.items() if slot.users == 0]
        empty = [key for key, slot in idle if slot.process is None]
        for key in empty:
            del self._slots[key]
        taken = []
        for key, slot in idle:
            if len(self._slots) <= self._most:
                break
            if slot.process is not None:
                taken.append(slot.process)
                slot.stopped = True
                del self._slots[key]
        return taken


_making = threading.Lock()


def pool_of(platform: "Platform") -> ModelPool:
    """Return the pool of *platform*, which ends with it."""
    with _making:
        if platform.models is None:
            platform.models = ModelPool()
            platform.on_close(platform.models.close)
        pool: ModelPool = platform.models
        return pool
