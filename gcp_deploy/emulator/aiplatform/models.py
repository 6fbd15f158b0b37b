"""Models: get, list, listVersions, patch, mergeVersionAliases, deleteVersion, delete."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.aiplatform import (
    aliases,
    artifacts,
    endpoint_store,
    fields,
    filters,
    long_running,
    masks,
    model_resources,
    registry,
)
from gcp_deploy.emulator.aiplatform.etags import check_etag, fresh_etag
from gcp_deploy.emulator.aiplatform.paging import page
from gcp_deploy.emulator.aiplatform.place import PLACE, ModelName, place_of, split_version
from gcp_deploy.emulator.aiplatform.registry import StoredModel, StoredVersion
from gcp_deploy.emulator.messages import Query, Request
from gcp_deploy.emulator.problems import failed_precondition, invalid, rpc_envelope
from gcp_deploy.emulator.routing import Routes

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(rpc_envelope)
_MODEL = f"{PLACE}/models/{{model}}"
_CHANGEABLE = ("displayName", "description", "labels", "versionDescription")
Json = Mapping[str, Any]


def _name(platform: "Platform", project: str, location: str, segment: str) -> ModelName:
    model, version = split_version(segment)
    return ModelName(place_of(platform, project, location), model, version)


def _numbered(platform: "Platform", name: ModelName) -> tuple[StoredModel, StoredVersion]:
    """Return a version that the request names by its number, as these calls demand."""
    if not name.version.isdecimal():
        raise invalid(f"Invalid resource name '{name}': it must include a version ID.")
    return registry.find_version(platform, name)


@ROUTES.add("aiplatform.models.get", "GET", _MODEL)
def get(
    platform: "Platform", _request: Request, *, project: str, location: str, model: str
) -> Json:
    """Return a version: ``M@2``, ``M@alias``, or the default one."""
    found = registry.find_version(platform, _name(platform, project, location, model))
    return model_resources.show(platform, *found)


@ROUTES.add("aiplatform.models.list", "GET", f"{PLACE}/models")
def list_models(platform: "Platform", request: Request, *, project: str, location: str) -> Json:
    """Return one entry per model, that of its default version, newest first."""
    place = place_of(platform, project, location)
    found = [
        model_resources.show(platform, model, model.default)
        for model in registry.read_all(platform, place)
    ]
    order = ("displayName", "createTime", "updateTime")
    return _listed(found, request.query, identity="model", order=order)


@ROUTES.add("aiplatform.models.listVersions", "GET", f"{_MODEL}:listVersions")
def list_versions(
    platform: "Platform", request: Request, *, project: str, location: str, model: str
) -> Json:
    """Return the versions of a model, newest first."""
    found = registry.find_model(platform, _name(platform, project, location, model))
    versions = model_resources.show_versions(platform, found)
    return _listed(versions, request.query, identity="", order=("createTime", "updateTime"))


def _listed(
    found: list[dict[str, Any]], query: Query, *, identity: str, order: tuple[str, ...]
) -> Json:
    """Filter, order and cut; times to order by are those of the version where it matters."""
    equal = ("displayName",) if identity else ()
    terms = filters.parse_filter(query.get("filter"), equal=equal, identity=identity)
    wanted = filters.parse_order(query.get("orderBy") or query.get("order_by"), order)
    if not identity:
        times = {"createTime": "versionCreateTime", "updateTime": "versionUpdateTime"}
        wanted = tuple((times[field], descending) for field, descending in wanted)
    passed = [
        model
        for model in found
        if all(term.holds({**model, "id": model["name"].rpartition("/")[2]}) for term in terms)
    ]
    shown = filters.in_order(passed, wanted)
    read_mask = query.get("readMask") or query.get("read_mask")
    return page([masks.apply_read_mask(model, read_mask) for model in shown], query, "models")


@ROUTES.add("aiplatform.models.patch", "PATCH", _MODEL)
def patch(
    platform: "Platform", request: Request, *, project: str, location: str, model: str
) -> Json:
    """Change what the mask names of a version."""
    name = _name(platform, project, location, model)
    body = fields.message(request.json(), fields.MODEL)
    mask = request.query.get("updateMask") or request.query.get("update_mask")
    changing = masks.parse_update_mask(mask, _CHANGEABLE)
    if "displayName" in changing:
        fields.display_name(body, "model")
    if "labels" in changing:
        fields.labels(body.get("labels"))
    with platform.state.transaction():
        found, version = registry.find_version(platform, name)
        check_etag(body, version.etag, str(name))
        now = platform.now()
        resource = masks.apply_update(version.resource, body, changing)
        version = replace(
            version,
            resource=resource | {"versionUpdateTime": now},
            etag=fresh_etag(platform),
        )
        found = registry.changed(found.with_version(version), now)
        registry.write(platform, found)
        return model_resources.show(platform, found, version)


@ROUTES.add("aiplatform.models.mergeVersionAliases", "POST", f"{_MODEL}:mergeVersionAliases")
def merge_version_aliases(
    platform: "Platform", request: Request, *, project: str, location: str, model: str
) -> Json:
    """Move aliases to a version, and take some away from it."""
    name = _name(platform, project, location, model)
    body = fields.message(request.json(), {"versionAliases"})
    wanted = aliases.parse(body.get("versionAliases"))
    if not wanted:
        raise invalid("Required field 'version_aliases' is missing.")
    with platform.state.transaction():
        found, version = _numbered(platform, name)
        held = aliases.merge(found.aliases, version.id, wanted)
        found = _with_aliases(platform, found, held)
        registry.write(platform, found)
        return model_resources.show(platform, found, found.versions[version.id])


def _with_aliases(platform: "Platform", model: StoredModel, held: Mapping[str, str]) -> StoredModel:
    """Return the model with other aliases: every version that won or lost one has changed."""
    now = platform.now()
    touched = {
        number
        for alias in {*model.aliases, *held}
        for number in (model.aliases.get(alias), held.get(alias))
        if model.aliases.get(alias) != held.get(alias) and number in model.versions
    }
    for version in [model.versions[number] for number in sorted(filter(None, touched))]:
        resource = {**version.resource, "versionUpdateTime": now}
        model = model.with_version(replace(version, resource=resource, etag=fresh_etag(platform)))
    return registry.changed(model, now, held)


@ROUTES.add("aiplatform.models.deleteVersion", "DELETE", f"{_MODEL}:deleteVersion")
def delete_version(
    platform: "Platform", _request: Request, *, project: str, location: str, model: str
) -> Json:
    """Delete a version that is neither deployed nor the only one."""
    name = _name(platform, project, location, model)
    with platform.state.transaction():
        found, version = _numbered(platform, name)
        _refuse_deployed(platform, found, version.id)
        left = {key: one for key, one in found.versions.items() if key != version.id}
        if not left:
            raise failed_precondition(
                f"Version {version.id} is the only version of the Model {found.name} and cannot "
                "be deleted. Use DeleteModel to delete the Model instead."
            )
        artifacts.drop(platform, version.files)
        held = aliases.without(found.aliases, version.id, left)
        registry.write(platform, _with_aliases(platform, replace(found, versions=left), held))
        return long_running.finished(
            platform, found.name, "DeleteOperationMetadata", long_running.EMPTY
        )


@ROUTES.add("aiplatform.models.delete", "DELETE", _MODEL)
def delete(
    platform: "Platform", _request: Request, *, project: str, location: str, model: str
) -> Json:
    """Delete a model with all its versions, none of which may be deployed."""
    name = _name(platform, project, location, model)
    if name.version:
        raise invalid(f"Invalid resource name '{name}': use DeleteModelVersion for a version.")
    with platform.state.transaction():
        found = registry.find_model(platform, name)
        _refuse_deployed(platform, found)
        for version in found.versions.values():
            artifacts.drop(platform, version.files)
        registry.remove(platform, found)
        return long_running.finished(
            platform, found.name, "DeleteOperationMetadata", long_running.EMPTY
        )


def _refuse_deployed(platform: "Platform", model: StoredModel, version: str = "") -> None:
    endpoints = sorted(
        {
            endpoint
            for endpoint, _, number in endpoint_store.deployments_of(platform, model.name)
            if version in ("", number)
        }
    )
    if endpoints:
        what = f"Model version {version}" if version else "Model"
        raise failed_precondition(
            f"The {what} is deployed or being deployed at the following Endpoint(s): "
            f"{', '.join(endpoints)}."
        )
