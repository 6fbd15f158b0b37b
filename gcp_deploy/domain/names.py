"""Names and their rules, checked once at the edge; inside, a name is always valid.

Sources: Cloud Storage "About buckets / objects naming"; ``aiplatform`` v1 discovery document
(``modelId``, ``endpointId``); AI Platform "Managing models and jobs" (legacy names).
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from gcp_deploy.errors import BadName

AIPLATFORM = "aiplatform"
ML_ENGINE = "ml-engine"

# aiplatform: modelId is [a-z0-9_-]{1,63} without a leading digit or hyphen, and endpointId
# [a-z][a-z0-9-]{0,61}[a-z0-9]. A model and its endpoint share one name (with "_" as "-" in the
# endpoint's), so a model name has to satisfy both.
_MODEL_AIPLATFORM = re.compile(r"[a-z](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_NAME_ML_ENGINE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")
_VERSION_AIPLATFORM = re.compile(r"[1-9][0-9]{0,18}")
_ALIAS = re.compile(r"[a-z][a-z0-9-]{0,126}[a-z0-9]")
_PROJECT = re.compile(r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{1,19}")
_REGION = re.compile(r"[a-z]+(?:-[a-z]+)+[0-9]{1,2}|global")
_BUCKET_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def check_model(name: str, platform: str) -> str:
    """Return *name* when it is a model name on *platform*, else raise BadName with the rule."""
    if platform == ML_ENGINE:
        if not _NAME_ML_ENGINE.fullmatch(name):
            raise BadName(
                f"not a model name on ml-engine: {name!r}",
                hint="letters, digits and underscores, a letter first, at most 128",
            )
    elif not _MODEL_AIPLATFORM.fullmatch(name):
        raise BadName(
            f"not a model name on aiplatform: {name!r}",
            hint="lower-case letters, digits, '-' and '_', a letter first, "
            "a letter or digit last, at most 63",
        )
    return name


def check_version(name: str, platform: str) -> str:
    """Return *name* when it can be a version (or, on aiplatform, an alias) on *platform*."""
    if platform == ML_ENGINE:
        if not _NAME_ML_ENGINE.fullmatch(name):
            raise BadName(
                f"not a version name on ml-engine: {name!r}",
                hint="letters, digits and underscores, a letter first, at most 128",
            )
    elif not (_VERSION_AIPLATFORM.fullmatch(name) or _ALIAS.fullmatch(name)):
        raise BadName(
            f"not a version number or alias on aiplatform: {name!r}",
            hint="a number such as 3, or an alias: lower-case letters, digits and '-'",
        )
    return name


def is_version_number(name: str) -> bool:
    """Tell whether *name* is an aiplatform version number rather than an alias."""
    return _VERSION_AIPLATFORM.fullmatch(name) is not None


def check_project(name: str) -> str:
    """Return *name* when it is a project id (6 to 30 characters) or number."""
    if not _PROJECT.fullmatch(name):
        raise BadName(
            f"not a project id: {name!r}",
            hint="6 to 30 lower-case letters, digits and '-', a letter first, no '-' last; "
            "'gcloud projects list' shows yours",
        )
    return name


def check_region(name: str) -> str:
    """Return *name* when it has the form of a region, such as ``europe-west4``."""
    if not _REGION.fullmatch(name):
        raise BadName(f"not a region: {name!r}", hint="a region looks like us-central1")
    return name


def check_bucket(name: str) -> str:
    """Return *name* when it is a bucket name: 3 to 63 characters, or 222 with dots."""
    bare = name.removeprefix("gs://").rstrip("/")
    parts = bare.split(".")
    bad = (
        not 3 <= len(bare) <= (222 if len(parts) > 1 else 63)
        or not all(_BUCKET_LABEL.fullmatch(part) for part in parts)
        or bare.startswith("goog")
        or "google" in bare
        or re.fullmatch(r"[0-9]+(\.[0-9]+){3}", bare) is not None
    )
    if bad:
        raise BadName(
            f"not a bucket name: {name!r}",
            hint="3 to 63 lower-case letters, digits, '-', '_' and '.', a letter or digit at both "
            "ends, without 'google'",
        )
    return bare


def check_label(key: str, value: str) -> None:
    """Raise BadName unless *key*=*value* is a label: lower case, digits, '_', '-', at most 63."""
    if not _LABEL_KEY.fullmatch(key):
        raise BadName(
            f"not a label key: {key!r}",
            hint="lower-case letters, digits, '_' and '-', a letter first, at most 63",
        )
    if not _LABEL_VALUE.fullmatch(value):
        raise BadName(
            f"not a label value: {key}={value!r}",
            hint="lower-case letters, digits, '_' and '-', at most 63",
        )


def model_from_file(stem: str, platform: str) -> str:
    """Derive a model name from a file's stem: ``Churn Model-v2`` becomes ``churn_model_v2``."""
    word = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:63].rstrip("_")
    if not word or not word[0].isalpha():
        word = f"model_{word}".rstrip("_")[:63]
    return check_model(word, platform)


