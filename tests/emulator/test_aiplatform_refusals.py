"""Every refusal of aiplatform, with its status and its text."""

import pytest

from gcp_deploy.emulator.aiplatform import rules
from tests.emulator.aiplatform_driver import PLACE, PREBUILT, RESOURCES, SERVING, Driver

INVALID, STATE, MISSING = "INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND"
EXISTS, STALE, DENIED = "ALREADY_EXISTS", "ABORTED", "PERMISSION_DENIED"
HTTP = {INVALID: 400, STATE: 400, MISSING: 404, EXISTS: 409, STALE: 409, DENIED: 403}
OLD = "us-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-3:latest"
INVOKE = {"imageUri": SERVING, "invokeRoutePrefix": "/*"}


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """A platform where ``m`` has two versions, of which the first stands on ``busy``.

    Nothing in this file changes it, as everything is refused.
    """
    import requests

    from gcp_deploy.emulator.platform import Platform

    state = tmp_path_factory.mktemp("refusals")
    with Platform.open(state) as platform, requests.Session() as session:
        platform.start()
        session.trust_env = False
        api = Driver(session, platform.urls["aiplatform"])
        api.upload("m")
        api.upload("m", into=True)
        api.upload("single")
        api.upload("old", containerSpec={"imageUri": OLD})
        api.upload("invoked", containerSpec=INVOKE)
        api.store("both/model.joblib", b"x")
        api.store("both/model.pkl", b"x")
        api.store("deep/sub/model.joblib", b"x")
        api.endpoint("busy")
        api.endpoint("idle")
        api.deploy("busy", "m@1", {"0": 100}, id="11")
        api.deploy("busy", "m@1", id="22")
        yield api


def upload(**fields):
    spec = {"imageUri": PREBUILT}
    model = {"displayName": "x", "artifactUri": "gs://local-models/m/yes", "containerSpec": spec}
    return {"model": model | fields}


def spec(**fields):
    return upload(containerSpec={"imageUri": SERVING} | fields)


UPLOADS = [
    ({"modelId": "m", **upload()}, EXISTS, "already exists"),
    ({"modelId": "1m", **upload()}, INVALID, "Invalid model_id '1m'"),
    ({"parentModel": f"{PLACE}/models/none", **upload()}, MISSING, "does not exist"),
    ({"parentModel": "none", **upload()}, INVALID, "Invalid resource name 'none'"),
    ({"parentModel": f"{PLACE}/models/m", "modelId": "n", **upload()}, INVALID, "is not that of"),
    ({}, INVALID, "model.display_name' is missing"),
    (upload(displayName=""), INVALID, "display_name' is missing"),
    (upload(displayName="x" * 129), INVALID, "128 characters"),
    (upload(labels={"A": "b"}), INVALID, "Label 'A: 'b''"),
    (upload(unknown=1), INVALID, "Unknown name \"unknown\" at 'model'"),
    ({"model_name": "x"}, INVALID, 'Unknown name "model_name"'),
    (upload(artifactUri=""), INVALID, "artifact_uri' is missing"),
    (upload(artifactUri="s3://b/x"), INVALID, "Invalid artifact_uri"),
    (
        upload(artifactUri="gs://local-models/both/"),
        STATE,
        "/both/ is expected to contain exactly one of: [model.pkl, model.joblib].",
    ),
    (upload(artifactUri="gs://local-models/none/"), STATE, "exactly one of"),
    (upload(artifactUri="gs://local-models/deep/"), STATE, "exactly one of"),
    (upload(artifactUri="gs://local-models/m/ye"), STATE, "exactly one of"),
    (upload(artifactUri="gs://no-such-bucket/x/"), STATE, "exactly one of"),
    (
        upload(artifactUri="gs://local-models/none/", containerSpec={"imageUri": SERVING}),
        STATE,
        "is empty",
    ),
    (upload(containerSpec={}), INVALID, "image_uri' is missing"),
    (spec(env=[{"name": "AIP_MODE", "value": "x"}]), INVALID, "AIP_ names are reserved"),
    (spec(predictRoute="predict"), INVALID, "must begin with '/'"),
    (spec(invokeRoutePrefix="/predict"), INVALID, 'takes "/*" only'),
    (upload(versionAliases=["X"]), INVALID, "Version alias 'X' is invalid"),
    (upload(versionAliases=["-default"]), INVALID, "cannot be removed by an upload"),
]


