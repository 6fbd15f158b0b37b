"""deployModel, undeployModel, mutateDeployedModel: what they refuse, and what they start."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.aiplatform import (
    containers,
    deployed_models,
    endpoint_store,
    fields,
    ids,
    images,
    long_running,
    masks,
    model_servers,
    registry,
    splits,
)
from gcp_deploy.emulator.aiplatform.endpoint_store import StoredEndpoint
from gcp_deploy.emulator.aiplatform.endpoints import ENDPOINT
from gcp_deploy.emulator.aiplatform.place import parse_model_name, place_of
from gcp_deploy.emulator.aiplatform.registry import StoredVersion
from gcp_deploy.emulator.messages import Request
from gcp_deploy.emulator.problems import (
    already_exists,
    failed_precondition,
    invalid,
    not_found,
    rpc_envelope,
)
from gcp_deploy.emulator.routing import Routes

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(rpc_envelope)
Json = Mapping[str, Any]


@ROUTES.add("aiplatform.endpoints.deployModel", "POST", f"{ENDPOINT}:deployModel")
def deploy_model(
    platform: "Platform", request: Request, *, project: str, location: str, endpoint: str
) -> Json:
    """Begin to attach a version to the endpoint; see :mod:`.deployment` for the rest."""
    place = place_of(platform, project, location)
    body = fields.message(request.json(), {"deployedModel", "trafficSplit"})
    wanted = fields.message(body.get("deployedModel", {}), fields.DEPLOYED_MODEL, "deployed_model")
    kept = deployed_models.check(wanted)
    asked = splits.parse(body.get("trafficSplit"))
    identity = fields.text(wanted, "id", "deployed_model.id")
    if identity:
        ids.check_deployed_model_id(identity)
    name = parse_model_name(platform, wanted["model"], "deployed_model.model")
    with platform.state.transaction():
        found = endpoint_store.find(platform, place, endpoint)
        model, version = registry.find_version(platform, name)
        _refuse_busy(found)
        _refuse_version(platform, found, version)
        identity = identity or platform.operations.new_id()
        if identity in found.deployed:
            raise already_exists(f"DeployedModel {identity} already exists in {found.name}.")
        splits.after_deployment(found.split, asked, found.deployed, identity)
        deployed = deployed_models.resource(
            kept,
            identity=identity,
            model=model,
            version=version,
            display_name=wanted.get("displayName", ""),
            now=platform.now(),
        )
        pending = {**found.pending, identity: deployed}
        endpoint_store.write(platform, replace(found, pending=pending))
        operation = long_running.begin(
            platform,
            found.name,
            metadata=long_running.typed(
                "DeployModelOperationMetadata", {"deploymentStage": "STARTING_DEPLOYMENT"}
            ),
            work="deploy",
            arguments={
                "location": place.location,
                "endpoint": found.id,
                "deployedModel": deployed,
                "split": asked,
            },
            background=True,
        )
    return long_running.resource(operation)


def _refuse_busy(endpoint: StoredEndpoint) -> None:
    if endpoint.pending:
        raise failed_precondition(
            f"There are other operations running on the Endpoint {endpoint.name}: "
            f"DeployedModel(s) {', '.join(endpoint.pending)} being deployed."
        )


def _refuse_version(platform: "Platform", endpoint: StoredEndpoint, version: StoredVersion) -> None:
    image = images.judge(version.container["imageUri"])
    if image.is_gone(platform.clock.now().date()):
        raise failed_precondition(
            f"The prebuilt container {image.uri} reached its end of availability on "
            f"{image.available_until} and takes no new deployments."
        )
    if containers.allows_invoke(version.container) and not endpoint.dedicated:
        raise failed_precondition(
            "A Model with invoke_route_prefix can only be deployed to a dedicated endpoint, and "
            f"{endpoint.name} is shared."
        )


@ROUTES.add("aiplatform.endpoints.undeployModel", "POST", f"{ENDPOINT}:undeployModel")
def undeploy_model(
    platform: "Platform", request: Request, *, project: str, location: str, endpoint: str
) -> Json:
    """Detach a deployed model without traffic; the operation is done when it is returned."""
    place = place_of(platform, project, location)
    body = fields.message(request.json(), {"deployedModelId", "trafficSplit"})
    leaving = fields.text(body, "deployedModelId", "deployed_model_id")
    if not leaving:
        raise invalid("Required field 'deployed_model_id' is missing.")
    asked = splits.parse(body.get("trafficSplit"))
    with platform.state.transaction():
        found = endpoint_store.find(platform, place, endpoint)
        _find_deployed(found, leaving)
        _refuse_busy(found)
        split = splits.after_undeployment(found.split, asked, found.deployed, leaving)
        _write(platform, found.detach(leaving, split))
        platform.state.after_commit(lambda: model_servers.stop(platform, found, leaving))
        return long_running.finished(
            platform,
            found.name,
            "UndeployModelOperationMetadata",
            long_running.typed("UndeployModelResponse"),
        )


def _find_deployed(endpoint: StoredEndpoint, identity: str) -> Json:
    if identity not in endpoint.deployed:
        raise not_found(f"DeployedModel {identity} is not found in {endpoint.name}.")
    return endpoint.deployed[identity]


def _write(platform: "Platform", endpoint: StoredEndpoint) -> None:
    endpoint_store.write(platform, endpoint.changed(platform.now()))


@ROUTES.add("aiplatform.endpoints.mutateDeployedModel", "POST", f"{ENDPOINT}:mutateDeployedModel")
def mutate_deployed_model(
    platform: "Platform", request: Request, *, project: str, location: str, endpoint: str
) -> Json:
    """Change the number of replicas; everything else of a deployed model is immutable."""
    place = place_of(platform, project, location)
    body = fields.message(request.json(), {"deployedModel", "updateMask"})
    wanted = fields.message(body.get("deployedModel", {}), fields.DEPLOYED_MODEL, "deployed_model")
    mask = fields.text(body, "updateMask", "update_mask").replace("dedicated_resources.", "")
    mask = mask.replace("dedicatedResources.", "")
    changing = masks.parse_update_mask(mask, (*deployed_models.MUTABLE, "disableContainerLogging"))
    with platform.state.transaction():
        found = endpoint_store.find(platform, place, endpoint)
        identity = fields.text(wanted, "id", "deployed_model.id")
        changed = _mutated(_find_deployed(found, identity), wanted, changing)
        _refuse_busy(found)
        _write(platform, replace(found, deployed={**found.deployed, identity: changed}))
        return long_running.finished(
            platform,
            found.name,
            "MutateDeployedModelOperationMetadata",
            long_running.typed("MutateDeployedModelResponse", {"deployedModel": changed}),
        )


def _mutated(deployed: Json, wanted: Json, changing: tuple[str, ...]) -> dict[str, Any]:
    dedicated = wanted.get("dedicatedResources") or {}
    if not isinstance(dedicated, Mapping):
        raise invalid("Invalid value at 'deployed_model.dedicated_resources' (message)")
    counts = [field for field in changing if field in deployed_models.MUTABLE]
    resources = masks.apply_update(deployed["dedicatedResources"], dedicated, counts)
    rest = [field for field in changing if field not in counts]
    changed = masks.apply_update(deployed, wanted, rest)
    return changed | {"dedicatedResources": deployed_models.replicas(resources)}
