"""Endpoints, deployments and predictions over HTTP, with real scikit-learn models."""

import random
from collections import Counter

import pytest

from gcp_deploy.emulator.aiplatform import predicting, rules
from tests.emulator.aiplatform_driver import NUMBERED, PLACE, RESOURCES, SERVING, Driver

INVOKED = {"imageUri": SERVING, "invokeRoutePrefix": "/*"}
OURS = {"imageUri": SERVING, "predictRoute": "/predict"}


@pytest.fixture
def api(http, url):
    return Driver(http, url)


def test_an_endpoint_is_created_shown_listed_patched_and_deleted(api):
    created = api.endpoint("churn", labels={"model": "churn"})
    assert created.pop("@type") == "type.googleapis.com/google.cloud.aiplatform.v1.Endpoint"
    assert created["name"] == f"{NUMBERED}/endpoints/churn"
    assert api.done("GET", "endpoints/churn") == created
    assert api.done("GET", "endpoints", filter="labels.model=churn") == {"endpoints": [created]}
    assert api.done("GET", "endpoints", filter="endpoint!=churn") == {}
    body = {"displayName": "new", "description": "d"}
    patched = api.done("PATCH", "endpoints/churn", body, updateMask="display_name")
    assert (patched["displayName"], "description" in patched) == ("new", False)
    api.done("DELETE", "endpoints/churn")
    assert api.call("GET", "endpoints/churn")[0] == 404


def test_a_deployment_goes_from_upload_to_an_answer_that_names_its_version(api):
    api.upload("churn")
    api.endpoint("e")
    deployed = {"model": f"{PLACE}/models/churn", **RESOURCES}
    status, operation = api.call(
        "POST", "endpoints/e:deployModel", {"deployedModel": deployed, "trafficSplit": {"0": 100}}
    )
    assert status == 200
    ended = api.wait(operation)
    assert ended["metadata"]["deploymentStage"] == "SUCCESSFULLY_DEPLOYED"
    assert ended["metadata"]["@type"].endswith(".v1.DeployModelOperationMetadata")
    assert ended["response"]["@type"].endswith(".v1.DeployModelResponse")
    identity = ended["response"]["deployedModel"]["id"]
    endpoint = api.done("GET", "endpoints/e")
    assert endpoint["trafficSplit"] == {identity: 100}
    (shown,) = endpoint["deployedModels"]
    assert (shown["id"], shown["modelVersionId"]) == (identity, "1")
    assert shown["dedicatedResources"]["machineSpec"] == {"machineType": "n1-standard-2"}
    assert api.done("GET", "models/churn")["deployedModels"] == [
        {"endpoint": f"{NUMBERED}/endpoints/e", "deployedModelId": identity}
    ]
    assert api.predict("e", [0.0, 3.0]) == (
        200,
        {
            "predictions": ["no", "yes"],
            "deployedModelId": identity,
            "model": f"{NUMBERED}/models/churn",
            "modelDisplayName": "churn",
            "modelVersionId": "1",
        },
    )


def test_a_second_version_stays_at_zero_until_the_split_moves(api):
    api.upload("churn")
    api.upload("churn", into=True, high="ja")
    api.endpoint("e")
    first = api.deploy("e", "churn@1", {"0": 100}, id="1")
    second = api.deploy("e", "churn@2")
    etag = api.done("GET", "endpoints/e")["etag"]
    assert api.done("GET", "endpoints/e")["trafficSplit"] == {first: 100}
    assert {api.predict("e")[1]["modelVersionId"] for _ in range(10)} == {"1"}
    body = {"trafficSplit": {first: 0, second: 100}, "etag": etag}
    api.done("PATCH", "endpoints/e", body, updateMask="traffic_split")
    assert {api.predict("e")[1]["predictions"][0] for _ in range(10)} == {"ja"}
    status, answer = api.call("PATCH", "endpoints/e", body, updateMask="trafficSplit")
    assert (status, answer["error"]["status"]) == (409, "ABORTED")


def test_traffic_follows_the_split(api, monkeypatch):
    monkeypatch.setattr(predicting, "CHANCE", random.Random(7))
    api.upload("churn")
    api.endpoint("e")
    first = api.deploy("e", "churn", {"0": 100})
    second = api.deploy("e", "churn", {"0": 20, first: 80})
    drawn = Counter(api.predict("e")[1]["deployedModelId"] for _ in range(100))
    assert 10 <= drawn[second] <= 30
    assert drawn[first] == 100 - drawn[second]


