"""Endpoints: create, get, list, patch, update, delete."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.aiplatform import (
    endpoint_resources,
    endpoint_store,
    fields,
    filters,
    ids,
    long_running,
    masks,
    rules,
    splits,
)
from gcp_deploy.emulator.aiplatform.endpoint_store import StoredEndpoint
from gcp_deploy.emulator.aiplatform.etags import check_etag
from gcp_deploy.emulator.aiplatform.paging import page
from gcp_deploy.emulator.aiplatform.place import PLACE, place_of
from gcp_deploy.emulator.messages import Request
from gcp_deploy.emulator.problems import (
    already_exists,
    failed_precondition,
    invalid,
    rpc_envelope,
)
from gcp_deploy.emulator.routing import Routes

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(rpc_envelope)
ENDPOINT = f"{PLACE}/endpoints/{{endpoint}}"
Json = Mapping[str, Any]

_KEPT = (
    *("displayName", "description", "labels", "encryptionSpec", "network"),
    *("dedicatedEndpointEnabled", "clientConnectionConfig", "privateServiceConnectConfig"),
    "predictRequestResponseLoggingConfig",
)
_CHANGEABLE = (
    *("displayName", "description", "labels", "trafficSplit"),
    "predictRequestResponseLoggingConfig",
)
_BY_UPDATE = frozenset({"clientConnectionConfig", "predictRequestResponseLoggingConfig"})


@ROUTES.add("aiplatform.endpoints.create", "POST", f"{PLACE}/endpoints")
def create(platform: "Platform", request: Request, *, project: str, location: str) -> Json:
    """Create an endpoint; the operation is done when it is returned."""
    place = place_of(platform, project, location)
    body = fields.message(request.json(), fields.ENDPOINT)
    fields.display_name(body, "endpoint")
    fields.labels(body.get("labels"))
    fields.flag(body, "dedicatedEndpointEnabled", "endpoint.dedicated_endpoint_enabled")
    if body.get("trafficSplit"):
        splits.check(splits.parse(body["trafficSplit"]), ())
    wanted = request.query.get("endpointId") or request.query.get("endpoint_id")
    if wanted:
        ids.check_endpoint_id(wanted)
    now = platform.now()
    kept = {name: body[name] for name in _KEPT if body.get(name) not in (None, "", {}, False)}
    with platform.state.transaction():
        endpoint = StoredEndpoint(
            place,
            wanted or platform.operations.new_id(),
            {**kept, "createTime": now, "updateTime": now},
        )
        if endpoint_store.read(platform, place, endpoint.id) is not None:
            raise already_exists(f"The Endpoint already exists: {endpoint.name}")
        endpoint = endpoint_store.write(platform, endpoint)
        shown = endpoint_resources.show(endpoint, request, rules.current(platform))
        return long_running.finished(
            platform,
            endpoint.name,
            "CreateEndpointOperationMetadata",
            long_running.typed("Endpoint", shown),
        )


@ROUTES.add("aiplatform.endpoints.get", "GET", ENDPOINT)
def get(
    platform: "Platform", request: Request, *, project: str, location: str, endpoint: str
) -> Json:
    """Return an endpoint."""
    found = endpoint_store.find(platform, place_of(platform, project, location), endpoint)
    return endpoint_resources.show(found, request, rules.current(platform))


@ROUTES.add("aiplatform.endpoints.list", "GET", f"{PLACE}/endpoints")
def list_endpoints(platform: "Platform", request: Request, *, project: str, location: str) -> Json:
    """Return the endpoints of a location, newest first."""
    place, query = place_of(platform, project, location), request.query
    terms = filters.parse_filter(query.get("filter"), equal=["displayName"], identity="endpoint")
    order = filters.parse_order(
        query.get("orderBy") or query.get("order_by"), ("displayName", "createTime", "updateTime")
    )
    switches = rules.current(platform)
    found = [
        endpoint_resources.show(endpoint, request, switches)
        for endpoint in endpoint_store.read_all(platform, place.key())
        if all(term.holds({**endpoint.resource, "id": endpoint.id}) for term in terms)
    ]
    read_mask = query.get("readMask") or query.get("read_mask")
    shown = [masks.apply_read_mask(one, read_mask) for one in filters.in_order(found, order)]
    return page(shown, query, "endpoints")


@ROUTES.add("aiplatform.endpoints.patch", "PATCH", ENDPOINT)
def patch(
    platform: "Platform", request: Request, *, project: str, location: str, endpoint: str
) -> Json:
    """Change what the mask names, at once: above all the traffic split."""
    place = place_of(platform, project, location)
    body = fields.message(request.json(), fields.ENDPOINT)
    mask = request.query.get("updateMask") or request.query.get("update_mask")
    changing = masks.parse_update_mask(mask, _CHANGEABLE)
    if "displayName" in changing:
        fields.display_name(body, "endpoint")
    if "labels" in changing:
        fields.labels(body.get("labels"))
    with platform.state.transaction():
        found = endpoint_store.find(platform, place, endpoint)
        check_etag(body, found.etag, found.name)
        if "trafficSplit" in changing:
            split = splits.parse(body.get("trafficSplit"))
            splits.check(split, found.deployed)
            found = replace(found, split=split)
        rest = [field for field in changing if field != "trafficSplit"]
        found = _updated(platform, found, masks.apply_update(found.resource, body, rest))
        return endpoint_resources.show(found, request, rules.current(platform))


@ROUTES.add("aiplatform.endpoints.update", "POST", f"{ENDPOINT}:update")
def update(
    platform: "Platform", request: Request, *, project: str, location: str, endpoint: str
) -> Json:
    """Change the settings that need an operation: the timeout of a dedicated endpoint."""
    place = place_of(platform, project, location)
    body = fields.message(request.json(), {"endpoint"})
    wanted = fields.message(body.get("endpoint", {}), fields.ENDPOINT, "endpoint")
    changing = [field for field in wanted if field in _BY_UPDATE]
    if not changing:
        raise invalid("Only client_connection_config can be updated by UpdateEndpointLongRunning.")
    with platform.state.transaction():
        found = endpoint_store.find(platform, place, endpoint)
        check_etag(wanted, found.etag, found.name)
        found = _updated(platform, found, masks.apply_update(found.resource, wanted, changing))
        shown = endpoint_resources.show(found, request, rules.current(platform))
        return long_running.finished(
            platform,
            found.name,
            "UpdateEndpointOperationMetadata",
            long_running.typed("Endpoint", shown),
        )


def _updated(platform: "Platform", endpoint: StoredEndpoint, resource: Json) -> StoredEndpoint:
    now = platform.now()
    return endpoint_store.write(platform, replace(endpoint, resource=resource).changed(now))


@ROUTES.add("aiplatform.endpoints.delete", "DELETE", ENDPOINT)
def delete(
    platform: "Platform", _request: Request, *, project: str, location: str, endpoint: str
) -> Json:
    """Delete an endpoint on which nothing stands."""
    place = place_of(platform, project, location)
    with platform.state.transaction():
        found = endpoint_store.find(platform, place, endpoint)
        if found.deployed or found.pending:
            raise failed_precondition(
                f"Endpoint has deployed or being-deployed DeployedModel(s): {found.name}. "
                "Undeploy them first."
            )
        endpoint_store.remove(platform, found)
        return long_running.finished(
            platform, found.name, "DeleteOperationMetadata", long_running.EMPTY
        )
