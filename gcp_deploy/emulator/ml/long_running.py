"""Long-running operations of ``ml`` v1: their names, metadata and responses."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.operations import Operation

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

KIND = "ml"
_TYPES = "type.googleapis.com/google.cloud.ml.v1."
EMPTY = {"@type": "type.googleapis.com/google.protobuf.Empty"}


def typed(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message inside google.protobuf.Any: *name* is that of an ``ml.v1`` type."""
    return {"@type": _TYPES + name, **fields}


def begin(
    platform: "Platform",
    operation_type: str,
    *,
    model: str,
    work: str,
    arguments: Mapping[str, Any],
    version: Mapping[str, Any] | None = None,
    background: bool = False,
) -> dict[str, Any]:
    """Start an operation on *model* (a resource name) and return it as the API shows it.

    *version* is the resource it is about. It is called ``create_M_V-<milliseconds>``.
    """
    now = platform.now()
    metadata = {
        "createTime": now,
        "startTime": now,
        "operationType": operation_type,
        "modelName": model,
        "projectNumber": platform.project_number,
        **({"version": dict(version)} if version else {}),
    }
    about = [model, str(version["name"]) if version else ""]
    words = [operation_type.partition("_")[0].lower(), *(one.rpartition("/")[2] for one in about)]
    identity = _free(platform, "_".join(word for word in words if word), now)
    operation = platform.operations.start(
        KIND,
        f"projects/{platform.project}/operations/{identity}",
        work=work,
        arguments=arguments,
        metadata=typed("OperationMetadata", metadata),
        background=background,
    )
    return resource(operation)


def resource(operation: Operation) -> dict[str, Any]:
    """Return the operation as the API shows it: its metadata say when it ended."""
    shown = operation.resource()
    more: dict[str, Any] = {"isCancellationRequested": True} if operation.cancelled else {}
    if operation.done:
        more["endTime"] = operation.updated
    shown["metadata"] = {**operation.metadata, **more}
    return shown


def _free(platform: "Platform", words: str, now: str) -> str:
    milliseconds = int(datetime.fromisoformat(now).timestamp() * 1000)
    while platform.operations.peek(f"{words}-{milliseconds}") is not None:
        milliseconds += 1
    return f"{words}-{milliseconds}"
