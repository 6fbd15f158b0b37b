"""Models: create, get, list, patch, delete; and the project's configuration."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.messages import Request
from gcp_deploy.emulator.ml import fields, listing, long_running, names, registry
from gcp_deploy.emulator.ml.names import MODEL, PROJECT, field_error
from gcp_deploy.emulator.ml.registry import StoredModel
from gcp_deploy.emulator.problems import Code, Problem, aborted, invalid, rpc_envelope
from gcp_deploy.emulator.routing import Routes

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(rpc_envelope)
Json = Mapping[str, Any]

MOST_MODELS = 100
_CHANGEABLE = ("description", "labels", "defaultVersion.name")


@ROUTES.add("ml.projects.getConfig", "GET", f"{PROJECT}:getConfig")
def get_config(platform: "Platform", _request: Request, *, project: str) -> Json:
    """Return the service account of the project's service agent."""
    names.check_project(platform, project)
    number = platform.project_number
    account = f"service-{number}@cloud-ml.google.com.iam.gserviceaccount.com"
    return {"serviceAccount": account, "serviceAccountProject": number}


@ROUTES.add("ml.models.create", "POST", f"{PROJECT}/models")
def create(platform: "Platform", request: Request, *, project: str) -> Json:
    """Create a model without versions, at once."""
    names.check_project(platform, project)
    given = fields.message(request.json(), fields.MODEL_FIELDS, "model")
    name = names.check_id(given.get("name"), "model.name")
    with platform.state.transaction():
        if registry.has_model(platform, name):
            text = "A model with the same name already exists."
            raise field_error("model.name", text, Code.ALREADY_EXISTS)
        if len(registry.list_models(platform)) >= MOST_MODELS:
            raise Problem(
                Code.RESOURCE_EXHAUSTED,
                f"Quota failure for project {platform.project}. The number of models would be too "
                f"large. Exceeded the max allowed number of models per project: {MOST_MODELS}.",
            )
        model = registry.put_model(platform, StoredModel(name, _resource(given, platform.region)))
    return registry.show_model(platform, model)


def _resource(given: Json, region: str) -> dict[str, Any]:
    regions = given.get("regions") or [region]
    one = isinstance(regions, list) and len(regions) == 1 and isinstance(regions[0], str)
    if not one:
        raise field_error("model.regions", "Exactly one region must be given.")
    resource = {
        "description": fields.text(given, "description", "model.description"),
        "regions": regions,
        "onlinePredictionLogging": fields.flag(
            given, "onlinePredictionLogging", "model.online_prediction_logging"
        ),
        "onlinePredictionConsoleLogging": fields.flag(
            given, "onlinePredictionConsoleLogging", "model.online_prediction_console_logging"
        ),
        "labels": fields.labels(given, "model.labels"),
    }
    return {name: value for name, value in resource.items() if value}


@ROUTES.add("ml.models.get", "GET", MODEL)
def get(platform: "Platform", _request: Request, *, project: str, model: str) -> Json:
    """Return the model with its default version."""
    names.check_project(platform, project)
    return registry.show_model(platform, registry.get_model(platform, model))


@ROUTES.add("ml.models.list", "GET", f"{PROJECT}/models")
def list_models(platform: "Platform", request: Request, *, project: str) -> Json:
    """Return the models of the project by name."""
    names.check_project(platform, project)
    found = [registry.show_model(platform, one) for one in registry.list_models(platform)]
    return listing.page(found, request.query, "models")


@ROUTES.add("ml.models.patch", "PATCH", MODEL)
def patch(platform: "Platform", request: Request, *, project: str, model: str) -> Json:
    """Change description, labels or the default version; an operation that is done."""
    names.check_project(platform, project)
    given = fields.message(request.json(), fields.MODEL_FIELDS, "model")
    changed = fields.mask(request.query.get("updateMask"), _CHANGEABLE)
    with platform.state.transaction():
        found = registry.get_model(platform, model)
        if given.get("etag") not in {None, "", found.etag}:
            raise aborted(f"The etag given is not the current one of model {model}.")
        resource = dict(found.fields)
        if "description" in changed:
            resource["description"] = fields.text(given, "description", "model.description")
        if "labels" in changed:
            resource["labels"] = fields.labels(given, "model.labels")
        if "defaultVersion.name" in changed:
            found = found.serving(_new_default(platform, model, given))
        resource = {name: value for name, value in resource.items() if value}
        stored = registry.put_model(platform, replace(found, fields=resource))
        response = long_running.typed("Model", registry.show_model(platform, stored))
        return long_running.begin(
            platform,
            "UPDATE_MODEL",
            model=names.model_name(platform, model),
            work="answer",
            arguments={"response": response},
        )


def _new_default(platform: "Platform", model: str, given: Json) -> str:
    version = given.get("defaultVersion")
    name = str(version.get("name") or "") if isinstance(version, dict) else ""
    if not name:
        raise invalid("Field: model.default_version.name Error: A version must be named.")
    found = registry.get_version(platform, model, name.rpartition("/")[2])
    check_ready(found)
    return found.name


def check_ready(version: registry.StoredVersion) -> None:
    """Raise 400 FAILED_PRECONDITION for a version that cannot become the default."""
    if version.state != "READY":
        raise field_error(
            "version.name",
            f"Version {version.name} is {version.state}; only a READY version can be the default.",
            Code.FAILED_PRECONDITION,
        )


@ROUTES.add("ml.models.delete", "DELETE", MODEL)
def delete(platform: "Platform", _request: Request, *, project: str, model: str) -> Json:
    """Delete a model that has no versions; an operation that is done."""
    names.check_project(platform, project)
    with platform.state.transaction():
        registry.get_model(platform, model)
        if registry.list_versions(platform, model):
            raise field_error(
                "model.name",
                "A model with versions cannot be deleted. Please delete the versions first.",
                Code.FAILED_PRECONDITION,
            )
        registry.delete_model(platform, model)
        return long_running.begin(
            platform,
            "DELETE_MODEL",
            model=names.model_name(platform, model),
            work="answer",
            arguments={"response": long_running.EMPTY},
        )
