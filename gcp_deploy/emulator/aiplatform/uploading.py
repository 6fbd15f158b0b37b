"""models:upload: a new model, or a new version of one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.aiplatform import (
    aliases,
    artifacts,
    containers,
    fields,
    ids,
    images,
    long_running,
    registry,
    rules,
)
from gcp_deploy.emulator.aiplatform.etags import fresh_etag
from gcp_deploy.emulator.aiplatform.place import PLACE, Place, parse_model_name, place_of
from gcp_deploy.emulator.aiplatform.registry import StoredModel, StoredVersion
from gcp_deploy.emulator.messages import Request
from gcp_deploy.emulator.problems import already_exists, invalid, rpc_envelope
from gcp_deploy.emulator.routing import Routes

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(rpc_envelope)
_REQUEST = frozenset({"model", "modelId", "parentModel", "serviceAccount"})
_KEPT = (
    *("displayName", "description", "versionDescription", "labels", "artifactUri"),
    *("containerSpec", "predictSchemata", "encryptionSpec", "explanationSpec"),
    *("metadataSchemaUri", "metadata", "pipelineJob"),
)


@ROUTES.add("aiplatform.models.upload", "POST", f"{PLACE}/models:upload")
def upload(
    platform: "Platform", request: Request, *, project: str, location: str
) -> Mapping[str, Any]:
    """Upload a model; the operation is done when it is returned."""
    place = place_of(platform, project, location)
    body = fields.message(request.json(), _REQUEST)
    model = fields.message(body.get("model", {}), fields.MODEL, "model")
    resource = _check(model, alone=rules.current(platform).invoke_alone)
    wanted = aliases.parse(model.get("versionAliases"))
    if any(alias.startswith("-") for alias in wanted):
        raise invalid("Version aliases cannot be removed by an upload.")
    now = platform.now()
    with platform.state.transaction():
        parent = _parent(platform, place, body, now)
        files = _files(platform, resource)
        number = str(parent.next_version)
        times = {"versionCreateTime": now, "versionUpdateTime": now}
        version = StoredVersion(number, resource | times, files, fresh_etag(platform))
        first = not parent.versions
        registry.write(
            platform,
            registry.changed(
                parent.with_version(version),
                now,
                aliases.assign(parent.aliases, number, wanted, first=first),
                next_version=parent.next_version + 1,
            ),
        )
        return long_running.finished(
            platform,
            parent.name,
            "UploadModelOperationMetadata",
            long_running.typed(
                "UploadModelResponse", {"model": parent.name, "modelVersionId": number}
            ),
        )


def _check(model: Mapping[str, Any], *, alone: bool) -> dict[str, Any]:
    """Return the fields of the model that are kept, checked."""
    fields.display_name(model, "model")
    for name in ("description", "versionDescription", "artifactUri"):
        fields.text(model, name, f"model.{name}")
    kept = {name: model[name] for name in _KEPT if model.get(name) not in (None, "", {}, [])}
    if labels := fields.labels(model.get("labels")):
        kept["labels"] = labels
    kept["containerSpec"] = containers.check_spec(model.get("containerSpec"), alone=alone)
    if images.judge(kept["containerSpec"]["imageUri"]).prebuilt and "artifactUri" not in kept:
        raise invalid("Required field 'model.artifact_uri' is missing for a prebuilt container.")
    return kept


def _parent(platform: "Platform", place: Place, body: Mapping[str, Any], now: str) -> StoredModel:
    """Return the model to upload into; a new one has no versions yet."""
    wanted = fields.text(body, "modelId", "model_id")
    if parent := fields.text(body, "parentModel", "parent_model"):
        name = parse_model_name(platform, parent, "parent_model")
        if name.place != place:
            raise invalid(f"The parent model {parent} is not in {place.name}.")
        if wanted and wanted != name.model:
            raise invalid(f"model_id '{wanted}' is not that of parent_model '{parent}'.")
        return registry.find_model(platform, name)
    if wanted:
        ids.check_model_id(wanted)
        if registry.read(platform, place, wanted) is not None:
            raise already_exists(f"The Model already exists: {place.model(wanted)}")
    return StoredModel(place, wanted or platform.operations.new_id(), now, now, 1, {}, {})


def _files(platform: "Platform", resource: Mapping[str, Any]) -> tuple[registry.StoredFile, ...]:
    if "artifactUri" not in resource:
        return ()
    image = images.judge(resource["containerSpec"]["imageUri"])
    return artifacts.copy(platform, resource["artifactUri"], image)