def endpoint_id(model: str) -> str:
    """Return the id of the endpoint that serves *model* (aiplatform allows no underscore there)."""
    return model.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Digest:
    """The sha256 of an artifact's bytes: its identity."""

    hex: str

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Digest *data*."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``sha256:<64 hex digits>``."""
        if not _DIGEST.fullmatch(text):
            raise BadName(f"not a digest: {text!r}", hint="sha256: and 64 hexadecimal digits")
        return cls(text.removeprefix("sha256:"))

    def __str__(self) -> str:
        return f"sha256:{self.hex}"


@dataclass(frozen=True, slots=True)
class GsUri:
    """A Cloud Storage address, ``gs://bucket/name``; *name* may be empty or end in ``/``."""

    bucket: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read *text*, or raise BadName."""
        if not text.startswith("gs://"):
            raise BadName(f"not a Cloud Storage address: {text!r}", hint="gs://BUCKET/NAME")
        bucket, _, name = text.removeprefix("gs://").partition("/")
        if len(name.encode()) > 1024 or "\r" in name or "\n" in name or name in {".", ".."}:
            raise BadName(f"not an object name: {name!r}", hint="1 to 1024 bytes, no line breaks")
        return cls(check_bucket(bucket), name)

    def __str__(self) -> str:
        return f"gs://{self.bucket}/{self.name}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the things of one model lie in the bucket, relative to it.

    The artifact's directory holds exactly one file, ``model.joblib``, because the prebuilt
    images refuse a directory with two models; so golden rows and the log lie beside it.
    """

    prefix: str
    model: str

    @property
    def root(self) -> str:
        """The folder of the model, with a trailing slash."""
        return f"{self.prefix}/{self.model}/" if self.prefix else f"{self.model}/"

    def artifact_dir(self, digest: Digest) -> str:
        """The content-addressed directory of an artifact, with a trailing slash."""
        return f"{self.root}artifacts/sha256-{digest.hex}/"

    def artifact(self, digest: Digest) -> str:
        """The one file in the artifact's directory."""
        return f"{self.artifact_dir(digest)}model.joblib"

    def golden(self, digest: Digest, golden: Digest) -> str:
        """The golden rows *golden* of the artifact *digest*."""
        return f"{self.root}golden/sha256-{digest.hex}/{golden.hex[:16]}.json"

    @property
    def log(self) -> str:
        """The folder of the release log, with a trailing slash."""
        return f"{self.root}log/"

    def event(self, number: int) -> str:
        """Event *number* of the release log."""
        return f"{self.log}{number:08d}.json"


def digest_in_uri(uri: str) -> Digest | None:
    """Return the digest that a content-addressed artifact directory names, if it does."""
    found = re.search(r"/artifacts/sha256-([0-9a-f]{64})/?(?:model\.joblib)?$", uri)
    return Digest(found.group(1)) if found else None
