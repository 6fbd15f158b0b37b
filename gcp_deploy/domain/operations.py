"""Long-running operations as values (``google.longrunning.Operation``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as just read. Names are opaque: never parsed, only passed back."""

    name: str
    done: bool
    stage: str = ""
    """``deploymentStage`` while a model is being deployed, else the operation's type."""
    error: str = ""
    """The server's message, when it is done and failed."""
    error_code: int = 0
    """The google.rpc code, 0 when it did not fail."""
    response: Mapping[str, Any] = field(default_factory=dict)


STAGES = {
    "STARTING_DEPLOYMENT": "starting",
    "PREPARING_MODEL": "preparing the model",
    "CREATING_SERVING_CLUSTER": "creating the serving cluster",
    "ADDING_NODES_TO_CLUSTER": "adding nodes",
    "GETTING_CONTAINER_IMAGE": "getting the container image",
    "STARTING_MODEL_SERVER": "starting the model server",
    "FINISHING_UP": "finishing up",
    "SUCCESSFULLY_DEPLOYED": "deployed",
    "FAILED_TO_DEPLOY": "failed to deploy",
    "DEPLOYMENT_TERMINATED": "terminated",
}


def stage_text(stage: str) -> str:
    """Return *stage* in words."""
    return STAGES.get(stage, stage.lower().replace("_", " "))
