"""Reading request bodies as the JSON layer of Google's APIs does: known names, strict types."""

from collections.abc import Collection, Mapping
from typing import Any

from gcp_deploy.emulator.aiplatform.masks import camel
from gcp_deploy.emulator.problems import invalid

MODEL = frozenset(
    [
        "artifactUri",
        "baseModelSource",
        "checkpoints",
        "containerSpec",
        "createTime",
        "dataStats",
        "defaultCheckpointId",
        "deployedModels",
        "description",
        "displayName",
        "encryptionSpec",
        "etag",
        "explanationSpec",
        "labels",
        "metadata",
        "metadataArtifact",
        "metadataSchemaUri",
        "modelSourceInfo",
        "name",
        "originalModelInfo",
        "pipelineJob",
        "predictSchemata",
        "satisfiesPzi",
        "satisfiesPzs",
        "supportedDeploymentResourcesTypes",
        "supportedExportFormats",
        "supportedInputStorageFormats",
        "supportedOutputStorageFormats",
        "trainingPipeline",
        "updateTime",
        "versionAliases",
        "versionCreateTime",
        "versionDescription",
        "versionId",
        "versionUpdateTime",
    ]
)
CONTAINER_SPEC = frozenset(
    [
        "args",
        "command",
        "deploymentTimeout",
        "env",
        "grpcPorts",
        "healthProbe",
        "healthRoute",
        "imageUri",
        "invokeRoutePrefix",
        "livenessProbe",
        "ports",
        "predictRoute",
        "sharedMemorySizeMb",
        "startupProbe",
    ]
)
ENDPOINT = frozenset(
    [
        "clientConnectionConfig",
        "createTime",
        "dedicatedEndpointDns",
        "dedicatedEndpointEnabled",
        "deployedModels",
        "description",
        "displayName",
        "enablePrivateServiceConnect",
        "encryptionSpec",
        "etag",
        "gdcConfig",
        "genAiAdvancedFeaturesConfig",
        "labels",
        "modelDeploymentMonitoringJob",
        "name",
        "network",
        "predictRequestResponseLoggingConfig",
        "privateServiceConnectConfig",
        "satisfiesPzi",
        "satisfiesPzs",
        "trafficSplit",
        "updateTime",
    ]
)
DEPLOYED_MODEL = frozenset(
    [
        "automaticResources",
        "checkpointId",
        "createTime",
        "dedicatedResources",
        "disableContainerLogging",
        "disableExplanations",
        "displayName",
        "enableAccessLogging",
        "explanationSpec",
        "fasterDeploymentConfig",
        "gdcConnectedModel",
        "id",
        "model",
        "modelVersionId",
        "privateEndpoints",
        "serviceAccount",
        "sharedResources",
        "speculativeDecodingSpec",
        "status",
        "systemLabels",
    ]
)


def message(value: object, known: Collection[str], at: str = "") -> dict[str, Any]:
    """Return a JSON object with its names in camelCase.

    Raises:
        Problem: 400 INVALID_ARGUMENT when it is no object, or has a name that is not *known*.
    """
    if not isinstance(value, Mapping):
        raise invalid(f"Invalid value at '{at or 'body'}' (message), {_short(value)}")
    fields = {camel(str(name)): item for name, item in value.items()}
    for name, written in zip(fields, value, strict=False):
        if name not in known:
            place = f" at '{at}'" if at else ""
            raise invalid(
                f'Invalid JSON payload received. Unknown name "{written}"{place}: '
                "Cannot find field."
            )
    return {name: item for name, item in fields.items() if item is not None}


def text(fields: Mapping[str, Any], name: str, at: str) -> str:
    """Return a string field, empty when absent.

    Raises:
        Problem: 400 INVALID_ARGUMENT when it is no string.
    """
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise invalid(f"Invalid value at '{at}' (TYPE_STRING), {_short(value)}")
    return value


def flag(fields: Mapping[str, Any], name: str, at: str) -> bool:
    """Return a boolean field, false when absent.

    Raises:
        Problem: 400 INVALID_ARGUMENT when it is no boolean.
    """
    value = fields.get(name, False)
    if not isinstance(value, bool):
        raise invalid(f"Invalid value at '{at}' (TYPE_BOOL), {_short(value)}")
    return value


def display_name(fields: Mapping[str, Any], at: str, *, required: bool = True) -> str:
    """Return the display name: at most 128 characters.

    Raises:
        Problem: 400 INVALID_ARGUMENT when it is missing though *required*, or too long.
    """
    name = text(fields, "displayName", f"{at}.display_name")
    if required and not name:
        raise invalid(f"Required field '{at}.display_name' is missing.")
    if len(name) > 128:
        raise invalid(f"Field '{at}.display_name' may be up to 128 characters, got {len(name)}.")
    return name


def labels(value: object) -> dict[str, str]:
    """Return labels: at most 64, keys and values of at most 64 characters.

    Lower-case letters of any alphabet, digits, underscores and dashes.

    Raises:
        Problem: 400 INVALID_ARGUMENT for anything else.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise invalid(f"Invalid value at 'labels' (map), {_short(value)}")
    if len(value) > 64:
        raise invalid(f"A resource may have up to 64 labels, got {len(value)}.")
    for key, item in value.items():
        if not key or not _is_label(key) or not isinstance(item, str) or not _is_label(item):
            raise invalid(
                f"Label '{key}: {_short(item)}' is invalid: keys and values may be up to 64 "
                "characters of lowercase letters, numbers, underscores and dashes."
            )
    return dict(value)


def _is_label(word: str) -> bool:
    return len(word) <= 64 and all(
        (letter.isalnum() and letter == letter.lower()) or letter in "_-" for letter in word
    )


def _short(value: object) -> str:
    written = repr(value)
    return written if len(written) <= 80 else written[:77] + "..."
