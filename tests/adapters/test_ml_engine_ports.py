import json
import re

import pytest
import requests

from gcp_deploy.adapters.ml_engine import wire
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
from gcp_deploy.errors import (
    BadInstances,
    Conflict,
    DeployFailed,
    NotFound,
    TemporaryError,
    UsageError,
)

LOCAL = "http://127.0.0.1:9999"
PARENT = "projects/demo-project"
MODEL = f"{PARENT}/models/churn"
DIGEST = Digest("ab" * 32)
URI = f"gs://b/models/churn/artifacts/sha256-{DIGEST.hex}/"
RUNTIME = Runtime(RuntimeKind.PREBUILT, version="2.11", python="3.7")
SPEC = VersionSpec("churn", URI, DIGEST, Recipe(RUNTIME, "n1-standard-2"), {"team": "risk"})
NAME = f"v_{SPEC.identity[:12]}"
RESET = requests.ConnectionError("reset")
UNCLEAR = [
    {"body": RESET},
    {"status": 503, "body": "busy"},
    {"body": "<html>hello</html>"},
    {"body": "{}"},
]


def url(path):
    return f"{LOCAL}/v1/{path}"


def error(code, status, message="no"):
    return {"error": {"code": code, "status": status, "message": message}}


def version(name, **more):
    return {
        "name": f"{MODEL}/versions/{name}",
        "deploymentUri": URI,
        "createTime": "2026-11-25T10:00:00Z",
        "state": "READY",
        "runtimeVersion": "2.11",
        "pythonVersion": "3.7",
        **more,
    }


def ours(**more):
    return version(NAME, labels={"gcp-deploy-identity": SPEC.identity}, **more)


def model(default=""):
    body = {"name": MODEL, "etag": "e1"}
    return body | {"defaultVersion": {"name": f"{MODEL}/versions/{default}"}} if default else body


def body(call):
    return json.loads(call.request.body)


@pytest.fixture
def platform(ports):
    return ports("ml-engine")


# Wire ----------------------------------------------------------------------------------------


def test_a_version_is_written_with_a_name_of_its_identity():
    assert wire.version_body(SPEC) == {
        "name": NAME,
        "deploymentUri": URI,
        "framework": "SCIKIT_LEARN",
        "runtimeVersion": "2.11",
        "pythonVersion": "3.7",
        "machineType": "n1-standard-2",
        "labels": {
            "team": "risk",
            "gcp-deploy-identity": SPEC.identity,
            "gcp-deploy-model": "churn",
        },
    }


@pytest.mark.parametrize(
    ("low", "high", "scaling"),
    [
        (1, 1, {}),
        (2, 2, {"manualScaling": {"nodes": 2}}),
        (1, 3, {"autoScaling": {"minNodes": 1, "maxNodes": 3}}),
    ],
)
def test_nodes_are_told_when_they_are_not_the_usual_one(low, high, scaling):
    assert wire.scaling_body(Recipe(RUNTIME, "n1-standard-2", low, high)) == scaling


def test_a_version_is_read():
    found = wire.version(ours(isDefault=True, state="FAILED", errorMessage="bad\nmodel"), "churn")
    assert isinstance(found, Version)
    assert (found.version, found.state, found.default) == (NAME, VersionState.FAILED, True)
    assert (found.identity, found.digest, found.runtime) == (SPEC.identity, DIGEST, RUNTIME)
    assert found.error == "bad model"


def test_an_unknown_state_is_unknown():
    assert wire.version(version("v1", state="NEW"), "churn").state is VersionState.UNKNOWN


def test_an_operation_is_read():
    answer = {"name": "o", "metadata": {"operationType": "CREATE_VERSION"}}
    assert wire.operation(answer) == Operation("o", done=False, stage="CREATE_VERSION")
    failed = {"name": "o", "done": True, "error": {"code": 3, "message": "Bad model detected"}}
    assert wire.operation(failed).error == "Bad model detected"


# Models and versions -------------------------------------------------------------------------


def test_models_and_versions_are_listed_over_all_pages(http, platform):
    http.get(
        url(f"{PARENT}/models"),
        json={"models": [{"name": f"{PARENT}/models/b"}], "nextPageToken": "t"},
    )
    http.get(url(f"{PARENT}/models"), json={"models": [{"name": f"{PARENT}/models/a"}]})
    http.get(
        url(f"{MODEL}/versions"),
        json={"versions": [version("v2", createTime="2026-11-25T11:00:00Z")], "nextPageToken": "t"},
    )
    http.get(url(f"{MODEL}/versions"), json={"versions": [version("v1")]})
    assert platform.registry.models() == ("a", "b")
    assert [one.version for one in platform.registry.versions("churn")] == ["v1", "v2"]


