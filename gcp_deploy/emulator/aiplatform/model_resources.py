"""The Model resource as it is shown."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.aiplatform import aliases, endpoint_store
from gcp_deploy.emulator.aiplatform.registry import StoredModel, StoredVersion

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

_SUPPORTED = {
    # gcloud reads the first one before it deploys.
    "supportedDeploymentResourcesTypes": ["DEDICATED_RESOURCES"],
    "supportedInputStorageFormats": ["jsonl", "bigquery", "csv", "tf-record", "file-list"],
    "supportedOutputStorageFormats": ["jsonl", "bigquery"],
    "modelSourceInfo": {"sourceType": "CUSTOM"},
}


def show(
    platform: "Platform",
    model: StoredModel,
    version: StoredVersion,
    *,
    versioned: bool = False,
) -> dict[str, Any]:
    """Return the resource of one version; its name carries ``@version`` when *versioned*."""
    deployments = endpoint_store.deployments_of(platform, model.name)
    return _resource(model, version, deployments, versioned=versioned)


def show_versions(platform: "Platform", model: StoredModel) -> list[dict[str, Any]]:
    """Return the resources of all versions, newest first."""
    deployments = endpoint_store.deployments_of(platform, model.name)
    newest = sorted(model.versions.values(), key=lambda version: -int(version.id))
    return [_resource(model, version, deployments, versioned=True) for version in newest]


def _resource(
    model: StoredModel,
    version: StoredVersion,
    deployments: Iterable[tuple[str, str, str]],
    *,
    versioned: bool,
) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "name": f"{model.name}@{version.id}" if versioned else model.name,
        "versionId": version.id,
        "createTime": model.created,
        "updateTime": model.updated,
        **version.resource,
        **_SUPPORTED,
        "etag": version.etag,
    }
    if held := aliases.of(model.aliases, version.id):
        resource["versionAliases"] = held
    back = [
        {"endpoint": endpoint, "deployedModelId": deployed}
        for endpoint, deployed, number in deployments
        if number == version.id
    ]
    return resource | ({"deployedModels": back} if back else {})
