"""The work behind deployModel: stage by stage to a model that answers, or back to nothing.

It may be killed at any point and done again: what the first run decided is kept with the endpoint,
in one transaction, and read before anything else.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.aiplatform import (
    endpoint_store,
    long_running,
    model_servers,
    registry,
    rules,
    splits,
)
from gcp_deploy.emulator.aiplatform.endpoint_store import StoredEndpoint
from gcp_deploy.emulator.aiplatform.place import Place, parse_model_name
from gcp_deploy.emulator.operations import Task
from gcp_deploy.emulator.problems import Code, Problem, failed_precondition

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

_OUTCOME = "aiplatform.outcome"
_STAGES = (
    "STARTING_DEPLOYMENT",
    "PREPARING_MODEL",
    "CREATING_SERVING_CLUSTER",
    "ADDING_NODES_TO_CLUSTER",
    "GETTING_CONTAINER_IMAGE",
    "STARTING_MODEL_SERVER",
)


def deploy(platform: "Platform", task: Task) -> Mapping[str, Any]:
    """Start the model server, then attach the deployed model and write the split.

    Raises:
        Problem: FAILED_PRECONDITION when the model server never became ready, CANCELLED when
            somebody cancelled the operation; nothing is attached then.
    """
    deployed = task.arguments["deployedModel"]
    done = platform.state.get(_OUTCOME, task.operation_id)
    if done is None:
        try:
            _start(platform, task)
            _attach(platform, task)
        except Problem as problem:
            _give_up(platform, task, problem)
            raise
    elif done.body["code"]:
        raise Problem(Code[done.body["code"]], done.body["message"])
    return long_running.typed("DeployModelResponse", {"deployedModel": deployed})


def _start(platform: "Platform", task: Task) -> None:
    """Walk through the stages up to the model server."""
    seconds = rules.current(platform).stage_seconds
    deployed = task.arguments["deployedModel"]
    for stage in _STAGES:
        task.update(deploymentStage=stage)
        if seconds:
            platform.clock.sleep(seconds)
        if task.cancelled:
            task.update(deploymentStage="DEPLOYMENT_TERMINATED")
            raise Problem(Code.CANCELLED, "The operation was cancelled.")
    name = parse_model_name(platform, deployed["model"], "deployed_model.model")
    model = registry.read(platform, name.place, name.model)
    version = model.find(deployed["modelVersionId"]) if model else None
    if version is None:
        raise failed_precondition(f"The Model version does not exist: {deployed['model']}")
    try:
        target = model_servers.target(_find(platform, task), deployed, version)
        model_servers.start(platform, target)
    except model_servers.NotReady as error:
        task.update(deploymentStage="FAILED_TO_DEPLOY")
        raise failed_precondition(
            "Failed to deploy model: model server never became ready. Please validate that your "
            f"model file or container configuration are valid. Model server logs: {error}"
        ) from error
    task.update(deploymentStage="FINISHING_UP")


def _attach(platform: "Platform", task: Task) -> None:
    deployed, asked = task.arguments["deployedModel"], task.arguments["split"]
    with platform.state.transaction():
        found = _find(platform, task)
        split = splits.after_deployment(found.split, asked, found.deployed, deployed["id"])
        now = platform.now()
        endpoint_store.write(platform, found.attach(deployed, split).changed(now))
        platform.state.put(_OUTCOME, task.operation_id, {"code": "", "message": ""})
    task.update(deploymentStage="SUCCESSFULLY_DEPLOYED")


def _give_up(platform: "Platform", task: Task, problem: Problem) -> None:
    identity = task.arguments["deployedModel"]["id"]
    with platform.state.transaction():
        found = endpoint_store.read(platform, _place(platform, task), task.arguments["endpoint"])
        if found is not None:
            endpoint_store.write(platform, found.give_up(identity))
            model_servers.stop(platform, found, identity)
        outcome = {"code": problem.code.name, "message": problem.message}
        platform.state.put(_OUTCOME, task.operation_id, outcome)


def _find(platform: "Platform", task: Task) -> StoredEndpoint:
    return endpoint_store.find(platform, _place(platform, task), task.arguments["endpoint"])


def _place(platform: "Platform", task: Task) -> Place:
    return Place(platform.project_number, task.arguments["location"])