def test_nothing_is_an_empty_object_or_a_404(http, platform):
    http.get(url(f"{PARENT}/models"), json={})
    http.get(url(f"{MODEL}/versions"), json=error(404, "NOT_FOUND"), status=404)
    assert platform.registry.models() == ()
    assert platform.registry.versions("churn") == ()


def test_a_new_model_is_created_with_its_first_version(http, platform):
    http.post(url(f"{PARENT}/models"), json=model())
    http.post(url(f"{MODEL}/versions"), json={"name": f"{PARENT}/operations/op"})
    assert platform.registry.register(SPEC, new_model=True) == f"{PARENT}/operations/op"
    assert body(http.calls[0])["regions"] == ["us-central1"]
    assert body(http.calls[1])["name"] == NAME


EXISTS = error(
    409, "ALREADY_EXISTS", "Field: model.name Error: A model with the same name already exists."
)


def test_a_model_that_is_there_already_is_no_trouble(http, platform):
    http.post(url(f"{PARENT}/models"), json=EXISTS, status=409)
    http.post(url(f"{MODEL}/versions"), json={"name": f"{PARENT}/operations/op"})
    assert platform.registry.register(SPEC, new_model=True) == f"{PARENT}/operations/op"


@pytest.mark.parametrize("answer", UNCLEAR, ids=str)
def test_a_version_whose_answer_was_lost_is_found_by_its_name(http, platform, answer):
    http.post(url(f"{MODEL}/versions"), **answer)
    http.post(url(f"{MODEL}/versions"), json=EXISTS, status=409)
    http.get(url(f"{MODEL}/versions/{NAME}"), json=ours())
    assert platform.registry.register(SPEC, new_model=False) == ""


def test_a_version_that_is_being_created_leads_to_its_operation(http, platform):
    http.post(url(f"{MODEL}/versions"), json=EXISTS, status=409)
    http.get(url(f"{MODEL}/versions/{NAME}"), json=ours(state="CREATING"))
    made = {"version": {"name": f"{MODEL}/versions/{NAME}"}}
    other = {"version": {"name": f"{MODEL}/versions/v1"}}
    http.get(
        url(f"{PARENT}/operations"),
        json={
            "operations": [
                {"name": "projects/123/operations/1", "metadata": other},
                {"name": "projects/123/operations/2", "metadata": made, "done": True},
                {"name": "projects/123/operations/3", "metadata": made},
            ]
        },
    )
    assert platform.registry.register(SPEC, new_model=False) == "projects/123/operations/3"


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (version(NAME), "another identity: none"),
        (version(NAME, labels={"gcp-deploy-identity": "f" * 40}), "another identity: ffff"),
        (ours(state="FAILED", errorMessage="bad model"), "is there and failed: bad model"),
    ],
)
def test_a_name_that_is_taken_otherwise_is_a_conflict(http, platform, there, words):
    http.post(url(f"{MODEL}/versions"), json=EXISTS, status=409)
    http.get(url(f"{MODEL}/versions/{NAME}"), json=there)
    with pytest.raises(Conflict, match=words):
        platform.registry.register(SPEC, new_model=False)


def test_an_image_cannot_be_served_here(platform):
    recipe = Recipe(Runtime(RuntimeKind.SERVING_IMAGE, "image:1"), "n1-standard-2")
    with pytest.raises(UsageError, match="image:1"):
        platform.registry.register(VersionSpec("churn", URI, DIGEST, recipe), new_model=False)


def test_too_many_models_are_not_waited_for(http, platform, clock):
    message = "Quota failure. Exceeded the max allowed number of models per project: 100."
    http.post(url(f"{PARENT}/models"), json=error(429, "RESOURCE_EXHAUSTED", message), status=429)
    with pytest.raises(DeployFailed, match="max allowed number") as caught:
        platform.registry.register(SPEC, new_model=True)
    assert "retire" in caught.value.hint
    assert clock.slept == []


def test_a_version_is_deleted(http, platform):
    http.delete(url(f"{MODEL}/versions/v1"), json={"name": f"{PARENT}/operations/op"})
    assert platform.registry.delete("churn", "v1") == f"{PARENT}/operations/op"


def test_a_version_that_is_gone_after_a_lost_answer_was_deleted(http, platform):
    http.delete(url(f"{MODEL}/versions/v1"), body=RESET)
    http.get(url(f"{MODEL}/versions"), json={})
    assert platform.registry.delete("churn", "v1") == ""


# Traffic -------------------------------------------------------------------------------------


def reads(http, *defaults):
    for default in defaults:
        http.get(url(MODEL), json=model(default))
    http.get(
        url(f"{MODEL}/versions"),
        json={"versions": [version("v1"), version("v2"), version("v3", state="FAILED")]},
    )


ENDPOINT = Endpoint(
    MODEL,
    (DeployedModel("v1", "v1", "churn"), DeployedModel("v2", "v2", "churn")),
    {"v1": 100},
    "e1",
)


