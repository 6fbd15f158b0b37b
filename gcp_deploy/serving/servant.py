"""A loaded model and how it is asked, in the manner of our image or of Google's."""

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Self

from gcp_deploy.sandbox.failures import PredictionRejected
from gcp_deploy.serving import blame, golden
from gcp_deploy.serving.answers import BadAnswer, to_json
from gcp_deploy.serving.description import describe, inputs
from gcp_deploy.serving.loading import Loaded, load
from gcp_deploy.serving.rows import arrange

_TEXT = 800


class Servant:
    """Answers instances with predictions."""

    def __init__(self, loaded: Loaded, *, column_names: bool, load_seconds: float) -> None:
        """Serve a loaded model; *column_names* as for ``ModelProcess.start``."""
        self._model = loaded.model
        self._warnings = loaded.warnings
        self._column_names = column_names
        self._load_seconds = load_seconds
        self._takes = inputs(loaded.model)
        self._known_good: list[Any] | None = None

    @classmethod
    def load(cls, handle: int, *, column_names: bool, trusted_modules: Sequence[str]) -> Self:
        """Load the artifact from an open file, or raise CannotLoad."""
        began = time.perf_counter()
        loaded = load(handle, trusted_modules)
        seconds = time.perf_counter() - began
        return cls(loaded, column_names=column_names, load_seconds=seconds)

    def describe(self) -> dict[str, Any]:
        """Say what the model is, as :class:`gcp_deploy.sandbox.info.ModelInfo` reads it."""
        return {
            **describe(self._model),
            "load_seconds": self._load_seconds,
            "warnings": self._warnings,
        }

    def derive(self, rows: int) -> list[Any]:
        """Return up to *rows* plausible instances in the form that this manner takes."""
        return golden.derive(self._model, self._takes, rows, by_name=self._column_names)

    def predict(self, instances: list[Any], keywords: Mapping[str, Any]) -> list[Any]:
        """Return one JSON value for each instance, or raise PredictionRejected."""
        try:
            if not self._column_names:
                return self._predict_bare(instances, keywords)
            return self._predict_named(instances)
        except BadAnswer as error:
            raise PredictionRejected(str(error)) from error

    def _predict_bare(self, instances: list[Any], keywords: Mapping[str, Any]) -> list[Any]:
        """Do what Google's prebuilt servers do: the list goes unchanged into ``predict``."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                answer = self._model.predict(instances, **keywords)
        except MemoryError:
            raise
        except Exception as error:
            raise PredictionRejected(f"Exception during sklearn prediction: {error}") from error
        return to_json(answer, None)

    def _predict_named(self, instances: list[Any]) -> list[Any]:
        arranged = arrange(instances, self._takes)
        try:
            answer = self._call(arranged)
        except MemoryError:
            raise
        except Exception as error:
            where = blame.locate(self._ask, instances, self._takes, self._good_row())
            text = " ".join(f"{type(error).__name__}: {error}".split())[:_TEXT]
            raise PredictionRejected(f"{where}: {text}" if where else text) from error
        return to_json(answer, len(instances))

    def _ask(self, instances: list[Any]) -> object:
        return self._call(arrange(instances, self._takes))

    def _call(self, arranged: Any) -> Any:
        with warnings.catch_warnings():
            # What a library deprecates is told once, at loading, and not in every answer.
            warnings.simplefilter("ignore")
            return self._model.predict(arranged)

    def _good_row(self) -> Any:
        """Return a row that the model takes, for the search of the bad column; None without."""
        if self._known_good is None:
            try:
                derived = self.derive(1)
                self._ask(derived)
                self._known_good = derived
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001 -- whatever the model raises: then there is no such row
                self._known_good = []
        return self._known_good[0] if self._known_good else None