def test_the_default_version_is_resolved_when_deploying_and_stays(api):
    api.upload("churn")
    api.upload("churn", into=True, high="ja", versionAliases=["default"])
    api.endpoint("e")
    api.deploy("e", "churn", {"0": 100})
    api.done("POST", "models/churn@1:mergeVersionAliases", {"versionAliases": ["default"]})
    assert api.predict("e")[1]["modelVersionId"] == "2"


def test_undeploying_empties_the_endpoint_and_frees_the_model(api):
    api.upload("churn")
    api.endpoint("e")
    identity = api.deploy("e", "churn", {"0": 100})
    response = api.done("POST", "endpoints/e:undeployModel", {"deployedModelId": identity})
    assert response["@type"].endswith(".v1.UndeployModelResponse")
    endpoint = api.done("GET", "endpoints/e")
    assert "trafficSplit" not in endpoint
    assert "deployedModels" not in endpoint
    api.done("DELETE", "models/churn")


def test_replicas_can_be_changed_and_nothing_else(api):
    api.upload("churn")
    api.endpoint("e")
    identity = api.deploy("e", "churn")
    body = {
        "deployedModel": {"id": identity, "dedicatedResources": {"maxReplicaCount": 3}},
        "updateMask": "dedicated_resources.max_replica_count",
    }
    response = api.done("POST", "endpoints/e:mutateDeployedModel", body)
    resources = response["deployedModel"]["dedicatedResources"]
    assert (resources["minReplicaCount"], resources["maxReplicaCount"]) == (1, 3)
    status, answer = api.call(
        "POST", "endpoints/e:mutateDeployedModel", body | {"updateMask": "model"}
    )
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("image", [None, SERVING])
def test_a_model_that_does_not_load_fails_the_operation_and_attaches_nothing(api, image):
    api.upload("churn", **({"containerSpec": {"imageUri": image}} if image else {}))
    api.store("broken/model.joblib", b"this is no pickle")
    spec = {"imageUri": image} if image else None
    fields = {"artifactUri": "gs://local-models/broken/"} | (
        {"containerSpec": spec} if spec else {}
    )
    api.upload("churn", into=True, **fields)
    api.endpoint("e")
    deployed = {"model": f"{PLACE}/models/churn@2", **RESOURCES}
    operation = api.call("POST", "endpoints/e:deployModel", {"deployedModel": deployed})[1]
    ended = api.wait(operation)
    assert ended["error"]["code"] == 9
    assert "model server never became ready" in ended["error"]["message"]
    assert ended["metadata"]["deploymentStage"] == "FAILED_TO_DEPLOY"
    assert "deployedModels" not in api.done("GET", "endpoints/e")
    api.done("DELETE", "models/churn@2:deleteVersion")
    api.deploy("e", "churn@1", {"0": 100})
    assert api.predict("e")[0] == 200