def test_the_model_is_its_own_endpoint(http, platform):
    reads(http, "v1")
    assert platform.traffic.read("churn") == ENDPOINT


def test_a_model_that_is_not_there_has_no_endpoint(http, platform):
    http.get(url(MODEL), json=error(404, "NOT_FOUND"), status=404)
    assert platform.traffic.read("churn") is None


def test_there_is_nothing_to_create_to_attach_or_to_detach(http, platform):
    attached = wire.version(version("v1"), "churn")
    assert platform.traffic.create("churn") == ""
    assert platform.traffic.deploy(ENDPOINT, attached, SPEC.recipe) == ""
    assert platform.traffic.undeploy(ENDPOINT, "v1") == ""
    assert len(http.calls) == 0


def test_all_traffic_to_one_version_makes_it_the_default_and_reads_it_back(http, platform):
    reads(http, "v1", "v2")
    http.post(url(f"{MODEL}/versions/v2:setDefault"), json=version("v2"))
    assert platform.traffic.write_split(ENDPOINT, {"v2": 100}).sole_version == "v2"


def test_a_default_that_is_right_already_is_not_written(http, platform):
    reads(http, "v1")
    assert platform.traffic.write_split(ENDPOINT, {"v1": 100}) == ENDPOINT


def test_a_default_that_somebody_else_moved_is_a_conflict(http, platform):
    reads(http, "v2")
    http.get(url(f"{MODEL}/versions"), json={"versions": [version("v1"), version("v2")]})
    with pytest.raises(Conflict, match="changed by somebody else meanwhile, to v2"):
        platform.traffic.write_split(ENDPOINT, {"v3": 100})


def test_a_server_that_accepts_and_ignores_the_change_is_found_out(http, platform):
    reads(http, "v1")
    http.post(url(f"{MODEL}/versions/v2:setDefault"), json=version("v2"))
    with pytest.raises(TemporaryError, match="was set to v2, and reads as v1"):
        platform.traffic.write_split(ENDPOINT, {"v2": 100})


def test_a_canary_is_refused(platform):
    with pytest.raises(UsageError, match="no canary") as caught:
        platform.traffic.write_split(ENDPOINT, {"v1": 90, "v2": 10})
    assert "aiplatform" in caught.value.hint


def test_a_model_that_vanished_is_told(http, platform):
    http.get(url(MODEL), json=error(404, "NOT_FOUND"), status=404)
    with pytest.raises(NotFound, match="model churn does not exist"):
        platform.traffic.write_split(ENDPOINT, {"v2": 100})


def test_the_default_is_set_again_when_the_answer_was_lost(http, platform, clock):
    http.post(url(f"{MODEL}/versions/v2:setDefault"), body=RESET)
    http.post(url(f"{MODEL}/versions/v2:setDefault"), json=version("v2"))
    platform.registry.set_default("churn", "v2")
    assert clock.slept == [1]


# Predictions and operations ------------------------------------------------------------------


def test_the_model_and_each_version_can_be_asked(http, platform):
    http.post(url(f"{MODEL}:predict"), json={"predictions": [0]})
    http.post(url(f"{MODEL}/versions/v2:predict"), json={"predictions": [1]})
    asked = wire.version(version("v2"), "churn")
    default = platform.predictor.predict(ENDPOINT, "churn", [[1]])
    one = platform.predictor.ask_version(ENDPOINT, "churn", asked, [[1]])
    assert (default.predictions, default.version) == ([0], "v1")
    assert (one.predictions, one.version) == ([1], "v2")
    assert body(http.calls[0]) == {"instances": [[1]]}


@pytest.mark.parametrize("status", [200, 400])
def test_an_error_is_one_whatever_its_status(http, platform, status):
    http.post(
        url(f"{MODEL}:predict"), json={"error": "Prediction failed: wrong width"}, status=status
    )
    with pytest.raises(BadInstances, match="model churn: Prediction failed: wrong width"):
        platform.predictor.predict(ENDPOINT, "churn", [[1]])


@pytest.mark.parametrize("answer", UNCLEAR, ids=str)
def test_a_prediction_is_safe_to_repeat(http, platform, answer):
    http.post(url(f"{MODEL}:predict"), **answer)
    http.post(url(f"{MODEL}:predict"), json={"predictions": [0]})
    assert platform.predictor.predict(ENDPOINT, "churn", [[1]]).predictions == [0]


def test_an_operation_is_asked_for_by_its_name(http, platform):
    name = f"{PARENT}/operations/create_churn_v1-1"
    http.get(url(name), json={"name": name, "done": True})
    assert platform.operations.get(name).done


def test_what_is_no_operation_is_told(platform):
    with pytest.raises(UsageError, match=re.escape("not the name of an operation: 'x'")):
        platform.operations.get("x")