def refused(api, status, text, call):
    code, answer = api.call(*call)
    error = answer["error"]
    assert text in error["message"]
    assert (code, error["code"], error["status"]) == (HTTP[status], HTTP[status], status)


@pytest.mark.parametrize(("body", "status", "text"), UPLOADS)
def test_uploads_are_refused(api, body, status, text):
    refused(api, status, text, ("POST", "models:upload", body))


MODELS = [
    ("GET", "models/none", None, MISSING, "The Model does not exist"),
    ("GET", "models/m@7", None, MISSING, "The Model version does not exist"),
    ("GET", "models/m@golden", None, MISSING, "models/m@golden"),
    ("GET", "models/none:listVersions", None, MISSING, "models/none"),
    ("GET", "models?filter=color=red", None, INVALID, "Invalid filter"),
    ("GET", "models?orderBy=etag", None, INVALID, "Invalid order_by"),
    ("GET", "models?pageToken=xyz", None, INVALID, "Invalid page_token"),
    ("GET", "models/m:listVersions?filter=display_name=x", None, INVALID, "Invalid filter"),
    ("PATCH", "models/m", {"displayName": "x"}, INVALID, "'update_mask' is missing"),
    ("PATCH", "models/m?updateMask=artifactUri", {}, INVALID, "[artifact_uri] in update_mask"),
    ("PATCH", "models/m?updateMask=labels", {"etag": "AAAA"}, STALE, "does not match"),
    ("PATCH", "models/none?updateMask=labels", {}, MISSING, "does not exist"),
    ("POST", "models/m:mergeVersionAliases", {"versionAliases": ["x1"]}, INVALID, "version ID"),
    ("POST", "models/m@1:mergeVersionAliases", {}, INVALID, "'version_aliases' is missing"),
    ("POST", "models/m@1:mergeVersionAliases", {"versionAliases": ["2"]}, INVALID, "is invalid"),
    (
        "POST",
        "models/m@1:mergeVersionAliases",
        {"versionAliases": ["-default"]},
        STATE,
        "'default' cannot be removed",
    ),
    ("DELETE", "models/m:deleteVersion", None, INVALID, "version ID"),
    ("DELETE", "models/m@default:deleteVersion", None, INVALID, "version ID"),
    ("DELETE", "models/m@9:deleteVersion", None, MISSING, "does not exist"),
    ("DELETE", "models/m@1:deleteVersion", None, STATE, "deployed or being deployed at"),
    ("DELETE", "models/single@1:deleteVersion", None, STATE, "only version"),
    (
        "DELETE",
        "models/m",
        None,
        STATE,
        "The Model is deployed or being deployed at the following Endpoint(s)",
    ),
    ("DELETE", "models/m@1", None, INVALID, "DeleteModelVersion"),
    ("DELETE", "models/none", None, MISSING, "does not exist"),
    ("GET", "operations/1", None, MISSING, "operations/1 not found"),
    ("POST", "operations/1:cancel", {}, MISSING, "not found"),
    ("POST", "operations/1:wait", {}, MISSING, "not found"),
    ("DELETE", "operations/1", None, MISSING, "not found"),
    ("GET", "/v1/projects/other/locations/us-central1/models", None, DENIED, "project other"),
]


@pytest.mark.parametrize("case", MODELS)
def test_calls_on_models_and_operations_are_refused(api, case):
    *call, status, text = case
    refused(api, status, text, call)


