"""Runtimes: the table of Google's prebuilt scikit-learn images, and the choice of a runtime.

Source: "Prebuilt containers for inference and explanation" and "Framework support policy"
(docs.cloud.google.com, as of 2026-08-22). After the support date an image gets no patches; after
the availability date new endpoints are refused and existing ones may be deleted.
"""

from dataclasses import dataclass
from datetime import date

from gcp_deploy.domain.names import ML_ENGINE
from gcp_deploy.domain.release import Runtime, RuntimeKind
from gcp_deploy.errors import ArtifactError, RuntimeSunset, UsageError

AS_OF = date(2026, 8, 22)
LEGACY_RUNTIME = "2.11"
LEGACY_PYTHON = "3.7"


@dataclass(frozen=True, slots=True)
class PrebuiltImage:
    """One of Google's images."""

    sklearn: str
    python: str
    numpy: str
    supported_until: date
    available_until: date


PREBUILT = {
    image.sklearn: image
    for image in (
        PrebuiltImage("1.6", "3.10", "1.26", date(2026, 10, 14), date(2027, 10, 14)),
        PrebuiltImage("1.5", "3.10", "1.26", date(2026, 7, 14), date(2027, 1, 14)),
        PrebuiltImage("1.4", "3.10", "1.26", date(2026, 1, 14), date(2027, 1, 14)),
        PrebuiltImage("1.3", "3.10", "", date(2024, 11, 28), date(2025, 11, 28)),
        PrebuiltImage("1.2", "3.10", "", date(2024, 6, 30), date(2025, 6, 30)),
        PrebuiltImage("1.0", "3.7", "", date(2023, 11, 15), date(2024, 11, 15)),
    )
}
NEWEST = "1.6"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say of the runtime; empty words mean: choose."""

    platform: str
    project: str
    region: str
    kind: RuntimeKind = RuntimeKind.SERVING_IMAGE
    image: str = ""
    runtime_version: str = ""
    python_version: str = ""


def choose(wanted: Wanted, sklearn: str, today: date) -> tuple[Runtime, tuple[str, ...]]:
    """Choose the runtime of an artifact made with scikit-learn *sklearn*; return it with warnings.

    Raises:
        RuntimeSunset: the prebuilt image is past its end of availability.
        ArtifactError: the artifact is newer than the prebuilt image.
        UsageError: there is no such prebuilt image.
    """
    if wanted.platform == ML_ENGINE:
        version = wanted.runtime_version or LEGACY_RUNTIME
        python = wanted.python_version or LEGACY_PYTHON
        return Runtime(RuntimeKind.PREBUILT, "", version, python), ()
    if wanted.kind is RuntimeKind.PREBUILT:
        return _prebuilt(wanted, sklearn, today)
    return Runtime(RuntimeKind.SERVING_IMAGE, wanted.image or serving_image(wanted, sklearn)), ()


def serving_image(wanted: Wanted, sklearn: str) -> str:
    """Return where our own image for *sklearn* lies: in the project's own Artifact Registry."""
    project = wanted.project.replace(
        ":", "/"
    )  # domain-scoped projects, as the registry writes them
    tag = f"sklearn-{sklearn}" if sklearn else "latest"
    return f"{wanted.region}-docker.pkg.dev/{project}/gcp-deploy/serving:{tag}"


def prebuilt_image(sklearn: str, region: str) -> str:
    """Return the prebuilt image of *sklearn* (``1.6``) nearest to *region*.

    There are three repositories, and each can be used from everywhere.
    """
    area = region.partition("-")[0]
    near = {"europe": "europe", "me": "europe", "africa": "europe", "asia": "asia"}
    where = near.get(area, "asia" if area == "australia" else "us")
    tag = sklearn.replace(".", "-")
    return f"{where}-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.{tag}:latest"


def _prebuilt(wanted: Wanted, sklearn: str, today: date) -> tuple[Runtime, tuple[str, ...]]:
    minor = wanted.runtime_version or ".".join(sklearn.split(".")[:2]) or NEWEST
    image = PREBUILT.get(minor)
    if image is None and _number(minor) > _number(NEWEST) and not wanted.runtime_version:
        raise ArtifactError(
            f"the artifact was made with scikit-learn {sklearn}; Google's newest prebuilt image "
            f"has {NEWEST}",
            hint='use our serving image (runtime = "serving-image"), or train with '
            f"scikit-learn {NEWEST}",
        )
    if image is None:
        raise UsageError(
            f"there is no prebuilt image for scikit-learn {minor}",
            hint=f"there are {', '.join(PREBUILT)}",
        )
    if today > image.available_until:
        raise RuntimeSunset(
            f"the prebuilt image for scikit-learn {minor} ended on {image.available_until}",
            hint='use our serving image: runtime = "serving-image" in gcp-deploy.toml',
        )
    if sklearn and _number(sklearn) > _number(minor):
        raise ArtifactError(
            f"the artifact was made with scikit-learn {sklearn}, newer than the prebuilt image's "
            f"{minor}",
            hint='use our serving image: runtime = "serving-image"',
        )
    return Runtime(RuntimeKind.PREBUILT, prebuilt_image(minor, wanted.region)), _age(image, today)


def _age(image: PrebuiltImage, today: date) -> tuple[str, ...]:
    if today <= image.supported_until:
        return ()
    days = (image.available_until - today).days
    warning = (
        f"the prebuilt image for scikit-learn {image.sklearn} gets no patches since "
        f"{image.supported_until} and ends on {image.available_until}, in {days} days"
    )
    return (warning,)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
