"""Versions: create, get, list, patch, delete, setDefault."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.messages import Request
from gcp_deploy.emulator.ml import (
    artifacts,
    fields,
    listing,
    long_running,
    names,
    registry,
    version_bodies,
)
from gcp_deploy.emulator.ml.model_methods import check_ready
from gcp_deploy.emulator.ml.names import MODEL, VERSION, field_error
from gcp_deploy.emulator.ml.registry import StoredVersion
from gcp_deploy.emulator.problems import Code, aborted, rpc_envelope
from gcp_deploy.emulator.routing import Routes

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(rpc_envelope)
Json = Mapping[str, Any]

_CHANGEABLE = (
    "description",
    "labels",
    "requestLoggingConfig",
    "autoScaling.minNodes",
    "manualScaling.nodes",
)
_BUSY = {"CREATING", "UPDATING", "DELETING"}


@ROUTES.add("ml.versions.create", "POST", f"{MODEL}/versions")
def create(platform: "Platform", request: Request, *, project: str, model: str) -> Json:
    """Copy the artifact and begin to load it; the first version becomes the default."""
    names.check_project(platform, project)
    given = fields.message(request.json(), fields.VERSION_FIELDS, "version")
    name = names.check_id(given.get("name"), "version.name")
    resource = version_bodies.read(given)
    with platform.state.transaction():
        registry.get_model(platform, model)
        if registry.find_version(platform, model, name) is not None:
            text = "A version with the same name already exists."
            raise field_error("version.name", text, Code.ALREADY_EXISTS)
        files = artifacts.copy(platform, resource["deploymentUri"], resource["machineType"])
        resource |= {"createTime": platform.now(), "state": "CREATING"}
        version = registry.put_version(platform, StoredVersion(model, name, resource, files))
        return long_running.begin(
            platform,
            "CREATE_VERSION",
            model=names.model_name(platform, model),
            version=registry.show_version(platform, version, ""),
            work="create_version",
            arguments={"model": model, "version": name},
            background=True,
        )


@ROUTES.add("ml.versions.get", "GET", VERSION)
def get(platform: "Platform", _request: Request, *, project: str, model: str, version: str) -> Json:
    """Return the version."""
    names.check_project(platform, project)
    return _show(platform, registry.get_version(platform, model, version))


@ROUTES.add("ml.versions.list", "GET", f"{MODEL}/versions")
def list_versions(platform: "Platform", request: Request, *, project: str, model: str) -> Json:
    """Return the versions of a model, the oldest first."""
    names.check_project(platform, project)
    default = registry.get_model(platform, model).default
    found = registry.list_versions(platform, model)
    shown = [registry.show_version(platform, one, default) for one in found]
    return listing.page(shown, request.query, "versions")


@ROUTES.add("ml.versions.patch", "PATCH", VERSION)
def patch(
    platform: "Platform", request: Request, *, project: str, model: str, version: str
) -> Json:
    """Change description, labels, request logging or numbers of nodes; an operation, done."""
    names.check_project(platform, project)
    given = fields.message(request.json(), fields.VERSION_FIELDS, "version")
    changed = fields.mask(request.query.get("updateMask"), _CHANGEABLE)
    with platform.state.transaction():
        found = registry.get_version(platform, model, version)
        _check_idle(found)
        if given.get("etag") not in {None, "", found.etag}:
            raise aborted(f"The etag given is not the current one of version {version}.")
        resource = _changed(found.fields, given, changed)
        stored = registry.put_version(
            platform, StoredVersion(model, version, resource, found.files)
        )
        shown = _show(platform, stored)
        return long_running.begin(
            platform,
            "UPDATE_VERSION",
            model=names.model_name(platform, model),
            version=shown,
            work="answer",
            arguments={"response": long_running.typed("Version", shown)},
        )


def _changed(now: Json, given: Json, mask: tuple[str, ...]) -> dict[str, Any]:
    resource = dict(now)
    if "description" in mask:
        resource["description"] = fields.text(given, "description", "version.description")
    if "labels" in mask:
        resource["labels"] = fields.labels(given, "version.labels")
    if "requestLoggingConfig" in mask:
        resource["requestLoggingConfig"] = given.get("requestLoggingConfig")
    for part in ("autoScaling.minNodes", "manualScaling.nodes"):
        outer, _, inner = part.partition(".")
        if part in mask:
            scaling = given.get(outer)
            nodes = scaling.get(inner) if isinstance(scaling, dict) else None
            if not str(now["machineType"]).startswith("n1-") or not isinstance(nodes, int):
                raise field_error(f"version.{part}", "A number of nodes, on an N1 machine only.")
            resource[outer] = {**resource.get(outer, {}), inner: nodes}
    return {name: value for name, value in resource.items() if value}


@ROUTES.add("ml.versions.setDefault", "POST", f"{VERSION}:setDefault")
def set_default(
    platform: "Platform", request: Request, *, project: str, model: str, version: str
) -> Json:
    """Make the version the default, at once."""
    names.check_project(platform, project)
    request.json()
    with platform.state.transaction():
        found = registry.get_version(platform, model, version)
        check_ready(found)
        stored = registry.get_model(platform, model)
        if stored.default != version:
            registry.put_model(platform, stored.serving(version))
    return _show(platform, found)


@ROUTES.add("ml.versions.delete", "DELETE", VERSION)
def delete(
    platform: "Platform", _request: Request, *, project: str, model: str, version: str
) -> Json:
    """Delete a version: the default one only when it is the last; an operation that is done."""
    names.check_project(platform, project)
    with platform.state.transaction():
        found = registry.get_version(platform, model, version)
        _check_idle(found)
        stored = registry.get_model(platform, model)
        if stored.default == version:
            if len(registry.list_versions(platform, model)) > 1:
                raise field_error(
                    "version.name",
                    "Cannot delete the default version of a model that has other versions. "
                    "Please set another version as the default first.",
                    Code.FAILED_PRECONDITION,
                )
            registry.put_model(platform, stored.serving(""))
        shown = registry.show_version(platform, found, stored.default)
        registry.delete_version(platform, found)
        return long_running.begin(
            platform,
            "DELETE_VERSION",
            model=names.model_name(platform, model),
            version=shown,
            work="answer",
            arguments={"response": long_running.EMPTY},
        )


def _check_idle(version: StoredVersion) -> None:
    if version.state in _BUSY:
        raise field_error(
            "version.name",
            f"Version {version.name} is {version.state}; wait for its operation to end.",
            Code.FAILED_PRECONDITION,
        )


def _show(platform: "Platform", version: StoredVersion) -> dict[str, Any]:
    default = registry.get_model(platform, version.model).default
    return registry.show_version(platform, version, default)
