"""What the steps of a deploy are made of: the open artifact, its golden rows, where they go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, BinaryIO

from gcp_deploy.app.context import Context
from gcp_deploy.artifact import Report
from gcp_deploy.domain.golden import GoldenRows, differences
from gcp_deploy.domain.names import Layout
from gcp_deploy.domain.planning import Desired
from gcp_deploy.domain.release import GIT_LABEL, MODEL_LABEL, Recipe, VersionSpec
from gcp_deploy.errors import ModelFailed

_DRY_RUN_TIME = timedelta(minutes=5)
_SHORTEST_DRY_RUN = timedelta(minutes=1)
"""A model that is slower is at fault; one that is quicker must not be blamed for --timeout."""


@dataclass(frozen=True, slots=True)
class GoldenFile:
    """Golden rows as the user gave them; without predictions the artifact's own answers count."""

    instances: tuple[Any, ...]
    predictions: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """What ``plan`` and ``deploy`` are asked for."""

    artifact: BinaryIO
    """Opened once: what was inspected is what is uploaded."""
    report: Report
    model: str
    recipe: Recipe
    golden: GoldenFile | None = None
    promote: bool = False
    wait: bool = True
    timeout: timedelta = timedelta(minutes=30)
    labels: Mapping[str, str] = field(default_factory=dict)
    because: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """A request with everything that its steps need."""

    request: DeployRequest
    layout: Layout
    golden: GoldenRows
    dry_run: bool
    """Whether the golden rows were just answered by these very bytes, in the limited child."""
    revision: str = ""

    @property
    def artifact_name(self) -> str:
        """The artifact's object name."""
        return self.layout.artifact(self.request.report.digest)

    @property
    def golden_name(self) -> str:
        """The golden rows' object name."""
        return self.layout.golden(self.request.report.digest, self.golden.digest)

    def desired(self, context: Context) -> Desired:
        """Return what the planner wants to know."""
        return Desired(
            spec=version_spec(context, self.request, self.revision),
            size=self.request.report.size,
            artifact_uri=str(context.store.uri(self.artifact_name)),
            golden_uri=str(context.store.uri(self.golden_name)),
            golden_digest=str(self.golden.digest),
            golden_rows=len(self.golden.instances),
            golden_source=self.golden.source,
            promote=self.request.promote,
        )

    def metadata(self) -> dict[str, str]:
        """Return the custom metadata of the stored artifact."""
        report = self.request.report
        words = {
            "sha256": report.digest.hex,
            "scikit-learn": ",".join(report.sklearn_versions),
            "git-sha": self.revision,
        }
        return {key: value for key, value in words.items() if value}


def version_spec(context: Context, request: DeployRequest, revision: str) -> VersionSpec:
    """Return the version that *request* wants registered."""
    directory = context.layout(request.model).artifact_dir(request.report.digest)
    labels = dict(request.labels) | {MODEL_LABEL: request.model.lower()[:63]}
    if revision:
        labels[GIT_LABEL] = revision
    sklearn = ", ".join(request.report.sklearn_versions)
    return VersionSpec(
        model=request.model,
        artifact_dir=str(context.store.uri(directory)),
        digest=request.report.digest,
        recipe=request.recipe,
        labels=labels,
        description=f"{request.report.digest}" + (f", scikit-learn {sklearn}" if sklearn else ""),
    )


def dry_run(context: Context, request: DeployRequest) -> GoldenRows:
    """Let the limited child load the artifact and answer the golden rows.

    Raises:
        ModelFailed: it does not load, cannot answer, or answers otherwise than the file says.
    """
    file = request.golden
    request.artifact.seek(0)
    with context.reporter.progress("trying the artifact in a limited child process"):
        outcome = context.sandbox.dry_run(
            request.artifact,
            instances=file.instances if file else None,
            column_names=request.recipe.runtime.names_columns,
            timeout=min(max(request.timeout, _SHORTEST_DRY_RUN), _DRY_RUN_TIME),
        )
    for warning in outcome.warnings:
        context.reporter.warn(warning)
    if file is None or file.predictions is None:
        return outcome.golden
    wrong = differences(file.predictions, outcome.golden.predictions)
    if wrong:
        raise ModelFailed(
            f"the artifact does not answer the golden file's rows: {wrong[0]}"
            + (f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""),
            hint="leave the predictions out of the file to take the artifact's own answers",
        )
    return GoldenRows(file.instances, file.predictions, "file")
