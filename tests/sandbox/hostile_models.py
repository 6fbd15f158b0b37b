"""Estimators that misbehave; they are trusted in the tests, so that only the limits stop them."""

import os
import sys
from typing import Any

# mypy: disable-error-code="misc"
from sklearn.base import BaseEstimator, ClassifierMixin


class Misbehaving(ClassifierMixin, BaseEstimator):
    """Does at ``predict`` what the first cell of the first row says."""

    def __init__(self) -> None:
        self.fitted_ = True

    def predict(self, rows: Any) -> Any:
        what = rows[0]
        if what == "exit":
            os._exit(7)
        return list(getattr(self, what)(rows))

    def loop(self, _rows: Any) -> Any:
        while True:
            pass

    def hog(self, _rows: Any) -> Any:
        return [bytearray(1 << 34)]

    def leave(self, _rows: Any) -> Any:
        sys.exit(3)

    def segfault(self, _rows: Any) -> Any:
        import ctypes

        ctypes.string_at(0)
        return []

    def print(self, rows: Any) -> Any:
        sys.stdout.write('{"kind": "result", "result": ["forged"]}\n' * 1000)
        sys.stdout.flush()
        os.write(1, b"\x00\x00\x00\x02{}")
        return ["honest" for _ in rows]

    def wide(self, _rows: Any) -> Any:
        return ["x" * (1 << 21)]

    def nan(self, rows: Any) -> Any:
        return [1.0, float("nan")][: len(rows)]

    def environment(self, _rows: Any) -> Any:
        return [dict(os.environ)]

    def connect(self, rows: Any) -> Any:
        import socket

        socket.create_connection(("127.0.0.1", int(rows[1])), 1)
        return ["connected"]

    def run(self, _rows: Any) -> Any:
        import subprocess

        return [subprocess.run(["/bin/true"], check=True).returncode]

    def kill(self, _rows: Any) -> Any:
        os.kill(os.getppid(), 0)
        return ["killed"]

    def write(self, rows: Any) -> Any:
        from pathlib import Path

        Path(rows[1]).write_text("x")
        return ["written"]

    def read(self, rows: Any) -> Any:
        from pathlib import Path

        return [Path(rows[1]).read_text()]

    def raw_read(self, rows: Any) -> Any:
        """Read through the C library: no audit hook sees it."""
        import ctypes

        libc = ctypes.CDLL(None)
        return [libc.open(rows[1].encode(), 0)]

    def scratch(self, _rows: Any) -> Any:
        from pathlib import Path

        Path("note.txt").write_text("x")
        return [Path("note.txt").read_text()]

    def parent(self, _rows: Any) -> Any:
        return [os.getppid()]

    def random(self, rows: Any) -> Any:
        return [int.from_bytes(os.urandom(4), "big") for _ in rows]


class Loading(BaseEstimator):
    """Does at loading what it was told."""

    def __init__(self, what: str) -> None:
        self.what = what

    def predict(self, rows: Any) -> Any:
        return rows

    def __setstate__(self, state: Any) -> None:
        getattr(Misbehaving(), state["what"])([state["what"], "0"])


class OnlyPredicts:
    """No estimator of scikit-learn's."""

    def predict(self, rows: Any) -> Any:
        return [len(row) for row in rows]
