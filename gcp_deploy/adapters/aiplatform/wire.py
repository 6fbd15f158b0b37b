"""JSON of ``aiplatform`` v1 ↔ our values. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from gcp_deploy.adapters.identity import is_loopback
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
from gcp_deploy.ports import Answer

Json = Mapping[str, Any]

PREDICT_ROUTE = "/predict"
HEALTH_ROUTE = "/health"
_PORT = 8080


def model_body(spec: VersionSpec) -> dict[str, Any]:
    """Return the ``Model`` of an upload. Aliases are left to the server: see design D5."""
    return {
        "displayName": spec.model,
        "versionDescription": spec.description,
        "artifactUri": spec.artifact_dir,
        "labels": {**spec.labels, IDENTITY_LABEL: spec.identity, MODEL_LABEL: spec.model},
        "containerSpec": container_body(spec.recipe.runtime),
    }


def container_body(runtime: Runtime) -> dict[str, Any]:
    """Return the ``containerSpec``: our image declares its routes, a prebuilt one has its own.

    No ``invokeRoutePrefix``: only one of it and ``predictRoute`` can be set (discovery document).
    """
    if runtime.kind is RuntimeKind.PREBUILT:
        return {"imageUri": runtime.image}
    return {
        "imageUri": runtime.image,
        "predictRoute": PREDICT_ROUTE,
        "healthRoute": HEALTH_ROUTE,
        "ports": [{"containerPort": _PORT}],
    }


def version(answer: Json, model: str) -> Version:
    """Read a version of *model*. What is listed has been created: there is no state in the API."""
    container = answer.get("containerSpec") or {}
    ours = container.get("predictRoute") == PREDICT_ROUTE
    uri = str(answer.get("artifactUri") or "")
    labels = dict(answer.get("labels") or {})
    return Version(
        model=model,
        version=str(answer.get("versionId") or "1"),
        state=VersionState.READY,
        default="default" in (answer.get("versionAliases") or []),
        created=moment(str(answer.get("versionCreateTime") or answer.get("createTime") or "")),
        artifact_dir=uri if uri.endswith("/") or not uri else f"{uri}/",
        runtime=Runtime(
            kind=RuntimeKind.SERVING_IMAGE if ours else RuntimeKind.PREBUILT,
            image=str(container.get("imageUri") or ""),
        ),
        identity=str(labels.get(IDENTITY_LABEL, "")),
        digest=names.digest_in_uri(uri),
        labels=labels,
    )


def endpoint_body(model: str, *, dedicated: bool) -> dict[str, Any]:
    """Return the ``Endpoint`` to be created for *model*."""
    body: dict[str, Any] = {"displayName": model, "labels": {MODEL_LABEL: model}}
    return body | {"dedicatedEndpointEnabled": True} if dedicated else body


def deployment_body(model_name: str, wanted: Version, recipe: Recipe) -> dict[str, Any]:
    """Return the body of ``deployModel``.

    Without a ``trafficSplit`` the split stays what it is, so that the new one gets nothing; with
    one, the server would overwrite the whole split.
    """
    deployed: dict[str, Any] = {
        "model": f"{model_name}@{wanted.version}",
        "displayName": f"{wanted.model}-{wanted.version}"[:128],
        "dedicatedResources": {
            "machineSpec": {"machineType": recipe.machine_type},
            "minReplicaCount": recipe.min_replicas,
            "maxReplicaCount": recipe.max_replicas,
        },
    }
    if recipe.service_account:
        deployed["serviceAccount"] = recipe.service_account
    return {"deployedModel": deployed}


def endpoint(answer: Json, model: str) -> Endpoint:
    """Read the endpoint of *model*."""
    return Endpoint(
        name=str(answer["name"]),
        deployed=tuple(_deployed(one, model) for one in answer.get("deployedModels") or []),
        split={key: int(share) for key, share in (answer.get("trafficSplit") or {}).items()},
        etag=str(answer.get("etag") or ""),
        host=host(answer),
    )


def host(answer: Json) -> str:
    """Return the dedicated host with its scheme; the API gives it with or without one."""
    found = str(answer.get("dedicatedEndpointDns") or "")
    if not answer.get("dedicatedEndpointEnabled") or not found:
        return ""
    if "://" in found:
        return found.rstrip("/")
    return f"{'http' if is_loopback(f'//{found}') else 'https'}://{found}".rstrip("/")


def answer_of(answer: Json, predictions: Sequence[Any]) -> Answer:
    """Read who gave *predictions*."""
    return Answer(
        predictions=predictions,
        model=last(str(answer.get("model") or "")),
        version=str(answer.get("modelVersionId") or ""),
        deployed_model=str(answer.get("deployedModelId") or ""),
    )


def operation(answer: Json) -> Operation:
    """Read a long-running operation."""
    metadata = answer.get("metadata") or {}
    kind = str(metadata.get("@type") or "").rsplit(".", 1)[-1].removesuffix("OperationMetadata")
    error = answer.get("error") or {}
    return Operation(
        name=str(answer.get("name") or ""),
        done=answer.get("done") is True,
        stage=str(metadata.get("deploymentStage") or kind),
        error=clean(str(error.get("message") or f"code {error.get('code')}")) if error else "",
        error_code=int(error.get("code") or 2) if error else 0,
        response=answer.get("response") or {},
    )


def _deployed(answer: Json, model: str) -> DeployedModel:
    """A deployed model of somebody else's must not pass for a version of *model*."""
    name = str(answer.get("model") or "")
    number = str(answer.get("modelVersionId") or name.partition("@")[2])
    whose = last(name)
    return DeployedModel(
        id=str(answer["id"]),
        version=number if whose == model else f"{whose}@{number}",
        model=whose,
    )
