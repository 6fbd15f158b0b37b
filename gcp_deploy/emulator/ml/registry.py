"""Models and versions as they are stored, and as the API shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator import directories
from gcp_deploy.emulator.directories import CopiedFile
from gcp_deploy.emulator.ml import names
from gcp_deploy.emulator.models import pool_of

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform
    from gcp_deploy.emulator.state import Document

_MODELS, _VERSIONS = "ml.model", "ml.version"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model; *fields* are those of the resource that were given or have a default."""

    name: str
    fields: Mapping[str, Any]
    default: str = ""
    """The name of the default version, empty without one."""
    etag: str = ""

    def serving(self, default: str) -> "StoredModel":
        """Return the model with another default version."""
        return replace(self, default=default)


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version; *fields* are those of the resource, with ``state`` and ``createTime``."""

    model: str
    name: str
    fields: Mapping[str, Any]
    files: tuple[CopiedFile, ...]
    etag: str = ""

    @property
    def state(self) -> str:
        """CREATING, READY, FAILED, UPDATING or DELETING."""
        return str(self.fields["state"])

    @property
    def key(self) -> str:
        """What its process is called."""
        return f"ml/{self.model}/{self.name}/{self.fields['createTime']}"

    @property
    def column_names(self) -> bool:
        """A custom container is our serving image, which names the columns."""
        return "container" in self.fields

    @property
    def artifact(self) -> CopiedFile | None:
        """The file of the model: ``model.joblib`` before ``model.pkl``, as the service looks."""
        by_name = {file.name: file for file in self.files}
        return by_name.get("model.joblib") or by_name.get("model.pkl")

    def now(self, **fields: Any) -> "StoredVersion":
        """Return the version with *fields* changed."""
        return replace(self, fields={**self.fields, **fields})


def get_model(platform: "Platform", model: str) -> StoredModel:
    """Return the model, or raise 404."""
    found = platform.state.get(_MODELS, model)
    if found is None:
        raise names.no_model(platform, model)
    return _model(found)


def has_model(platform: "Platform", model: str) -> bool:
    """Tell whether there is a model of that name."""
    return platform.state.get(_MODELS, model) is not None


def list_models(platform: "Platform") -> list[StoredModel]:
    """Return all models by name."""
    return [_model(found) for found in platform.state.list(_MODELS)]


def put_model(platform: "Platform", model: StoredModel) -> StoredModel:
    """Write the model and return it with its new etag."""
    body = {"fields": dict(model.fields), "default": model.default}
    return _model(platform.state.put(_MODELS, model.name, body))


def delete_model(platform: "Platform", model: str) -> None:
    """Delete the model, which has no versions."""
    platform.state.delete(_MODELS, model)


def get_version(platform: "Platform", model: str, version: str) -> StoredVersion:
    """Return the version, or raise 404."""
    found = find_version(platform, model, version)
    if found is None:
        get_model(platform, model)
        raise names.no_version(platform, model, version)
    return found


def find_version(platform: "Platform", model: str, version: str) -> StoredVersion | None:
    """Return the version, or None."""
    found = platform.state.get(_VERSIONS, f"{model}/{version}")
    return None if found is None else _version(found)


def list_versions(platform: "Platform", model: str) -> list[StoredVersion]:
    """Return the versions of a model by age, the oldest first."""
    found = platform.state.list(_VERSIONS, prefix=f"{model}/")
    return [_version(one) for one in sorted(found, key=lambda one: one.created)]


def put_version(platform: "Platform", version: StoredVersion) -> StoredVersion:
    """Write the version and return it with its new etag."""
    files = [[file.name, file.blob, file.size] for file in version.files]
    body = {"fields": dict(version.fields), "files": files}
    return _version(platform.state.put(_VERSIONS, f"{version.model}/{version.name}", body))


def delete_version(platform: "Platform", version: StoredVersion) -> None:
    """Delete the version and its copied files, in the caller's transaction."""
    platform.state.delete(_VERSIONS, f"{version.model}/{version.name}")
    directories.drop(platform, version.files)
    platform.state.after_commit(lambda: pool_of(platform).stop(version.key))


def show_version(platform: "Platform", version: StoredVersion, default: str) -> dict[str, Any]:
    """Return the ``Version`` resource; false and empty fields are left out, as in the service."""
    shown = {
        "name": names.version_name(platform, version.model, version.name),
        **version.fields,
        "etag": version.etag,
    }
    return shown | ({"isDefault": True} if default == version.name else {})


def show_model(platform: "Platform", model: StoredModel) -> dict[str, Any]:
    """Return the ``Model`` resource, with its default version in full."""
    shown: dict[str, Any] = {
        "name": names.model_name(platform, model.name),
        **model.fields,
        "etag": model.etag,
    }
    default = find_version(platform, model.name, model.default) if model.default else None
    if default is not None:
        shown["defaultVersion"] = show_version(platform, default, model.default)
    return shown


def _model(found: "Document") -> StoredModel:
    body = found.body
    return StoredModel(found.key, body["fields"], body["default"], found.etag)


def _version(found: "Document") -> StoredVersion:
    model, _, name = found.key.partition("/")
    files = tuple(CopiedFile(*row) for row in found.body["files"])
    return StoredVersion(model, name, found.body["fields"], files, found.etag)