def deploy(model="m", split=None, **fields):
    deployed = {"model": f"{PLACE}/models/{model}", **RESOURCES} | fields
    return {"deployedModel": deployed, "trafficSplit": split or {}}


def replicas(**counts):
    return deploy(dedicatedResources=counts)


IDLE, BUSY = "endpoints/idle:deployModel", "endpoints/busy:deployModel"
DEPLOYMENTS = [
    ("endpoints/none:deployModel", deploy(), MISSING, "endpoints/none` not found"),
    (IDLE, deploy("none"), MISSING, "The Model does not exist"),
    (IDLE, deploy("m@7"), MISSING, "The Model version does not exist"),
    (IDLE, deploy(model="m") | {"traffic": {}}, INVALID, 'Unknown name "traffic"'),
    (IDLE, {}, INVALID, "deployed_model.model' is missing"),
    (IDLE, {"deployedModel": {"model": "m", **RESOURCES}}, INVALID, "Invalid resource name 'm'"),
    (IDLE, {"deployedModel": {"model": f"{PLACE}/models/m"}}, INVALID, "DEDICATED_RESOURCES only"),
    (IDLE, deploy(automaticResources={}), INVALID, "is a union"),
    (IDLE, replicas(), INVALID, "min_replica_count' must be greater than or equal to 1"),
    (IDLE, replicas(minReplicaCount=2, maxReplicaCount=1), INVALID, "max_replica_count"),
    (IDLE, replicas(minReplicaCount="x"), INVALID, "TYPE_INT32"),
    (IDLE, deploy(id="0"), INVALID, "Invalid deployed_model.id '0'"),
    (IDLE, deploy(id="12345678901"), INVALID, "Invalid deployed_model.id"),
    (IDLE, deploy(split={"0": 99}), INVALID, "add up to 100"),
    (
        IDLE,
        deploy(split={"5": 100}),
        INVALID,
        "The following DeployedModel ID(s) [5] do not exist.",
    ),
    (BUSY, deploy(id="11"), EXISTS, "DeployedModel 11 already exists"),
    (IDLE, deploy("old"), STATE, "end of availability on 2025-11-28"),
    (IDLE, deploy("invoked"), STATE, "only be deployed to a dedicated endpoint"),
    ("endpoints/busy:undeployModel", {"deployedModelId": "11"}, STATE, "11 has traffic"),
    ("endpoints/busy:undeployModel", {"deployedModelId": "7"}, MISSING, "DeployedModel 7"),
    ("endpoints/busy:undeployModel", {}, INVALID, "deployed_model_id' is missing"),
    (
        "endpoints/busy:undeployModel",
        {"deployedModelId": "22", "trafficSplit": {"0": 100}},
        INVALID,
        "The following DeployedModel ID(s) [0] do not exist.",
    ),
    ("endpoints/none:undeployModel", {"deployedModelId": "7"}, MISSING, "not found"),
    ("endpoints/busy:mutateDeployedModel", {"deployedModel": {"id": "11"}}, INVALID, "update_mask"),
    (
        "endpoints/busy:mutateDeployedModel",
        {"deployedModel": {"id": "7"}, "updateMask": "max_replica_count"},
        MISSING,
        "DeployedModel 7",
    ),
]


@pytest.mark.parametrize(("path", "body", "status", "text"), DEPLOYMENTS)
def test_deployments_are_refused(api, path, body, status, text):
    refused(api, status, text, ("POST", path, body))


