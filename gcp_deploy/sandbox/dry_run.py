"""The port ``Sandbox``: load an artifact in a limited child, ask it, and keep what it answered."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import UnsupportedOperation
from pathlib import Path
from typing import Any, BinaryIO

from gcp_deploy.domain.golden import GoldenRows, differences
from gcp_deploy.errors import ModelFailed
from gcp_deploy.ports import DryRun
from gcp_deploy.sandbox.failures import PredictionRejected
from gcp_deploy.sandbox.info import ModelInfo
from gcp_deploy.sandbox.limits import Limits
from gcp_deploy.sandbox.process import ModelProcess

DERIVED_ROWS = 8
_GOLDEN_HINT = "give it rows that it knows: --golden FILE"


@dataclass(frozen=True, slots=True)
class LimitedSandbox:
    """Runs model code in a child process with limits and without credentials.

    *trusted_modules* are the deployer's own modules that an artifact may use; they are imported
    from *import_path* where they are not installed.
    """

    limits: Limits = field(default_factory=Limits)
    trusted_modules: Sequence[str] = ()
    import_path: Sequence[Path] = ()

    def dry_run(
        self,
        artifact: BinaryIO,
        *,
        instances: Sequence[Any] | None,
        column_names: bool,
        timeout: timedelta,
    ) -> DryRun:
        """Load the artifact and answer *instances*, or rows derived from it when None.

        The open file itself is handed over, and its position is not moved: what was inspected is
        what is loaded, whatever happens to its name meanwhile. *timeout* holds for the loading and
        for each request. Raises ModelFailed when the artifact does not load, is not fitted, or
        does not answer the same rows alike when it is asked again in another order.
        """
        limits = replace(self.limits, load=timeout, predict=timeout, processor_time=2 * timeout)
        with _descriptor(artifact) as opened:
            process = ModelProcess.start(
                opened,
                column_names=column_names,
                limits=limits,
                trusted_modules=self.trusted_modules,
                import_path=self.import_path,
            )
        with process as model:
            _check(model.info, column_names=column_names)
            rows, predictions = _derived(model) if instances is None else _given(model, instances)
            _ask_again(model, rows, predictions)
            source = "derived" if instances is None else "file"
            return DryRun(
                GoldenRows(tuple(rows), tuple(predictions), source),
                load_seconds=model.info.load_seconds,
                resident_bytes=model.info.resident_bytes,
                warnings=model.info.warnings,
            )


@contextmanager
def _descriptor(artifact: BinaryIO) -> Iterator[int]:
    try:
        opened = artifact.fileno()
    except (UnsupportedOperation, OSError):
        with tempfile.TemporaryFile() as copy:
            artifact.seek(0, os.SEEK_SET)
            shutil.copyfileobj(artifact, copy)
            copy.flush()
            yield copy.fileno()
    else:
        yield opened


def _check(info: ModelInfo, *, column_names: bool) -> None:
    if not info.fitted:
        raise ModelFailed(
            f"the artifact is not fitted: it is a {info.estimator} that was never trained",
            hint="call fit on it, then joblib.dump it again",
        )
    if column_names:
        return
    if info.named_columns:
        names = ", ".join(map(repr, info.named_columns[:3]))
        more = ", ..." if len(info.named_columns) > 3 else ""
        raise ModelFailed(
            f"the pipeline selects columns by name ({names}{more}), and the prebuilt runtime "
            "hands it bare lists",
            hint="our serving image hands it named columns: leave the runtime to gcp-deploy, "
            "or select the columns by position",
        )
    if "sklearn" not in info.estimator.rpartition(".")[0]:
        raise ModelFailed(
            f"the prebuilt runtime serves classes of scikit-learn only, and this is a "
            f"{info.estimator}",
            hint="leave the runtime to gcp-deploy: our serving image serves it",
        )


def _derived(model: ModelProcess) -> tuple[list[Any], list[Any]]:
    try:
        rows = model.derive(DERIVED_ROWS)
    except PredictionRejected as error:
        raise ModelFailed(error.text, hint=_GOLDEN_HINT) from error
    try:
        return rows, _predict(model, rows)
    except PredictionRejected:
        return _those_that_work(model, rows)


def _those_that_work(model: ModelProcess, rows: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Ask row by row: a derived value may be one that the pipeline refuses on purpose."""
    answered: list[tuple[Any, Any]] = []
    refusal = ""
    for row in rows:
        try:
            answered.append((row, _predict(model, [row])[0]))
        except PredictionRejected as error:
            refusal = error.text
    if not answered:
        raise ModelFailed(
            f"the model answers none of the rows derived from it: {refusal}", hint=_GOLDEN_HINT
        )
    return [row for row, _ in answered], [prediction for _, prediction in answered]


def _given(model: ModelProcess, instances: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    rows = list(instances)
    try:
        return rows, _predict(model, rows)
    except PredictionRejected as error:
        text = error.text
    for index, row in enumerate(rows):
        if text.startswith("row "):
            break
        try:
            _predict(model, [row])
        except PredictionRejected as error:
            text = f"row {index}: {error.text}"
    raise ModelFailed(
        f"the model does not answer the rows it was given: {text}",
        hint="correct the rows, or leave them out to derive some",
    )


def _predict(model: ModelProcess, rows: list[Any]) -> list[Any]:
    predictions = model.predict(rows)
    if len(predictions) != len(rows):
        raise PredictionRejected(f"{len(predictions)} predictions for {len(rows)} rows")
    return predictions


def _ask_again(model: ModelProcess, rows: list[Any], predictions: list[Any]) -> None:
    """Ask in the reverse order: an answer that depends on the company or on chance is no answer."""
    try:
        again = _predict(model, rows[::-1])[::-1]
    except PredictionRejected as error:
        raise ModelFailed(f"the model answers once and not twice: {error.text}") from error
    if different := differences(predictions, again):
        raise ModelFailed(
            f"the model answers the same rows differently when asked again: {different[0]}",
            hint="golden rows can only verify a model that answers alike: fix its random_state",
        )
