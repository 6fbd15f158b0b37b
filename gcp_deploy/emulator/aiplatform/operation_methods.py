"""Operations: get, list, cancel, wait, delete, under every parent and every prefix in use.

Clients poll what they were given under ``/v1``, ``/v1beta1`` (gcloud) or ``/ui`` (the generated
REST clients: the first binding of the method); gcloud also asks for the bare number below the
location. The number alone decides.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.aiplatform import long_running
from gcp_deploy.emulator.aiplatform.paging import page
from gcp_deploy.emulator.aiplatform.place import place_of
from gcp_deploy.emulator.messages import Request
from gcp_deploy.emulator.operations import Operation
from gcp_deploy.emulator.problems import invalid, not_found, rpc_envelope
from gcp_deploy.emulator.routing import Routes

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(rpc_envelope)
Json = Mapping[str, Any]

_PARENTS = tuple(
    f"/{prefix}/projects/{{project}}/locations/{{location}}{parent}/operations"
    for prefix in ("v1", "v1beta1", "ui")
    for parent in ("", "/models/{model}", "/endpoints/{endpoint}")
)
_LONGEST_WAIT = 60.0
_DURATION = re.compile(r"\d{1,9}(?:\.\d{1,9})?")


def _templates(verb: str = "") -> tuple[str, ...]:
    return tuple(f"{parent}/{{operation}}{verb}" for parent in _PARENTS)


def _check(
    platform: "Platform", found: Operation | None, project: str, location: str, operation: str
) -> Operation:
    place = place_of(platform, project, location)
    if found is None or not found.name.startswith(f"{place.name}/"):
        raise not_found(f"Operation {place.name}/operations/{operation} not found.")
    return found


@ROUTES.add("aiplatform.operations.get", "GET", *_templates())
def get(
    platform: "Platform",
    _request: Request,
    *,
    project: str,
    location: str,
    operation: str,
    **_parent: str,
) -> Json:
    """Return the operation."""
    found = platform.operations.get(operation)
    return long_running.resource(_check(platform, found, project, location, operation))


@ROUTES.add("aiplatform.operations.list", "GET", *_PARENTS)
def list_operations(
    platform: "Platform", request: Request, *, project: str, location: str, **parent: str
) -> Json:
    """Return the operations below a parent, newest first."""
    prefix = place_of(platform, project, location).name
    prefix += "".join(f"/{kind}s/{name}" for kind, name in parent.items())
    found = platform.operations.list(long_running.KIND, prefix=f"{prefix}/")
    return page([long_running.resource(one) for one in found], request.query, "operations")


@ROUTES.add("aiplatform.operations.cancel", "POST", *_templates(":cancel"))
def cancel(
    platform: "Platform",
    _request: Request,
    *,
    project: str,
    location: str,
    operation: str,
    **_parent: str,
) -> Json:
    """Ask the operation to stop; it may have ended already, or end otherwise."""
    _check(platform, platform.operations.get(operation), project, location, operation)
    platform.operations.cancel(operation)
    return {}


@ROUTES.add("aiplatform.operations.wait", "POST", *_templates(":wait"))
def wait(
    platform: "Platform",
    request: Request,
    *,
    project: str,
    location: str,
    operation: str,
    **_parent: str,
) -> Json:
    """Return the operation when it is done, or as it is after ``timeout`` (at most a minute)."""
    _check(platform, platform.operations.get(operation), project, location, operation)
    text = str(request.query.get("timeout") or request.json().get("timeout") or "60s")
    if not text.endswith("s") or not _DURATION.fullmatch(text[:-1]):
        raise invalid(f"Invalid value at 'timeout' (Duration), '{text}'")
    found = platform.operations.wait(operation, min(float(text[:-1]), _LONGEST_WAIT))
    return long_running.resource(_check(platform, found, project, location, operation))


@ROUTES.add("aiplatform.operations.delete", "DELETE", *_templates())
def delete(
    platform: "Platform",
    _request: Request,
    *,
    project: str,
    location: str,
    operation: str,
    **_parent: str,
) -> Json:
    """Forget an operation; what it did stays."""
    found = platform.operations.get(operation)
    found = _check(platform, found, project, location, operation)
    if not found.done:
        raise invalid(f"Operation {found.name} is not done.")
    platform.operations.delete(operation)
    return {}