ENDPOINTS = [
    ("POST", "endpoints?endpointId=busy", {"displayName": "x"}, EXISTS, "already exists"),
    ("POST", "endpoints?endpointId=a_b", {"displayName": "x"}, INVALID, "Invalid endpoint_id"),
    ("POST", "endpoints", {}, INVALID, "endpoint.display_name' is missing"),
    ("POST", "endpoints", {"displayName": "x", "x": 1}, INVALID, 'Unknown name "x"'),
    ("POST", "endpoints", {"displayName": "x", "trafficSplit": {"1": 100}}, INVALID, "[1] do not"),
    (
        "POST",
        "endpoints",
        {"displayName": "x", "dedicatedEndpointEnabled": "yes"},
        INVALID,
        "TYPE_BOOL",
    ),
    ("GET", "endpoints/none", None, MISSING, "not found"),
    ("GET", "endpoints?filter=model=x", None, INVALID, "Invalid filter"),
    ("DELETE", "endpoints/none", None, MISSING, "not found"),
    (
        "DELETE",
        "endpoints/busy",
        None,
        STATE,
        "Endpoint has deployed or being-deployed DeployedModel(s)",
    ),
    ("PATCH", "endpoints/busy", {}, INVALID, "update_mask"),
    ("PATCH", "endpoints/busy?updateMask=name", {}, INVALID, "[name] in update_mask"),
    (
        "PATCH",
        "endpoints/busy?updateMask=traffic_split",
        {"trafficSplit": {"0": 100}},
        INVALID,
        "The following DeployedModel ID(s) [0] do not exist.",
    ),
    (
        "PATCH",
        "endpoints/busy?updateMask=trafficSplit",
        {"trafficSplit": {"11": 60, "22": 50}},
        INVALID,
        "add up to 100, got 110",
    ),
    (
        "PATCH",
        "endpoints/busy?updateMask=trafficSplit",
        {"trafficSplit": {"11": 100}, "etag": "AAAA"},
        STALE,
        "does not match",
    ),
    ("POST", "endpoints/busy:update", {"endpoint": {"displayName": "x"}}, INVALID, "Only client"),
    ("POST", "endpoints/none:predict", {"instances": []}, MISSING, "not found"),
    ("POST", "endpoints/idle:predict", {"instances": []}, STATE, '"traffic_split" not set'),
    ("POST", "endpoints/busy:predict", {"instances": [], "x": 1}, INVALID, 'Unknown name "x"'),
    ("POST", "endpoints/busy:predict", {}, INVALID, "'instances' is missing"),
    ("POST", "endpoints/busy:predict", {"instances": "x"}, INVALID, "'instances' is missing"),
    (
        "POST",
        "endpoints/busy:rawPredict",
        {"rows": []},
        STATE,
        "Required field 'instances' missing in prediction server request",
    ),
    ("POST", "endpoints/busy/invoke/predict", {}, STATE, "needs a dedicated endpoint"),
    ("POST", "endpoints/busy/deployedModels/22/invoke/predict", {}, STATE, "dedicated endpoint"),
]


@pytest.mark.parametrize("case", ENDPOINTS)
def test_calls_on_endpoints_are_refused(api, case):
    *call, status, text = case
    refused(api, status, text, call)


def test_nothing_of_all_that_changed_anything(api):
    assert api.done("GET", "endpoints/busy")["trafficSplit"] == {"11": 100}
    assert len(api.done("GET", "endpoints")["endpoints"]) == 2
    assert len(api.done("GET", "models")["models"]) == 4
    assert "deployedModels" not in api.done("GET", "endpoints/idle")


def test_the_documented_limits_of_invoke_can_be_switched_on(http, url, platform):
    api = Driver(http, url)
    both = {"imageUri": SERVING, "invokeRoutePrefix": "/*", "predictRoute": "/predict"}
    rules.change(platform, rules.Rules(invoke_alone=True))
    api.store("m/yes/model.joblib", b"x")
    body = upload(containerSpec=both)
    refused(api, INVALID, "Only one of", ("POST", "models:upload", body))
    api.upload("m", containerSpec=INVOKE)
    api.endpoint("e", dedicatedEndpointEnabled=True)
    api.deploy("e", "m", {"0": 100})
    status, answer = api.predict("e", dedicated=True)
    assert (status, answer["error"]["status"]) == (400, STATE)
    assert "only be asked by invoke" in answer["error"]["message"]
