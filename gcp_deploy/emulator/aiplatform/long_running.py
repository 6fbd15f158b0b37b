"""Starting long-running operations: their names, metadata types and response types."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.operations import Operation, Task

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

KIND = "aiplatform"
_TYPES = "type.googleapis.com/google.cloud.aiplatform.v1."
EMPTY = {"@type": "type.googleapis.com/google.protobuf.Empty"}


def typed(name: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a message inside google.protobuf.Any: *name* is that of an ``aiplatform.v1`` type."""
    return {"@type": _TYPES + name, **(fields or {})}


def finished(
    platform: "Platform", parent: str, metadata: str, response: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an operation on *parent* that is done already, its change being part of the caller's.

    Call it at the end of the transaction that makes the change.
    """
    return resource(
        begin(
            platform,
            parent,
            metadata=typed(metadata),
            work="answer",
            arguments={"response": dict(response)},
        )
    )


def begin(
    platform: "Platform",
    parent: str,
    *,
    metadata: Mapping[str, Any],
    work: str,
    arguments: Mapping[str, Any],
    background: bool = False,
) -> Operation:
    """Start an operation on *parent*."""
    operations = platform.operations
    return operations.start(
        KIND,
        f"{parent}/operations/{operations.new_id()}",
        work=work,
        arguments=arguments,
        metadata=metadata,
        background=background,
    )


def answer(_platform: "Platform", task: Task) -> Mapping[str, Any]:
    """End with the response known beforehand."""
    response: Mapping[str, Any] = task.arguments["response"]
    return response


def resource(operation: Operation) -> dict[str, Any]:
    """Return the operation as the API shows it: with the times of its generic metadata."""
    shown = operation.resource()
    shown["metadata"] = {
        **operation.metadata,
        "genericMetadata": {"createTime": operation.created, "updateTime": operation.updated},
    }
    return shown
