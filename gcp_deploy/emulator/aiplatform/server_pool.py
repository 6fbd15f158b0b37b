"""The limited child processes of one platform object, by key; each loads its model once."""

import threading
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform
    from gcp_deploy.sandbox.process import ModelProcess

Artifact = Callable[[], AbstractContextManager[Path]]
"""Gives the model's file for as long as it is being loaded."""


class ServerPool:
    """Model processes that answer, and those being started; safe to use from any thread."""

    def __init__(self) -> None:
        self._processes: dict[str, ModelProcess] = {}
        self._starting: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._closed = False

    def get(self, key: str, artifact: Artifact, *, column_names: bool) -> "ModelProcess":
        """Return the process of *key*, started when there is none that lives.

        Raises:
            ModelFailed: the model could not be loaded.
        """
        from gcp_deploy.sandbox.process import ModelProcess

        with self._lock:
            starting = self._starting.setdefault(key, threading.Lock())
        with starting:
            found = self._processes.get(key)
            if found is not None and found.alive:
                return found
            if found is not None:
                found.close()
            with artifact() as path:
                process = ModelProcess.start(path, column_names=column_names)
            with self._lock:
                if not self._closed:
                    self._processes[key] = process
                    return process
        process.close()
        return process

    def stop(self, key: str) -> None:
        """End the process of *key*, if there is one."""
        with self._lock:
            process = self._processes.pop(key, None)
            self._starting.pop(key, None)
        if process is not None:
            process.close()

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._closed = True
            processes = list(self._processes.values())
            self._processes.clear()
        for process in processes:
            process.close()


_POOLS: "weakref.WeakKeyDictionary[Platform, ServerPool]" = weakref.WeakKeyDictionary()
_POOLS_LOCK = threading.Lock()


def pool_of(platform: "Platform") -> ServerPool:
    """Return the pool of *platform*, which ends with it."""
    with _POOLS_LOCK:
        pool = _POOLS.get(platform)
        if pool is None:
            pool = _POOLS[platform] = ServerPool()
            platform.on_close(pool.close)
        return pool
