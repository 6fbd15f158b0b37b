"""containerSpec: what may stand in it, and the routes it gives a container."""

from collections.abc import Mapping
from typing import Any

from gcp_deploy.emulator.aiplatform import fields
from gcp_deploy.emulator.problems import invalid

ANY_ROUTE = "/*"
"""The one value of ``invokeRoutePrefix``."""


def check_spec(value: object, *, alone: bool) -> dict[str, Any]:
    """Return a containerSpec, checked; *alone* as :class:`.rules.Rules` says.

    Raises:
        Problem: 400 INVALID_ARGUMENT.
    """
    at = "model.container_spec"
    spec = fields.message(value if value is not None else {}, fields.CONTAINER_SPEC, at)
    if not fields.text(spec, "imageUri", f"{at}.image_uri"):
        raise invalid(f"Required field '{at}.image_uri' is missing.")
    for name in ("predictRoute", "healthRoute"):
        route = fields.text(spec, name, f"{at}.{name}")
        if route and not route.startswith("/"):
            raise invalid(f"Route '{route}' of '{at}' must begin with '/'.")
    if spec.get("invokeRoutePrefix", ANY_ROUTE) != ANY_ROUTE:
        raise invalid(f"Field '{at}.invoke_route_prefix' takes \"/*\" only.")
    if alone and spec.get("invokeRoutePrefix") and spec.get("predictRoute"):
        raise invalid(f"Only one of predict_route and invoke_route_prefix of '{at}' may be set.")
    _check_environment(spec.get("env", []), f"{at}.env")
    return spec


def _check_environment(value: object, at: str) -> None:
    if not isinstance(value, list):
        raise invalid(f"Invalid value at '{at}' (repeated), {value!r}")
    for item in value:
        name = fields.text(fields.message(item, {"name", "value"}, at), "name", f"{at}.name")
        if not name or name.startswith("AIP_"):
            raise invalid(f"Invalid environment variable name '{name}': AIP_ names are reserved.")


def predict_route(spec: Mapping[str, Any], endpoint: str, deployed_model: str) -> str:
    """Return the path on which the container is asked for predictions."""
    default = f"/v1/endpoints/{endpoint}/deployedModels/{deployed_model}:predict"
    return str(spec.get("predictRoute") or default)


def allows_invoke(spec: Mapping[str, Any]) -> bool:
    """Tell whether ``invoke`` reaches the container."""
    return spec.get("invokeRoutePrefix") == ANY_ROUTE
