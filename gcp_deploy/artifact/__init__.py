"""The X-ray: what a joblib file is and whether it is safe, found without unpickling it.

    file -> container (codec, digest) -> stream -> machine (symbols) -> judge (verdict)
                                                                     -> facts, inputs (report)

Nothing here imports scikit-learn, numpy or joblib.
"""

from gcp_deploy.artifact.allowlist import is_allowed
from gcp_deploy.artifact.container import open_file
from gcp_deploy.artifact.inspection import inspect_artifact
from gcp_deploy.artifact.judge import Finding, Verdict
from gcp_deploy.artifact.limits import Limits
from gcp_deploy.artifact.report import ColumnSelector, Estimator, Report, Task

__all__ = [
    "ColumnSelector",
    "Estimator",
    "Finding",
    "Limits",
    "Report",
    "Task",
    "Verdict",
    "inspect_artifact",
    "is_allowed",
    "open_file",
]
