"""JSON of ``ml`` v1 ↔ our values. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from gcp_deploy.adapters.resources import last, moment
from gcp_deploy.domain import names
from gcp_deploy.domain.cleaning import clean
from gcp_deploy.domain.operations import Operation
from gcp_deploy.domain.release import (
    IDENTITY_LABEL,
    MODEL_LABEL,
    DeployedModel,
    Endpoint,
    Recipe,
    Runtime,
    RuntimeKind,
    Version,
    VersionSpec,
    VersionState,
)

Json = Mapping[str, Any]


def version_name(identity: str) -> str:
    """Return the name of the version with *identity*: names are ours to choose here.

    So a version cannot be made twice, whatever answer was lost.
    """
    return f"v_{identity[:12]}"


def model_body(model: str, region: str) -> dict[str, Any]:
    """Return the ``Model`` to be created; it lives in one region."""
    body: dict[str, Any] = {"name": model, "labels": {MODEL_LABEL: model.lower()[:63]}}
    return body | {"regions": [region]} if region else body


def version_body(spec: VersionSpec) -> dict[str, Any]:
    """Return the ``Version`` to be created."""
    runtime = spec.recipe.runtime
    body = {
        "name": version_name(spec.identity),
        "description": spec.description,
        "deploymentUri": spec.artifact_dir,
        "framework": "SCIKIT_LEARN",
        "runtimeVersion": runtime.version,
        "pythonVersion": runtime.python,
        "machineType": spec.recipe.machine_type,
        "labels": {
            **spec.labels,
            IDENTITY_LABEL: spec.identity,
            MODEL_LABEL: spec.model.lower()[:63],
        },
    }
    return {key: value for key, value in body.items() if value} | scaling_body(spec.recipe)


def scaling_body(recipe: Recipe) -> dict[str, Any]:
    """Return how many nodes serve; one node is what the service takes by itself."""
    if (recipe.min_replicas, recipe.max_replicas) == (1, 1):
        return {}
    if recipe.min_replicas == recipe.max_replicas:
        return {"manualScaling": {"nodes": recipe.min_replicas}}
    return {
        "autoScaling": {"minNodes": recipe.min_replicas, "maxNodes": recipe.max_replicas},
    }


def version(answer: Json, model: str) -> Version:
    """Read a version of *model*."""
    uri = str(answer.get("deploymentUri") or "")
    labels = dict(answer.get("labels") or {})
    state = str(answer.get("state") or "")
    return Version(
        model=model,
        version=last(str(answer["name"])),
        state=VersionState(state) if state in VersionState.__members__ else VersionState.UNKNOWN,
        default=answer.get("isDefault") is True,
        created=moment(str(answer.get("createTime") or "")),
        artifact_dir=uri if uri.endswith("/") or not uri else f"{uri}/",
        runtime=Runtime(
            kind=RuntimeKind.PREBUILT,
            version=str(answer.get("runtimeVersion") or ""),
            python=str(answer.get("pythonVersion") or ""),
        ),
        identity=str(labels.get(IDENTITY_LABEL, "")),
        digest=names.digest_in_uri(uri),
        labels=labels,
        error=clean(str(answer.get("errorMessage") or "")),
    )


def endpoint(answer: Json, versions: Iterable[Version], model: str) -> Endpoint:
    """Read the model as its own endpoint: all that is READY serves, the default gets everything."""
    default = last(str((answer.get("defaultVersion") or {}).get("name") or ""))
    ready = [one.version for one in versions if one.state is VersionState.READY]
    return Endpoint(
        name=str(answer["name"]),
        deployed=tuple(DeployedModel(id=one, version=one, model=model) for one in ready),
        split={default: 100} if default in ready else {},
        etag=str(answer.get("etag") or ""),
    )


def operation(answer: Json) -> Operation:
    """Read a long-running operation."""
    error = answer.get("error") or {}
    return Operation(
        name=str(answer.get("name") or ""),
        done=answer.get("done") is True,
        stage=str((answer.get("metadata") or {}).get("operationType") or ""),
        error=clean(str(error.get("message") or f"code {error.get('code')}")) if error else "",
        error_code=int(error.get("code") or 2) if error else 0,
        response=answer.get("response") or {},
    )
