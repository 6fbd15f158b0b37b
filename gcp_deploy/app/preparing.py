"""Preparing a deploy: open and inspect the artifact, choose its runtime, read the golden file."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from gcp_deploy.app.material import DeployRequest, GoldenFile
from gcp_deploy.artifact import Report, inspect_artifact, open_file
from gcp_deploy.domain import names, runtime
from gcp_deploy.domain.golden import MAX_ROWS
from gcp_deploy.domain.release import Recipe, RuntimeKind
from gcp_deploy.errors import BadName, ModelFailed, UsageError
from gcp_deploy.settings.model import Settings

_OWN_LABELS = "gcp-deploy-"


def prepare(
    settings: Settings,
    artifact: Path,
    *,
    model: str,
    labels: Mapping[str, str],
    recipe: Recipe,
    today: date,
) -> DeployRequest:
    """Return a request for *artifact*, which is opened here and nowhere else.

    Raises:
        UsageError: the file is missing or no file, or a name breaks a rule.
        ArtifactError: it is unreadable, unsafe, needs trust, or is not fitted.
        RuntimeSunset: the prebuilt image asked for is gone.
    """
    names.check_model(model, settings.protocol)
    for key, value in labels.items():
        names.check_label(key, value)
        if key.startswith(_OWN_LABELS):
            raise BadName(
                f"labels that begin with {_OWN_LABELS!r} are our own: {key!r}",
                hint="choose another key",
            )
    file = open_file(artifact)
    report = inspect_artifact(file, trusted_modules=settings.trusted_modules)
    _must_be_a_fitted_model(report)
    wanted = runtime.Wanted(
        platform=settings.protocol,
        project=settings.project,
        region=settings.region,
        kind=RuntimeKind(settings.runtime),
        image=settings.image,
        runtime_version=settings.runtime_version,
        python_version=settings.python_version,
    )
    newest = max(report.sklearn_versions, key=_order, default="")
    chosen, warnings = runtime.choose(wanted, newest, today)
    return DeployRequest(
        artifact=file,
        report=report,
        model=model,
        recipe=replace(recipe, runtime=chosen),
        labels={**settings.labels, **labels},
        warnings=warnings,
    )


def read_golden(path: Path) -> GoldenFile:
    """Read golden rows: ``{"instances": […], "predictions": […]}``, or a bare array of rows.

    Raises:
        UsageError: the file cannot be read or is something else; BadInstances for no rows.
    """
    try:
        body = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_no_constant)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="--golden FILE"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}", hint=_FORM) from error
    fields = body if isinstance(body, dict) else {"instances": body}
    rows, answers = fields.get("instances"), fields.get("predictions")
    if not isinstance(rows, list) or not (answers is None or isinstance(answers, list)):
        raise UsageError(f"{path} holds no golden rows", hint=_FORM)
    if not 0 < len(rows) <= MAX_ROWS:
        raise UsageError(f"{path} holds {len(rows)} golden rows", hint=f"1 to {MAX_ROWS} are taken")
    if answers is not None and len(answers) != len(rows):
        raise UsageError(f"{path} holds {len(rows)} instances and {len(answers)} predictions")
    return GoldenFile(tuple(rows), None if answers is None else tuple(answers))


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON; a missing value is null")


_FORM = '{"instances": [...], "predictions": [...]}; without predictions the artifact gives them'


def _must_be_a_fitted_model(report: Report) -> None:
    report.require_safe()
    root = report.require_estimator()
    if root.fitted is False:
        raise ModelFailed(
            f"the artifact is not fitted: it is a {root.kind} that was never trained",
            hint="call fit on it, then joblib.dump it again",
        )


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
