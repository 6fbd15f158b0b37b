"""The artifact directory of a model: copied when the model is uploaded, as the service does.

A copy counts as one more user of the stored content, so that it costs nothing, and stays what it
was when the bucket changes.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from gcp_deploy.emulator.aiplatform.images import Image
from gcp_deploy.emulator.aiplatform.registry import StoredFile
from gcp_deploy.emulator.problems import failed_precondition, invalid

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

MODEL_FILES = ("model.pkl", "model.joblib")
_URI = re.compile(r"gs://(?P<bucket>[a-z0-9._-]{3,222})(?:/(?P<prefix>.*))?", re.DOTALL)


def copy(platform: "Platform", uri: str, image: Image) -> tuple[StoredFile, ...]:
    """Take the files under *uri* for a model served by *image*, in the caller's transaction.

    Raises:
        Problem: 400 INVALID_ARGUMENT for what is no directory in Cloud Storage; 400
            FAILED_PRECONDITION when nothing is there, or for a prebuilt scikit-learn image not
            exactly one model file.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        raise invalid(f"Invalid artifact_uri '{uri}': it must be a Cloud Storage directory.")
    prefix = match["prefix"] or ""
    prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    files = _files(platform, match["bucket"], prefix)
    if image.sklearn and sum(file.name in MODEL_FILES for file in files) != 1:
        raise failed_precondition(
            f"Model directory {uri} is expected to contain exactly one of: "
            f"[{', '.join(MODEL_FILES)}]."
        )
    if not files:
        raise failed_precondition(f"Model directory {uri} is empty or does not exist.")
    for file in files:
        blob = platform.state.blobs.get(file.blob)
        assert blob is not None, "an object has a content as long as it lives"
        platform.state.blobs.add(blob)
    return files


def _files(platform: "Platform", bucket: str, prefix: str) -> tuple[StoredFile, ...]:
    with platform.state.transaction() as connection:
        rows = connection.execute(
            "SELECT objects.name, blobs.id, blobs.size FROM objects"
            " JOIN blobs ON blobs.id = objects.blob WHERE bucket = ? AND live = 1"
            " AND name >= ? AND name < ? ORDER BY name",
            (bucket, prefix, prefix + "\U0010ffff"),
        ).fetchall()
    names = ((name.removeprefix(prefix), blob, size) for name, blob, size in rows)
    return tuple(StoredFile(*row) for row in names if row[0] and not row[0].endswith("/"))


def drop(platform: "Platform", files: Iterable[StoredFile]) -> None:
    """Give the files of a deleted version back, in the caller's transaction."""
    for file in files:
        platform.state.blobs.drop(file.blob)


def model_file(files: Iterable[StoredFile]) -> StoredFile | None:
    """Return the file that holds the model: ``model.joblib`` before ``model.pkl``, or None."""
    by_name = {file.name: file for file in files}
    return by_name.get("model.joblib") or by_name.get("model.pkl")


def export(platform: "Platform", file: StoredFile, path: Path) -> None:
    """Write *file* to *path*, which must not exist; nobody may change it there."""
    blob = platform.state.blobs.get(file.blob)
    assert blob is not None, "a version that is deployed keeps its files"
    platform.state.blobs.export(blob, path)
