"""The process of a version, and how the prediction servers word its failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gcp_deploy.emulator import directories
from gcp_deploy.emulator.ml.registry import StoredVersion
from gcp_deploy.emulator.models import pool_of
from gcp_deploy.errors import ModelFailed
from gcp_deploy.sandbox.failures import NotLoadable

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform
    from gcp_deploy.sandbox.process import ModelProcess


@contextmanager
def serving(platform: "Platform", version: StoredVersion) -> Iterator["ModelProcess"]:
    """Lend the process of *version*, started when it is not running.

    Raises:
        ModelFailed: it cannot be started.
        FileNotFoundError: the version was deleted meanwhile.
    """
    artifact = version.artifact
    assert artifact is not None, "what was created has a model file"
    with pool_of(platform).use(
        version.key,
        lambda: directories.exported(platform, artifact),
        column_names=version.column_names,
    ) as process:
        yield process


def load_failure(platform: "Platform", version: StoredVersion) -> str:
    """Load the version as a check; return what is wrong with it, in the words of the service."""
    try:
        with serving(platform, version) as process:
            info = process.info
    except NotLoadable as error:
        return _wrapped(version, error)
    except ModelFailed as error:
        return _bad_model(f"Unexpected error when loading the model: {error.message}")
    if version.column_names:
        return "" if info.fitted else _bad_model(f"the {info.estimator} was never fitted")
    # The service looks for the word in the name of the module, and so does this.
    if "sklearn" not in info.estimator.rpartition(".")[0]:
        return _bad_model(_wrong_type(info.estimator))
    return ""


def _wrapped(version: StoredVersion, error: NotLoadable) -> str:
    if error.kind == "no_model":
        return _bad_model(_wrong_type(error.detail))
    artifact = version.artifact
    name = artifact.name if artifact else "model.joblib"
    path = f"/tmp/model/0001/{name}"  # noqa: S108 -- a path in the container, as the service says it
    return _bad_model(f"Could not load the model: {path}. {error.detail}.")


def _wrong_type(found: str) -> str:
    return (
        f"Invalid model type detected: {found}. Please make sure the model file is an exported "
        "sklearn model or pipeline."
    )


def _bad_model(detail: str) -> str:
    text = f"Failed to load model: {detail} (Error code: 0)"
    return f'Create Version failed. Bad model detected with error:  "{text}"'
