"""A new version as a request describes it."""

import re
from collections.abc import Mapping
from typing import Any

from gcp_deploy.emulator.ml import fields
from gcp_deploy.emulator.ml.names import field_error
from gcp_deploy.emulator.problems import Code, Problem, invalid

_RUNTIME = re.compile(r"\d+\.\d+")
_MACHINE = re.compile(r"(?:mls1|n1)-[a-z0-9]+(?:-[a-z0-9]+)*")
_KEPT = [
    "autoScaling",
    "manualScaling",
    "acceleratorConfig",
    "serviceAccount",
    "container",
    "routes",
    "explanationConfig",
]


def read(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a new version, with defaults; its name is not among them.

    Raises:
        Problem: 400 INVALID_ARGUMENT; 501 UNIMPLEMENTED for what the platform does not imitate.
    """
    framework = fields.framework(given)
    _check_kind(given, framework)
    _check_scaling(given)
    own_container = "container" in given
    resource: dict[str, Any] = {
        "description": fields.text(given, "description", "version.description"),
        "deploymentUri": fields.text(given, "deploymentUri", "version.deployment_uri"),
        "runtimeVersion": _runtime(given, required=not own_container),
        "pythonVersion": _matching(given, "pythonVersion", "version.python_version", _RUNTIME),
        "framework": "" if own_container else "SCIKIT_LEARN",
        "machineType": _matching(given, "machineType", "version.machine_type", _MACHINE)
        or "mls1-c1-m2",
        "labels": fields.labels(given, "version.labels"),
        **{name: given[name] for name in _KEPT if name in given},
    }
    if not resource["deploymentUri"]:
        raise field_error("version.deployment_uri", "A deployment URI must be given.")
    return {name: value for name, value in resource.items() if value}


def _check_kind(given: Mapping[str, Any], framework: str) -> None:
    if framework in {"TENSORFLOW", "XGBOOST"}:
        raise _not_imitated(f"framework {framework}")
    for name in ("predictionClass", "packageUris"):
        if given.get(name):
            raise _not_imitated(name)
    if "requestLoggingConfig" in given:
        raise field_error(
            "version.request_logging_config",
            "It can only be set by projects.models.versions.patch.",
        )
    if "container" not in given:
        return
    container = given["container"]
    if framework != "FRAMEWORK_UNSPECIFIED" or given.get("runtimeVersion"):
        raise field_error(
            "version.container", "A container takes neither a framework nor a runtime version."
        )
    if not isinstance(container, dict) or not container.get("image"):
        raise field_error("version.container.image", "An image must be given.")


def _check_scaling(given: Mapping[str, Any]) -> None:
    if "autoScaling" in given and "manualScaling" in given:
        raise field_error(
            "version.manual_scaling", "Only one of auto_scaling and manual_scaling may be set."
        )
    for name in ("autoScaling", "manualScaling"):
        if name in given and not isinstance(given[name], dict):
            raise invalid(f"Invalid value at 'version.{name}' (message), {given[name]!r}")


def _runtime(given: Mapping[str, Any], *, required: bool) -> str:
    text = _matching(given, "runtimeVersion", "version.runtime_version", _RUNTIME)
    if required and not text:
        raise field_error("version.runtime_version", "A runtime version must be given.")
    return text


def _matching(given: Mapping[str, Any], name: str, at: str, pattern: re.Pattern[str]) -> str:
    text = fields.text(given, name, at)
    if text and not pattern.fullmatch(text):
        raise field_error(at, f"{text!r} is not supported.")
    return text


def _not_imitated(what: str) -> Problem:
    return Problem(Code.UNIMPLEMENTED, f"The embedded platform does not serve {what}.")
