from datetime import UTC, datetime
from typing import Any

import pytest

from gcp_deploy.adapters.aiplatform import wire
from gcp_deploy.adapters.resources import last, moment
from gcp_deploy.domain.names import Digest
from gcp_deploy.domain.operations import Operation
from gcp_deploy.domain.release import (
    DeployedModel,
    Endpoint,
    Recipe,
    Runtime,
    RuntimeKind,
    Version,
    VersionSpec,
    VersionState,
)

DIGEST = Digest("ab" * 32)
URI = f"gs://b/models/churn/artifacts/sha256-{DIGEST.hex}/"
OURS = Runtime(RuntimeKind.SERVING_IMAGE, "us-docker.pkg.dev/p/r/serving:1")
PREBUILT = Runtime(
    RuntimeKind.PREBUILT, "us-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-6:latest"
)


def spec(runtime=OURS):
    recipe = Recipe(runtime, "n1-standard-2", 1, 3)
    return VersionSpec("churn", URI, DIGEST, recipe, {"team": "risk"}, "why")


def test_an_upload_carries_identity_and_no_alias():
    assert wire.model_body(spec()) == {
        "displayName": "churn",
        "versionDescription": "why",
        "artifactUri": URI,
        "labels": {
            "team": "risk",
            "gcp-deploy-identity": spec().identity,
            "gcp-deploy-model": "churn",
        },
        "containerSpec": {
            "imageUri": OURS.image,
            "predictRoute": "/predict",
            "healthRoute": "/health",
            "ports": [{"containerPort": 8080}],
        },
    }


def test_our_own_image_is_known_again():
    assert wire.version(wire.model_body(spec()), "churn").runtime == OURS


def test_a_prebuilt_image_has_its_own_routes():
    assert wire.model_body(spec(PREBUILT))["containerSpec"] == {"imageUri": PREBUILT.image}


@pytest.mark.parametrize("runtime", [OURS, PREBUILT])
def test_a_version_is_read_as_it_was_written(runtime):
    answer = wire.model_body(spec(runtime)) | {
        "name": "projects/123/locations/us-central1/models/churn@3",
        "versionId": "3",
        "versionAliases": ["default", "good"],
        "versionCreateTime": "2026-11-25T10:00:00.123456789Z",
    }
    assert wire.version(answer, "churn") == Version(
        model="churn",
        version="3",
        state=VersionState.READY,
        default=True,
        created=datetime(2026, 11, 25, 10, 0, 0, 123456, tzinfo=UTC),
        artifact_dir=URI,
        runtime=runtime,
        identity=spec(runtime).identity,
        digest=DIGEST,
        labels=answer["labels"],
    )


def test_a_version_made_by_another_tool_is_read_as_far_as_it_goes():
    found = wire.version({"name": "x", "artifactUri": "gs://b/old"}, "churn")
    assert (found.identity, found.digest, found.default) == ("", None, False)
    assert found.artifact_dir == "gs://b/old/"
    assert found.runtime == Runtime(RuntimeKind.PREBUILT)


def test_a_deployment_names_the_version_and_leaves_the_split_alone():
    version = wire.version(wire.model_body(spec()) | {"versionId": "3"}, "churn")
    recipe = Recipe(OURS, "n1-standard-2", 1, 3, "robot@p.iam.gserviceaccount.com")
    assert wire.deployment_body("projects/p/locations/l/models/churn", version, recipe) == {
        "deployedModel": {
            "model": "projects/p/locations/l/models/churn@3",
            "displayName": "churn-3",
            "dedicatedResources": {
                "machineSpec": {"machineType": "n1-standard-2"},
                "minReplicaCount": 1,
                "maxReplicaCount": 3,
            },
            "serviceAccount": "robot@p.iam.gserviceaccount.com",
        }
    }


def test_an_endpoint_is_read_by_ids_not_by_whole_names():
    answer: dict[str, Any] = {
        "name": "projects/123/locations/us-central1/endpoints/churn",
        "etag": "e1",
        "trafficSplit": {"5": 90, "6": 10},
        "deployedModels": [
            {"id": "5", "model": "projects/123/locations/l/models/churn", "modelVersionId": "1"},
            {"id": "6", "model": "projects/123/locations/l/models/churn@2"},
            {"id": "7", "model": "projects/123/locations/l/models/other", "modelVersionId": "1"},
        ],
    }
    assert wire.endpoint(answer, "churn") == Endpoint(
        name=answer["name"],
        deployed=(
            DeployedModel("5", "1", "churn"),
            DeployedModel("6", "2", "churn"),
            DeployedModel("7", "other@1", "other"),
        ),
        split={"5": 90, "6": 10},
        etag="e1",
    )


@pytest.mark.parametrize(
    ("dns", "enabled", "host"),
    [
        ("1.us-central1-2.prediction.vertexai.goog", True, "https"),
        ("https://1.us-central1-2.prediction.vertexai.goog/", True, "https"),
        ("127.0.0.1:9000", True, "http"),
        ("localhost:9000", True, "http"),
        ("http://127.0.0.1:9000", True, "http"),
        ("1.us-central1-2.prediction.vertexai.goog", False, ""),
        ("", True, ""),
    ],
)
def test_the_dedicated_host_is_read_with_and_without_a_scheme(dns, enabled, host):
    bare = dns.partition("://")[2] or dns
    expected = f"{host}://{bare.rstrip('/')}" if host else ""
    found = wire.host({"dedicatedEndpointDns": dns, "dedicatedEndpointEnabled": enabled})
    assert found == expected


@pytest.mark.parametrize(
    ("answer", "operation"),
    [
        (
            {
                "name": "o",
                "metadata": {
                    "@type": "type.googleapis.com/google.cloud.aiplatform.v1."
                    "DeployModelOperationMetadata",
                    "deploymentStage": "ADDING_NODES_TO_CLUSTER",
                },
            },
            Operation("o", done=False, stage="ADDING_NODES_TO_CLUSTER"),
        ),
        (
            {"name": "o", "done": True, "error": {"code": 9, "message": '"never\\nready"'}},
            Operation("o", done=True, error="never ready", error_code=9),
        ),
        (
            {"name": "o", "done": True, "error": {"code": 13}},
            Operation("o", done=True, error="code 13", error_code=13),
        ),
        (
            {
                "name": "o",
                "done": True,
                "metadata": {"@type": "t/google.cloud.aiplatform.v1.UploadModelOperationMetadata"},
                "response": {"modelVersionId": "1"},
            },
            Operation("o", done=True, stage="UploadModel", response={"modelVersionId": "1"}),
        ),
    ],
)
def test_an_operation_is_read(answer, operation):
    assert wire.operation(answer) == operation


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-11-25T10:00:00Z", 0),
        ("2026-11-25T10:00:00.5Z", 500_000),
        ("2026-11-25T10:00:00.123456Z", 123_456),
        ("2026-11-25T10:00:00.123456789Z", 123_456),
        ("2026-11-25T10:00:00+00:00", 0),
    ],
)
def test_a_time_is_read_to_the_microsecond(text, microsecond):
    assert moment(text) == datetime(2026, 11, 25, 10, 0, 0, microsecond, tzinfo=UTC)


def test_no_time_is_the_beginning_of_time():
    assert moment("").year == 1


def test_the_last_part_of_a_name_is_the_id():
    assert last("projects/1/locations/l/models/churn@2") == "churn"
