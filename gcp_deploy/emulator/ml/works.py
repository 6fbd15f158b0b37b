"""What the operations do. Each may be done twice, when a process is killed within it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.ml import long_running, registry, servers
from gcp_deploy.emulator.ml.registry import StoredVersion
from gcp_deploy.emulator.problems import Code, Problem, failed_precondition

if TYPE_CHECKING:
    from gcp_deploy.emulator.operations import Task, Work
    from gcp_deploy.emulator.platform import Platform


def create_version(platform: "Platform", task: "Task") -> Mapping[str, Any]:
    """Load the version as a check: READY, and the default of a model without one; or FAILED."""
    model, name = task.arguments["model"], task.arguments["version"]
    version = registry.get_version(platform, model, name)
    if version.state == "CREATING":
        failure = servers.load_failure(platform, version)
        if task.cancelled:
            _end(platform, version, state="FAILED", errorMessage="The creation was cancelled.")
            raise Problem(Code.CANCELLED, "The operation was cancelled.")
        if failure:
            _end(platform, version, state="FAILED", errorMessage=failure)
            raise failed_precondition(failure)
        version = _end(platform, version, state="READY")
    if version.state == "FAILED":
        raise failed_precondition(str(version.fields["errorMessage"]))
    default = registry.get_model(platform, model).default
    return long_running.typed("Version", registry.show_version(platform, version, default))


def _end(platform: "Platform", version: StoredVersion, **fields: Any) -> StoredVersion:
    with platform.state.transaction():
        found = registry.get_version(platform, version.model, version.name)
        if found.state != "CREATING":
            return found
        model = registry.get_model(platform, version.model)
        if fields["state"] == "READY" and not model.default:
            registry.put_model(platform, model.serving(version.name))
        return registry.put_version(platform, found.now(**fields))


def answer(_platform: "Platform", task: "Task") -> Mapping[str, Any]:
    """End with the response known beforehand: the change was made with the operation."""
    response: Mapping[str, Any] = task.arguments["response"]
    return response


WORKS: "Mapping[str, Work]" = {"create_version": create_version, "answer": answer}
"""The works by name."""
