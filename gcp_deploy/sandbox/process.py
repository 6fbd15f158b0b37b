"""One model in one limited child process, seen from outside. Nothing is unpickled here."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gcp_deploy.errors import ModelFailed
from gcp_deploy.sandbox import autopsy, frames
from gcp_deploy.sandbox.failures import NotLoadable, PredictionRejected
from gcp_deploy.sandbox.info import ModelInfo
from gcp_deploy.sandbox.launch import Child, launch
from gcp_deploy.sandbox.limits import Limits

_LAST_WORDS_SECONDS = 5


class ModelProcess:
    """A model that answers from a limited child process; safe to use from several threads.

    Only a complete answer that carries the nonce of this process is believed; any other end is
    ModelFailed, and the child is killed with all that it started.
    """

    def __init__(self, child: Child, limits: Limits) -> None:
        """Take over a child that was just launched; use :meth:`start`."""
        self._child = child
        self._limits = limits
        self._nonce = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._closed = False
        self._info: ModelInfo | None = None

    @classmethod
    def start(
        cls,
        artifact: Path | int,
        *,
        column_names: bool,
        limits: Limits | None = None,
        trusted_modules: Sequence[str] = (),
        import_path: Sequence[Path] = (),
    ) -> Self:
        """Start the child and load *artifact*, a path or an open file, from its first byte.

        *column_names* says whether rows reach the model with the names of their columns, as in
        our serving image, or as the bare list that was sent, as in the prebuilt images.
        *trusted_modules* are modules of the deployer's own that the file may use; they are
        imported from *import_path*. Raises NotLoadable, or ModelFailed when the child died.
        """
        limits = limits or Limits()
        opened = artifact if isinstance(artifact, int) else _open(artifact)
        try:
            model = cls(launch(opened, import_path=import_path), limits)
            configuration = {
                "artifact": opened,
                "parent": os.getpid(),
                "scratch": model._child.scratch.name,
                "column_names": column_names,
                "trusted_modules": list(trusted_modules),
                "import_path": [str(path.resolve()) for path in import_path],
                "limits": limits.encode(),
            }
            model._load(configuration)
        finally:
            if not isinstance(artifact, int):
                os.close(opened)
        return model

    @property
    def info(self) -> ModelInfo:
        """What the child told about the model."""
        assert self._info is not None
        return self._info

    @property
    def alive(self) -> bool:
        """Tell whether the model can still be asked."""
        return not self._closed and self._child.process.poll() is None

    def predict(
        self, instances: Sequence[Any], *, keywords: Mapping[str, Any] | None = None
    ) -> list[Any]:
        """Return one prediction for each instance, as JSON values.

        *keywords* go to the model's own ``predict``, as Google's prebuilt servers do with unknown
        keys of the request. Raises PredictionRejected, and ModelFailed when the child is gone.
        """
        request = {"do": "predict", "instances": list(instances), "keywords": dict(keywords or {})}
        predictions = self._ask(request, self._limits.predict.total_seconds())
        if not isinstance(predictions, list):
            raise self._failed("answered something that is no list")
        return predictions

    def derive(self, rows: int) -> list[Any]:
        """Return up to *rows* plausible instances, found in the fitted model without any data."""
        derived = self._ask({"do": "derive", "rows": rows}, self._limits.predict.total_seconds())
        if not isinstance(derived, list):
            raise self._failed("answered something that is no list")
        return derived

    def close(self) -> None:
        """End the child and remove its folder; safe to call twice."""
        self._closed = True
        process = self._child.process
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._child.channel.close()
        self._child.output.close()
        self._child.scratch.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _load(self, configuration: Mapping[str, Any]) -> None:
        try:
            body = self._ask({"do": "load", **configuration}, self._limits.load.total_seconds())
            self._info = ModelInfo.decode(body)
        except (KeyError, TypeError, ValueError) as error:
            raise self._failed("did not describe the model") from error
        except BaseException:
            self.close()
            raise

    def _ask(self, request: Mapping[str, Any], seconds: float) -> Any:
        try:
            encoded = json.dumps({"nonce": self._nonce, **request}).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise PredictionRejected(f"the instances are no JSON values: {error}") from error
        with self._lock:
            if self._closed:
                raise ModelFailed("the model process is closed")
            answer = self._exchange(encoded, seconds)
        return self._believed(answer)

    def _exchange(self, encoded: bytes, seconds: float) -> Any:
        channel = self._child.channel
        try:
            channel.settimeout(seconds)
            frames.send_encoded(channel, encoded)
            limit = self._limits.answer + 4096
            return frames.receive(channel, limit=limit, seconds=seconds)
        except TimeoutError as error:
            raise self._failed(f"did not answer within {seconds:g} seconds") from error
        except frames.BrokenFrame as error:
            raise self._failed(f"gave an answer that cannot be read: {error}") from error
        except (EOFError, OSError) as error:
            raise self._failed(self._ending()) from error

    def _believed(self, answer: Any) -> Any:
        if not isinstance(answer, dict) or answer.get("nonce") != self._nonce:
            raise self._failed("gave an answer that is not from our own code")
        match answer.get("kind"):
            case "result":
                return answer.get("result")
            case "rejected":
                raise PredictionRejected(str(answer.get("text")))
            case "exhausted":
                raise self._failed(str(answer.get("text")))
            case "not loadable":
                raise NotLoadable(
                    str(answer.get("text")),
                    kind=str(answer.get("reason")),
                    detail=str(answer.get("detail")),
                    hint=str(answer.get("hint", "")),
                )
        raise self._failed("gave an answer of an unknown kind")

    def _failed(self, what: str) -> ModelFailed:
        """Kill the child and say in words what happened."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.process.pid, signal.SIGKILL)
        said = "" if self._child.output.closed else autopsy.last_words(self._child.output)
        self.close()
        return ModelFailed(f"the model's process {what}{said}")

    def _ending(self) -> str:
        try:
            status = self._child.process.wait(_LAST_WORDS_SECONDS)
        except subprocess.TimeoutExpired:
            return "closed its wire"
        return autopsy.ending(status, self._limits)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ModelFailed(f"{path}: {error.strerror}") from error
