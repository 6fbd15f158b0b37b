"""The X-ray of an artifact for people."""

from collections.abc import Iterator, Sequence

from gcp_deploy.artifact import Estimator, Report
from gcp_deploy.cli.render import one_line
from gcp_deploy.domain.steps import show_size

_NAMES = 12


def lines(report: Report) -> list[str]:
    """Return what matters of *report*, the verdict first."""
    told = {
        "verdict": report.verdict.value,
        "digest": str(report.digest),
        "size": _size(report),
        "scikit-learn": ", ".join(report.sklearn_versions) or "not told by the file",
        "numpy": f"{report.numpy_major}.x" if report.numpy_major else "",
        "python": f"{report.python} or later" if report.python else "",
        "task": report.task.value,
        "methods": ", ".join(report.methods),
        "classes": _some(report.classes),
        "inputs": _inputs(report),
        "rows": "need named columns" if report.needs_column_names else "may be bare lists",
    }
    findings = [
        f"{finding.verdict.value}: {finding.symbol}: {finding.reason}"
        + (f" (at {finding.where})" if finding.where else "")
        for finding in report.findings
    ]
    tree = list(_tree(report.root)) if report.root else []
    return [
        *(f"{name + ':':14}{one_line(value)}" for name, value in told.items() if value),
        *(one_line(one) for one in findings),
        *(["", *tree] if tree else []),
    ]


def _size(report: Report) -> str:
    size = show_size(report.size)
    if report.codec == "none":
        return size
    return f"{size}, {report.codec}, {show_size(report.unpacked_size)} unpacked"


def _inputs(report: Report) -> str:
    if report.feature_names:
        return f"{len(report.feature_names)} columns: {_some(report.feature_names)}"
    return f"{report.n_features} columns" if report.n_features else "not told by the file"


def _some(values: Sequence[object]) -> str:
    rest = f", and {len(values) - _NAMES} more" if len(values) > _NAMES else ""
    return ", ".join(map(str, values[:_NAMES])) + rest


def _tree(estimator: Estimator, depth: int = 0) -> Iterator[str]:
    unfitted = " (not fitted)" if estimator.fitted is False else ""
    name = f"{estimator.name}: {estimator.kind}"
    yield "  " * depth + one_line(name) + unfitted
    for step in estimator.steps:
        yield from _tree(step, depth + 1)
