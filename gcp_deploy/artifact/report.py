"""The answer of the X-ray."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gcp_deploy.artifact.judge import Finding, Verdict
from gcp_deploy.domain.names import Digest
from gcp_deploy.errors import ArtifactNeedsTrust, ArtifactUnreadable, ArtifactUnsafe

SCHEMA_VERSION = 1
Constant = None | bool | int | float | str


class Task(StrEnum):
    """What a model is for."""

    CLASSIFIER = "classifier"
    REGRESSOR = "regressor"
    TRANSFORMER = "transformer"
    CLUSTERER = "clusterer"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Estimator:
    """An estimator of the tree."""

    name: str
    """Its name in its parent, such as a step of a pipeline; ``"model"`` for the root."""
    kind: str
    """The class, or ``passthrough`` and ``drop``."""
    module: str
    params: Mapping[str, Constant]
    """The parameters that are constants."""
    steps: tuple["Estimator", ...]
    fitted: bool | None
    """None when nothing in the file tells: some estimators learn nothing."""

    def as_json(self) -> dict[str, Any]:
        """Return the tree as plain values."""
        return {
            "name": self.name,
            "class": self.kind,
            "module": self.module,
            "params": dict(self.params),
            "fitted": self.fitted,
            "steps": [step.as_json() for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class ColumnSelector:
    """Which columns a step of a ColumnTransformer takes."""

    step: str
    by: str
    """``name``, ``position``, ``mask``, ``slice`` or ``function``."""
    columns: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a joblib file is, what it needs, and whether it is safe to load."""

    digest: Digest
    size: int
    """Bytes of the file."""
    crc32c: str
    """As Cloud Storage writes it: base64 of the big-endian CRC-32C."""
    codec: str
    """``none``, ``zlib``, ``gzip``, ``bz2``, ``lzma``, ``xz`` or ``lz4``."""
    protocol: int
    """Of the pickle."""
    unpacked_size: int
    """Bytes after decompression, as far as they were read: all, unless the verdict is unsafe."""
    verdict: Verdict
    findings: tuple[Finding, ...]
    sklearn_versions: tuple[str, ...]
    numpy_major: int | None
    """1 or 2 when the file shows it: the module of numpy's core was renamed between them."""
    python: str
    """The oldest Python that the file shows, ``3.13``, or ``""``."""
    modules: tuple[str, ...]
    """All modules whose names the file uses."""
    root: Estimator | None
    """None when the file does not hold one object of a class."""
    task: Task
    methods: tuple[str, ...]
    """Prediction methods that its class is known to have."""
    n_features: int | None
    feature_names: tuple[str, ...]
    columns: tuple[ColumnSelector, ...]
    needs_column_names: bool
    """Whether rows have to come with named columns."""
    classes: tuple[str | int, ...]
    """The labels of a classifier, when they are few and plain."""

    def require_safe(self) -> None:
        """Return when the file may be loaded.

        Raises:
            ArtifactUnsafe: Loading would run something that is not on the allow-list.
            ArtifactNeedsTrust: The deployer has to allow a package of their own first.
        """
        if self.verdict is Verdict.SAFE:
            return
        finding = self.findings[0]
        place = f" (at {finding.where})" if finding.where else ""
        symbol = repr(finding.symbol)[1:-1] or "the file"
        if self.verdict is Verdict.UNSAFE:
            raise ArtifactUnsafe(
                f"unsafe artifact: {symbol}: {finding.reason}{place}",
                hint="only deploy models from people you trust; "
                "save the model again without this object",
            )
        package = symbol.partition(".")[0]
        hint = f'trusted_modules = ["{package}"] in gcp-deploy.toml, if that code is yours'
        if package == "__main__":
            hint = "define it in a module of a package, import it from there, save the model again"
        raise ArtifactNeedsTrust(
            f"the artifact needs code that is not trusted: {symbol}{place}", hint=hint
        )

    def require_estimator(self) -> Estimator:
        """Return the root of the tree.

        Raises:
            ArtifactUnreadable: The file holds something else than an object with a class.
        """
        if self.root is None:
            raise ArtifactUnreadable(
                "the artifact holds no estimator",
                hint="joblib.dump(pipeline, 'model.joblib') saves the fitted pipeline itself",
            )
        return self.root

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values, for ``inspect --output json``."""
        return {
            "schema_version": SCHEMA_VERSION,
            "digest": str(self.digest),
            "size": self.size,
            "crc32c": self.crc32c,
            "codec": self.codec,
            "protocol": self.protocol,
            "unpacked_size": self.unpacked_size,
            "verdict": self.verdict.value,
            "findings": [
                {
                    "symbol": finding.symbol,
                    "reason": finding.reason,
                    "where": finding.where,
                    "verdict": finding.verdict.value,
                }
                for finding in self.findings
            ],
            "sklearn_versions": list(self.sklearn_versions),
            "numpy_major": self.numpy_major,
            "python": self.python,
            "modules": list(self.modules),
            "root": self.root.as_json() if self.root else None,
            "task": self.task.value,
            "methods": list(self.methods),
            "n_features": self.n_features,
            "feature_names": list(self.feature_names),
            "columns": [
                {"step": one.step, "by": one.by, "columns": list(one.columns)}
                for one in self.columns
            ],
            "needs_column_names": self.needs_column_names,
            "classes": list(self.classes),
        }
