"""How much a model may take: memory, time, files, output."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one child process; sizes in bytes."""

    memory: int = 8192 * MEBIBYTE
    """Address space. It counts what is mapped, about 1 GiB before a model is loaded."""
    processor_time: timedelta | None = None
    """Over the whole life of the process; None for a process that serves for days."""
    file_size: int = 64 * MEBIBYTE
    """The largest file the model may write, in its own scratch folder."""
    open_files: int = 256
    answer: int = 64 * MEBIBYTE
    """The largest answer to one request."""
    output: int = 1 * MEBIBYTE
    """What is kept of the model's own standard output and error; the rest is dropped."""
    load: timedelta = timedelta(seconds=120)
    predict: timedelta = timedelta(seconds=60)

    def encode(self) -> dict[str, float | None]:
        """Write the limits as a JSON object."""
        time = self.processor_time
        return {
            "memory": self.memory,
            "processor_time": None if time is None else time.total_seconds(),
            "file_size": self.file_size,
            "open_files": self.open_files,
            "answer": self.answer,
            "output": self.output,
        }

    @classmethod
    def decode(cls, body: Mapping[str, Any]) -> "Limits":
        """Read what :meth:`encode` wrote; the launcher alone watches the clock."""
        seconds = body["processor_time"]
        return cls(
            memory=body["memory"],
            processor_time=None if seconds is None else timedelta(seconds=seconds),
            file_size=body["file_size"],
            open_files=body["open_files"],
            answer=body["answer"],
            output=body["output"],
        )
