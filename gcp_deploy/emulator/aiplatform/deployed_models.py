"""DeployedModel: what a deployment asks for, checked, and the resource made of it."""

from collections.abc import Mapping
from typing import Any

from gcp_deploy.emulator.aiplatform import fields
from gcp_deploy.emulator.aiplatform.registry import StoredModel, StoredVersion
from gcp_deploy.emulator.problems import invalid

_RESOURCES = ("dedicatedResources", "automaticResources", "sharedResources")
_KEPT = ("disableContainerLogging", "enableAccessLogging", "serviceAccount", "disableExplanations")
_DEFAULT_MACHINE = "n1-standard-2"
MUTABLE = (
    *("minReplicaCount", "maxReplicaCount", "requiredReplicaCount"),
    "autoscalingMetricSpecs",
)


def check(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a DeployedModel in a request, checked and completed.

    Raises:
        Problem: 400 INVALID_ARGUMENT.
    """
    at = "deployed_model"
    fields.display_name(wanted, at, required=False)
    if not fields.text(wanted, "model", f"{at}.model"):
        raise invalid(f"Required field '{at}.model' is missing.")
    given = [name for name in _RESOURCES if name in wanted]
    if len(given) > 1:
        raise invalid(f"Field '{at}.prediction_resources' is a union: only one may be set.")
    if given != ["dedicatedResources"]:
        raise invalid(
            f"Field '{at}.dedicated_resources' is required: the Model supports "
            "DEDICATED_RESOURCES only."
        )
    kept = {name: wanted[name] for name in _KEPT if wanted.get(name) not in (None, "", False)}
    return {**kept, "dedicatedResources": replicas(wanted["dedicatedResources"])}


def replicas(value: object) -> dict[str, Any]:
    """Return dedicatedResources with the machine and both replica counts.

    Raises:
        Problem: 400 INVALID_ARGUMENT for counts against the rules.
    """
    at = "deployed_model.dedicated_resources"
    if not isinstance(value, Mapping):
        raise invalid(f"Invalid value at '{at}' (message), {value!r}")
    machine = value.get("machineSpec") or {}
    if not isinstance(machine, Mapping):
        raise invalid(f"Invalid value at '{at}.machine_spec' (message), {machine!r}")
    least = _count(value, "minReplicaCount", 0)
    most = _count(value, "maxReplicaCount", least)
    required = _count(value, "requiredReplicaCount", least)
    if least < 1:
        raise invalid(f"'{at}.min_replica_count' must be greater than or equal to 1.")
    if most < least:
        raise invalid(f"'{at}.max_replica_count' must not be less than min_replica_count.")
    if not 1 <= required <= least:
        raise invalid(f"'{at}.required_replica_count' must be between 1 and min_replica_count.")
    machine = {"machineType": _DEFAULT_MACHINE, **machine}
    return {**value, "machineSpec": machine, "minReplicaCount": least, "maxReplicaCount": most}


def _count(value: Mapping[str, Any], name: str, default: int) -> int:
    found = value.get(name) or default
    if isinstance(found, bool) or not isinstance(found, int):
        raise invalid(f"Invalid value at 'deployed_model.dedicated_resources.{name}' (TYPE_INT32)")
    return found


def resource(
    kept: Mapping[str, Any],
    *,
    identity: str,
    model: StoredModel,
    version: StoredVersion,
    display_name: str,
    now: str,
) -> dict[str, Any]:
    """Return the DeployedModel of *version*, pinned to it."""
    return {
        "id": identity,
        "model": model.name,
        "modelVersionId": version.id,
        "displayName": display_name or version.resource["displayName"],
        "createTime": now,
        **kept,
    }
