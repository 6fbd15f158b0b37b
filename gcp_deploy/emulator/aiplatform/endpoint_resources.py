"""The Endpoint resource as it is shown."""

from typing import Any

from gcp_deploy.emulator.aiplatform import hosts
from gcp_deploy.emulator.aiplatform.endpoint_store import StoredEndpoint
from gcp_deploy.emulator.aiplatform.rules import Rules
from gcp_deploy.emulator.messages import Request


def show(endpoint: StoredEndpoint, request: Request, rules: Rules) -> dict[str, Any]:
    """Return the resource; the host of a dedicated one is where *request* can reach it."""
    resource: dict[str, Any] = {"name": endpoint.name, **endpoint.resource, "etag": endpoint.etag}
    if endpoint.deployed:
        resource["deployedModels"] = [dict(one) for one in endpoint.deployed.values()]
    if endpoint.split:
        resource["trafficSplit"] = dict(endpoint.split)
    if endpoint.dedicated:
        resource["dedicatedEndpointDns"] = hosts.dedicated_dns(request, rules)
    return resource
