"""The program of the limited child: ``main`` gives up all rights, loads, and answers until the end.

One wire (an inherited socket) carries requests and answers; each answer repeats the nonce that the
launcher gave, so nothing that a model prints is taken for one.
"""

import io
import json
import os
import resource
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gcp_deploy.sandbox import frames
from gcp_deploy.sandbox.confine import confine
from gcp_deploy.sandbox.failures import PredictionRejected
from gcp_deploy.sandbox.limits import MEBIBYTE, Limits

_REQUEST_LIMIT = 1 << 30


class _Bounded(io.TextIOBase):
    """A text stream that writes so many bytes to a file descriptor and then drops the rest."""

    def __init__(self, descriptor: int, left: int) -> None:
        self._descriptor = descriptor
        self._left = left

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: str) -> int:
        data = text.encode("utf-8", "replace")[: self._left]
        self._left -= len(data)
        if data:
            os.write(self._descriptor, data)
        return len(text)


def main(wire: int) -> None:
    """Serve one model over the socket *wire* until the launcher hangs up."""
    channel = socket.socket(fileno=wire)
    channel.set_inheritable(False)
    request = frames.receive(channel, limit=_REQUEST_LIMIT)
    limits = Limits.decode(request["limits"])
    protections = confine(
        limits,
        scratch=Path(request["scratch"]),
        parent=request["parent"],
        readable=map(Path, request["import_path"]),
    )
    sys.stdout = _Bounded(1, limits.output)
    sys.stderr = _Bounded(2, limits.output)
    nonce = request["nonce"]
    answer, servant = _load(request, protections)
    while True:
        _reply(channel, answer, nonce, limits)
        if servant is None or answer["kind"] == "exhausted":
            break
        try:
            request = frames.receive(channel, limit=_REQUEST_LIMIT)
        except EOFError:
            break
        answer = _answer(servant, request)
    # The model may have left threads and exit handlers behind.
    os._exit(0)


def _load(request: Mapping[str, Any], protections: tuple[str, ...]) -> tuple[dict[str, Any], Any]:
    from gcp_deploy.serving.guard import CannotLoad
    from gcp_deploy.serving.servant import Servant

    try:
        servant = Servant.load(
            request["artifact"],
            column_names=request["column_names"],
            trusted_modules=request["trusted_modules"],
        )
        return _result({**servant.describe(), "protections": protections}), servant
    except CannotLoad as error:
        return _not_loadable(error.text, error.kind, error.detail, error.hint), None
    except MemoryError:
        return _exhausted(), None
    except BaseException as error:  # noqa: BLE001 -- SystemExit and what else a model may raise
        text = f"loading the artifact raised {type(error).__name__}: {error}"
        return _not_loadable(text, "unreadable", str(error), ""), None


def _answer(servant: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if request["do"] == "derive":
            return _result(servant.derive(request["rows"]))
        return _result(servant.predict(request["instances"], request["keywords"]))
    except PredictionRejected as error:
        return {"kind": "rejected", "text": error.text}
    except MemoryError:
        return _exhausted()
    except BaseException as error:  # noqa: BLE001 -- SystemExit and what else a model may raise
        return {"kind": "rejected", "text": f"the model raised {type(error).__name__}: {error}"}


def _reply(channel: socket.socket, answer: dict[str, Any], nonce: str, limits: Limits) -> None:
    try:
        encoded = json.dumps({"nonce": nonce, **answer}, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        encoded = _rejection(nonce, f"the answer is no JSON value: {error}")
    if len(encoded) > limits.answer:
        text = f"the answer is {len(encoded)} bytes, and the limit is {limits.answer}"
        encoded = _rejection(nonce, text)
    frames.send_encoded(channel, encoded)


def _rejection(nonce: str, text: str) -> bytes:
    return json.dumps({"nonce": nonce, "kind": "rejected", "text": text}).encode()


def _result(value: Any) -> dict[str, Any]:
    return {"kind": "result", "result": value}


def _not_loadable(text: str, reason: str, detail: str, hint: str) -> dict[str, Any]:
    return {
        "kind": "not loadable",
        "text": text[:2000],
        "reason": reason,
        "detail": detail[:2000],
        "hint": hint,
    }


def _exhausted() -> dict[str, Any]:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return {"kind": "exhausted", "text": f"needs more than {limit // MEBIBYTE} MiB of memory"}
