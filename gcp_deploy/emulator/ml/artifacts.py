"""The deployment directory of a version: what must be in it, copied when the version is made."""

from typing import TYPE_CHECKING

from gcp_deploy.emulator import directories
from gcp_deploy.emulator.directories import CopiedFile
from gcp_deploy.emulator.ml.names import field_error
from gcp_deploy.emulator.problems import Code

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

MODEL_FILES = ("model.joblib", "model.pkl")
MOST_FILES = 1000
MLS1_BYTES = 500 << 20
N1_BYTES = 10 << 30
_FIELD = "version.deployment_uri"


def copy(platform: "Platform", uri: str, machine_type: str) -> tuple[CopiedFile, ...]:
    """Take the files under *uri*, in the caller's transaction.

    Raises:
        Problem: 400 INVALID_ARGUMENT for what is no directory in Cloud Storage; 400
            FAILED_PRECONDITION without exactly one model file, for more than 1000 files, or more
            bytes than the machine takes.
    """
    parsed = directories.parse(uri)
    if parsed is None:
        raise field_error(_FIELD, f"The deployment URI {uri!r} is not a Cloud Storage directory.")
    found = directories.files(platform, *parsed)
    _check(uri, found, machine_type)
    directories.keep(platform, found)
    return found


def _check(uri: str, found: tuple[CopiedFile, ...], machine_type: str) -> None:
    if sum(file.name in MODEL_FILES for file in found) != 1:
        raise _refused(
            f"Deployment directory {uri} is expected to contain exactly one of: "
            f"[{', '.join(MODEL_FILES)}]."
        )
    if len(found) > MOST_FILES:
        raise _refused(
            f"The number of files in {uri} is {len(found)}, which exceeds the allowed maximum of "
            f"{MOST_FILES}."
        )
    size = sum(file.size for file in found)
    most = N1_BYTES if machine_type.startswith("n1-") else MLS1_BYTES
    if size > most:
        raise _refused(
            f"The total size of files in {uri} is {size} bytes, which exceeds the allowed maximum "
            f"of {most} bytes."
        )


def _refused(text: str) -> Exception:
    return field_error(_FIELD, text, Code.FAILED_PRECONDITION)