def test_a_cancelled_deployment_attaches_nothing(api, platform):
    rules.change(platform, rules.Rules(stage_seconds=0.05))
    api.upload("churn")
    api.endpoint("e")
    deployed = {"model": f"{PLACE}/models/churn", **RESOURCES}
    operation = api.call("POST", "endpoints/e:deployModel", {"deployedModel": deployed})[1]
    status, answer = api.call("POST", "endpoints/e:deployModel", {"deployedModel": deployed})
    assert (status, answer["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert "other operations running" in answer["error"]["message"]
    assert api.call("DELETE", "endpoints/e")[0] == 400
    assert api.call("DELETE", "models/churn")[0] == 400
    api.call("POST", f"/v1/{operation['name']}:cancel")
    ended = api.wait(operation)
    assert ended["error"]["code"] == 1
    assert "deployedModels" not in api.done("GET", "endpoints/e")
    api.done("DELETE", "endpoints/e")


def test_a_dedicated_endpoint_answers_on_its_own_host_only(api, platform):
    api.upload("churn", containerSpec=OURS)
    created = api.endpoint("e", dedicatedEndpointEnabled=True)
    port = api.url.rpartition(":")[2]
    assert created["dedicatedEndpointDns"] == f"localhost:{port}"
    rules.change(platform, rules.Rules(dns_with_scheme=True))
    assert api.done("GET", "endpoints/e")["dedicatedEndpointDns"] == f"http://localhost:{port}"
    api.deploy("e", "churn", {"0": 100})
    status, answer = api.predict("e")
    assert (status, answer["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert "dedicated DNS" in answer["error"]["message"]
    assert api.predict("e", dedicated=True)[1]["predictions"] == ["yes"]


def test_a_candidate_without_traffic_is_asked_by_invoke(api):
    api.upload("churn", containerSpec=INVOKED)
    api.upload("churn", into=True, high="ja", containerSpec=INVOKED)
    api.endpoint("e", dedicatedEndpointEnabled=True)
    api.deploy("e", "churn@1", {"0": 100})
    candidate = api.deploy("e", "churn@2")
    body = {"instances": [[3.0]]}

    def ask(path):
        return api.call("POST", f"endpoints/e/{path}", body, dedicated=True)

    assert ask("invoke/predict") == (200, {"predictions": ["yes"]})
    assert ask(f"deployedModels/{candidate}/invoke/predict") == (200, {"predictions": ["ja"]})
    assert ask("invoke/elsewhere")[0] == 404
    assert ask("deployedModels/12/invoke/predict")[0] == 404


def test_raw_predict_passes_bodies_through_and_names_who_answered(api):
    api.upload("churn")
    api.endpoint("e")
    identity = api.deploy("e", "churn", {"0": 100})
    answer = api.http.post(
        f"{api.url}/v1/{PLACE}/endpoints/e:rawPredict", data=b'{"instances": [[3]]}'
    )
    assert answer.json() == {"predictions": ["yes"]}
    assert answer.headers["X-Vertex-AI-Endpoint-Id"] == "e"
    assert answer.headers["X-Vertex-AI-Deployed-Model-Id"] == identity
    assert answer.headers["X-Vertex-AI-Model"] == f"{NUMBERED}/models/churn"
    assert answer.headers["X-Vertex-AI-Model-Version-Id"] == "1"


def test_what_the_model_refuses_comes_back_quoted_as_the_service_does_it(api):
    api.upload("churn")
    api.endpoint("e")
    api.deploy("e", "churn", {"0": 100})
    status, answer = api.call(
        "POST", "endpoints/e:predict", {"instances": [[3.0]], "parameters": {}}
    )
    message = answer["error"]["message"]
    assert (status, answer["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert message.startswith('"Prediction failed: Exception during sklearn prediction: ')
    assert "got an unexpected keyword argument 'parameters'" in message
    assert message.endswith('"\n')
    assert "Prediction failed" in api.predict("e", ["text"])[1]["error"]["message"]


def test_sizes_are_limited_by_the_kind_of_endpoint(api):
    api.upload("churn", containerSpec=OURS)
    api.upload("other")
    api.endpoint("shared")
    api.deploy("shared", "other", {"0": 100})
    api.endpoint("own", dedicatedEndpointEnabled=True)
    api.deploy("own", "churn", {"0": 100})
    rows = [3.0] * 250_000
    status, answer = api.predict("shared", rows)
    assert (status, answer["error"]["message"]) == (
        400,
        "Request payload size exceeds the limit: 1572864 bytes.",
    )
    assert len(api.predict("own", rows, dedicated=True)[1]["predictions"]) == 250_000
    status, answer = api.predict("own", [3.0] * 1_600_000, dedicated=True)
    assert status == 413


def test_an_answer_above_the_limit_is_refused(api):
    api.upload("long", high="y" * 800)
    api.endpoint("e")
    identity = api.deploy("e", "long", {"0": 100})
    status, answer = api.predict("e", [3.0] * 2500)
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert (
        f"deployed_model_id: {identity} with error: `Response size too large."
        in (answer["error"]["message"])
    )


def test_the_timeout_of_a_dedicated_endpoint_is_changed_by_an_operation(api):
    api.endpoint("e", dedicatedEndpointEnabled=True)
    body = {"endpoint": {"clientConnectionConfig": {"inferenceTimeout": "900s"}}}
    response = api.done("POST", "endpoints/e:update", body)
    assert response["clientConnectionConfig"] == {"inferenceTimeout": "900s"}
