"""Operations: get, list, cancel."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.messages import Request
from gcp_deploy.emulator.ml import listing, long_running, names
from gcp_deploy.emulator.ml.names import PROJECT
from gcp_deploy.emulator.operations import Operation
from gcp_deploy.emulator.problems import not_found, rpc_envelope
from gcp_deploy.emulator.routing import Routes

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(rpc_envelope)
Json = Mapping[str, Any]


@ROUTES.add("ml.operations.get", "GET", f"{PROJECT}/operations/{{operation}}")
def get(platform: "Platform", _request: Request, *, project: str, operation: str) -> Json:
    """Return the operation."""
    return long_running.resource(_find(platform, project, operation))


@ROUTES.add("ml.operations.list", "GET", f"{PROJECT}/operations")
def list_operations(platform: "Platform", request: Request, *, project: str) -> Json:
    """Return the operations of the project, newest first."""
    names.check_project(platform, project)
    found = map(long_running.resource, platform.operations.list(long_running.KIND))
    return listing.page(list(found), request.query, "operations")


@ROUTES.add("ml.operations.cancel", "POST", f"{PROJECT}/operations/{{operation}}:cancel")
def cancel(platform: "Platform", _request: Request, *, project: str, operation: str) -> Json:
    """Ask the operation to stop; it may have ended already, or end otherwise."""
    found = _find(platform, project, operation)
    platform.operations.cancel(found.id)
    return {}


def _find(platform: "Platform", project: str, operation: str) -> Operation:
    names.check_project(platform, project)
    found = platform.operations.get(operation)
    if found is None or found.kind != long_running.KIND:
        name = f"projects/{platform.project}/operations/{operation}"
        raise not_found(f'Field: name Error: The operation resource: "{name}" was not found.')
    return found
