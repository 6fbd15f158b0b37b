import json
import re

import pytest
import requests

from gcp_deploy.adapters.resources import moment
from gcp_deploy.domain.names import Digest
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
    PermissionDenied,
    TemporaryError,
    Unauthenticated,
    UsageError,
)

LOCAL = "http://127.0.0.1:9999"
PLACE = "projects/demo-project/locations/us-central1"
NUMBERED = "projects/123/locations/us-central1"
DIGEST = Digest("ab" * 32)
RECIPE = Recipe(Runtime(RuntimeKind.SERVING_IMAGE, "image:1"), "n1-standard-2")
SPEC = VersionSpec("churn_eu", "gs://b/a/", DIGEST, RECIPE)
ENDPOINT = Endpoint(
    f"{NUMBERED}/endpoints/churn-eu",
    (DeployedModel("5", "1", "churn_eu"), DeployedModel("6", "2", "churn_eu")),
    {"5": 100},
    "e1",
)
RESET = requests.ConnectionError("reset")


def url(path):
    return f"{LOCAL}/v1/{path}"


def operation(name="op", kind="UploadModel", **more):
    return {
        "name": f"{NUMBERED}/operations/{name}",
        "metadata": {"@type": f"t/google.cloud.aiplatform.v1.{kind}OperationMetadata"},
        **more,
    }


def model(version, **more):
    return {
        "name": f"{NUMBERED}/models/churn_eu",
        "versionId": version,
        "versionCreateTime": f"2026-11-25T10:00:0{version[0]}Z",
        **more,
    }


def endpoint(split=None, etag="e1", **more):
    return {
        "name": ENDPOINT.name,
        "etag": etag,
        "labels": {"gcp-deploy-model": "churn_eu"},
        "trafficSplit": {"5": 100} if split is None else split,
        "deployedModels": [
            {"id": one.id, "model": f"{NUMBERED}/models/churn_eu", "modelVersionId": one.version}
            for one in ENDPOINT.deployed
        ],
        **more,
    }


def error(code, status, message="no"):
    return {"error": {"code": code, "status": status, "message": message}}


def version(number="2", runtime=RECIPE.runtime):
    return Version("churn_eu", number, VersionState.READY, False, moment(""), "gs://b/a/", runtime)


def body(call):
    return json.loads(call.request.body)


# The registry --------------------------------------------------------------------------------


def test_models_are_listed_over_all_pages_by_their_ids(http, ports):
    page = {"models": [{"name": f"{NUMBERED}/models/b"}], "nextPageToken": "t"}
    http.get(url(f"{PLACE}/models"), json=page)
    http.get(url(f"{PLACE}/models"), json={"models": [{"name": f"{NUMBERED}/models/a@2"}]})
    assert ports().registry.models() == ("a", "b")
    assert http.calls[1].request.params["pageToken"] == "t"


def test_a_project_without_models_answers_an_empty_object(http, ports):
    http.get(url(f"{PLACE}/models"), json={})
    assert ports().registry.models() == ()


def test_versions_are_listed_over_all_pages_oldest_first(http, ports):
    listing = url(f"{PLACE}/models/churn_eu:listVersions")
    http.get(listing, json={"models": [model("3"), model("2")], "nextPageToken": "t"})
    http.get(listing, json={"models": [model("1", versionAliases=["default"])]})
    found = ports().registry.versions("churn_eu")
    assert [(one.version, one.default) for one in found] == [
        ("1", True),
        ("2", False),
        ("3", False),
    ]


def test_a_model_that_is_not_there_has_no_versions(http, ports):
    http.get(url(f"{PLACE}/models/none:listVersions"), json=error(404, "NOT_FOUND"), status=404)
    assert ports().registry.versions("none") == ()


@pytest.mark.parametrize(
    ("new", "where"),
    [(True, {"modelId": "churn_eu"}), (False, {"parentModel": f"{PLACE}/models/churn_eu"})],
)
def test_a_version_is_uploaded_without_touching_aliases(http, ports, new, where):
    http.post(url(f"{PLACE}/models:upload"), json=operation())
    assert ports().registry.register(SPEC, new_model=new) == f"{NUMBERED}/operations/op"
    sent = body(http.calls[0])
    assert {key: sent[key] for key in where} == where
    assert "versionAliases" not in sent["model"]


def test_no_answer_to_the_upload_of_a_further_version_is_left_to_the_caller(http, ports, clock):
    http.post(url(f"{PLACE}/models:upload"), body=RESET)
    with pytest.raises(TemporaryError) as caught:
        ports().registry.register(SPEC, new_model=False)
    assert not caught.value.answered
    assert len(http.calls) == 1
    assert clock.slept == []


UNCLEAR = [
    {"status": 503, "json": error(503, "UNAVAILABLE")},
    {"status": 500, "body": "<html>oops</html>"},
    {"status": 504, "body": ""},
    {"status": 200, "body": "<html>hello</html>"},
    {"status": 200, "body": '{"name": "projects/12'},
    {"status": 200, "body": ""},
    {"status": 200, "body": "null"},
    {"status": 200, "body": "[]"},
    {"status": 200, "body": b"\xff\xfe"},
    {"status": 200, "body": "[" * 100_000},
    {"status": 200, "body": "9" * 5_000},
    {"status": 200, "body": "{}"},
]


@pytest.mark.parametrize("answer", UNCLEAR, ids=str)
def test_after_an_unclear_answer_the_version_that_was_made_is_found(http, ports, answer):
    upload = http.post(url(f"{PLACE}/models:upload"), **answer)
    made = model("2", labels={"gcp-deploy-identity": SPEC.identity})
    http.get(url(f"{PLACE}/models/churn_eu:listVersions"), json={"models": [model("1"), made]})
    assert ports().registry.register(SPEC, new_model=False) == ""
    assert upload.call_count == 1


@pytest.mark.parametrize("answer", UNCLEAR, ids=str)
def test_after_an_unclear_answer_the_upload_that_is_running_is_found(http, ports, answer):
    upload = http.post(url(f"{PLACE}/models:upload"), **answer)
    http.get(url(f"{PLACE}/models/churn_eu:listVersions"), json={"models": [model("1")]})
    http.get(
        url(f"{PLACE}/models/churn_eu/operations"),
        json={
            "operations": [operation("old", done=True), operation("other", "Delete"), operation()]
        },
    )
    found = ports().registry.register(SPEC, new_model=False)
    assert found == f"{NUMBERED}/operations/op"
    assert upload.call_count == 1


@pytest.mark.parametrize("answer", UNCLEAR, ids=str)
def test_an_upload_that_left_no_trace_is_sent_again(http, ports, answer, clock):
    http.post(url(f"{PLACE}/models:upload"), **answer)
    http.post(url(f"{PLACE}/models:upload"), json=operation())
    http.get(url(f"{PLACE}/models/churn_eu:listVersions"), json={"models": [model("1")]})
    http.get(url(f"{PLACE}/models/churn_eu/operations"), json={})
    found = ports().registry.register(SPEC, new_model=False)
    assert found == f"{NUMBERED}/operations/op"
    assert clock.slept == [1]


def test_an_upload_that_was_turned_away_is_sent_again_after_the_time_asked_for(http, ports, clock):
    upload = url(f"{PLACE}/models:upload")
    http.post(
        upload, json=error(429, "RESOURCE_EXHAUSTED"), status=429, headers={"Retry-After": "9"}
    )
    http.post(upload, json=operation())
    ports().registry.register(SPEC, new_model=False)
    assert clock.slept == [9]


def test_a_new_model_whose_answer_was_lost_is_found_by_its_id(http, ports):
    http.post(url(f"{PLACE}/models:upload"), body=RESET)
    http.post(url(f"{PLACE}/models:upload"), json=error(409, "ALREADY_EXISTS"), status=409)
    made = model("1", labels={"gcp-deploy-identity": SPEC.identity})
    http.get(url(f"{PLACE}/models/churn_eu:listVersions"), json={"models": [made]})
    assert ports().registry.register(SPEC, new_model=True) == ""


def test_a_new_model_that_somebody_else_made_is_a_conflict(http, ports):
    http.post(url(f"{PLACE}/models:upload"), json=error(409, "ALREADY_EXISTS"), status=409)
    http.get(url(f"{PLACE}/models/churn_eu:listVersions"), json={"models": [model("1")]})
    with pytest.raises(Conflict, match="model churn_eu"):
        ports().registry.register(SPEC, new_model=True)


def test_a_model_that_is_still_being_made_is_waited_for(http, ports, clock):
    http.post(url(f"{PLACE}/models:upload"), json=error(409, "ALREADY_EXISTS"), status=409)
    listing = url(f"{PLACE}/models/churn_eu:listVersions")
    http.get(listing, json=error(404, "NOT_FOUND"), status=404)
    made = model("1", labels={"gcp-deploy-identity": SPEC.identity})
    http.get(listing, json={"models": [made]})
    assert ports().registry.register(SPEC, new_model=True) == ""
    assert clock.slept == [1]


def test_the_default_is_an_alias_that_moves(http, ports):
    merge = re.compile(re.escape(url(f"{PLACE}/models/churn_eu")) + "(@|%40)2:mergeVersionAliases")
    http.post(merge, body=RESET)
    http.post(merge, json=model("2"))
    ports().registry.set_default("churn_eu", "2")
    assert body(http.calls[1]) == {"versionAliases": ["default"]}


def test_a_version_is_deleted_and_the_last_one_with_its_model(http, ports):
    listing = url(f"{PLACE}/models/churn_eu:listVersions")
    http.get(listing, json={"models": [model("1"), model("2")]})
    http.get(listing, json={"models": [model("2")]})
    one = re.compile(re.escape(url(f"{PLACE}/models/churn_eu")) + "(@|%40)1:deleteVersion")
    http.delete(one, json=operation("one"))
    http.delete(url(f"{PLACE}/models/churn_eu"), json=operation("two"))
    registry = ports().registry
    assert registry.delete("churn_eu", "1").endswith("/one")
    assert registry.delete("churn_eu", "2").endswith("/two")


def test_a_version_that_is_gone_after_a_lost_answer_was_deleted(http, ports):
    listing = url(f"{PLACE}/models/churn_eu:listVersions")
    http.get(listing, json={"models": [model("1"), model("2")]})
    http.get(listing, json={"models": [model("2")]})
    http.delete(re.compile(".*:deleteVersion"), body=RESET)
    assert ports().registry.delete("churn_eu", "1") == ""


def test_deleting_what_is_not_there_names_it(http, ports):
    http.get(url(f"{PLACE}/models/churn_eu:listVersions"), json={"models": [model("1")]})
    with pytest.raises(NotFound, match="churn_eu@7"):
        ports().registry.delete("churn_eu", "7")


# Traffic -------------------------------------------------------------------------------------

READ = url(f"{PLACE}/endpoints/churn-eu")
WRITE = url(ENDPOINT.name)


def test_the_endpoint_is_named_like_the_model_with_hyphens(http, ports):
    http.get(READ, json=endpoint())
    assert ports().traffic.read("churn_eu") == ENDPOINT


def test_an_endpoint_that_is_not_there_is_none(http, ports):
    http.get(READ, json=error(404, "NOT_FOUND"), status=404)
    assert ports().traffic.read("churn_eu") is None


def test_an_endpoint_of_another_model_is_a_conflict(http, ports):
    http.get(READ, json=endpoint(labels={"gcp-deploy-model": "churn-eu"}))
    with pytest.raises(Conflict, match="belongs to the model churn-eu, not to churn_eu"):
        ports().traffic.read("churn_eu")


@pytest.mark.parametrize("dedicated", [True, False])
def test_an_endpoint_is_created_dedicated_unless_shared_is_asked_for(http, ports, dedicated):
    http.post(url(f"{PLACE}/endpoints"), json=operation())
    ports(dedicated=dedicated).traffic.create("churn_eu")
    assert http.calls[0].request.params["endpointId"] == "churn-eu"
    sent = body(http.calls[0])
    assert sent.get("dedicatedEndpointEnabled", False) is dedicated
    assert sent["labels"] == {"gcp-deploy-model": "churn_eu"}


def test_an_endpoint_whose_answer_was_lost_is_found_by_its_id(http, ports):
    http.post(url(f"{PLACE}/endpoints"), body=RESET)
    http.post(url(f"{PLACE}/endpoints"), json=error(409, "ALREADY_EXISTS"), status=409)
    http.get(READ, json=endpoint())
    assert ports().traffic.create("churn_eu") == ""


def test_an_endpoint_that_is_still_being_made_is_waited_for(http, ports, clock):
    http.post(url(f"{PLACE}/endpoints"), json=error(409, "ALREADY_EXISTS"), status=409)
    http.get(READ, json=error(404, "NOT_FOUND"), status=404)
    http.get(READ, json=endpoint())
    assert ports().traffic.create("churn_eu") == ""
    assert clock.slept == [1]


def test_creating_over_another_model_s_endpoint_is_a_conflict(http, ports):
    http.post(url(f"{PLACE}/endpoints"), json=error(409, "ALREADY_EXISTS"), status=409)
    http.get(READ, json=endpoint(labels={"gcp-deploy-model": "churn-eu"}))
    with pytest.raises(Conflict, match="belongs to"):
        ports().traffic.create("churn_eu")


def test_a_version_is_attached_without_a_split(http, ports):
    http.post(f"{WRITE}:deployModel", json=operation("d", "DeployModel"))
    name = ports().traffic.deploy(ENDPOINT, version("3"), RECIPE)
    assert name.endswith("/d")
    sent = body(http.calls[0])
    assert sent["deployedModel"]["model"] == f"{PLACE}/models/churn_eu@3"
    assert "trafficSplit" not in sent


def test_no_answer_to_a_deployment_is_left_to_the_caller(http, ports):
    http.post(f"{WRITE}:deployModel", body=requests.Timeout("slow"))
    with pytest.raises(TemporaryError) as caught:
        ports().traffic.deploy(ENDPOINT, version("3"), RECIPE)
    assert not caught.value.answered


def test_after_an_unclear_answer_the_deployment_is_looked_for(http, ports):
    deploy = http.post(f"{WRITE}:deployModel", json=error(503, "UNAVAILABLE"), status=503)
    http.get(WRITE, json=endpoint())
    http.get(f"{WRITE}/operations", json={"operations": [operation("d", "DeployModel")]})
    traffic = ports().traffic
    assert traffic.deploy(ENDPOINT, version("2"), RECIPE) == "", "it is attached already"
    assert traffic.deploy(ENDPOINT, version("3"), RECIPE).endswith("/d"), "it is under way"
    assert deploy.call_count == 2


def test_the_whole_split_is_written_with_the_etag(http, ports):
    http.patch(WRITE, json=endpoint({"6": 100}, "e2"))
    found = ports().traffic.write_split(ENDPOINT, {"5": 0, "6": 100})
    assert (found.split, found.etag) == ({"6": 100}, "e2")
    assert http.calls[0].request.params["updateMask"] == "trafficSplit"
    assert body(http.calls[0]) == {"trafficSplit": {"6": 100}, "etag": "e1"}


@pytest.mark.parametrize(("code", "status"), [(409, "ABORTED"), (412, "")])
def test_a_split_over_somebody_else_s_change_is_a_conflict(http, ports, code, status):
    http.patch(WRITE, json=error(code, status), status=code)
    http.get(WRITE, json=endpoint({"5": 50, "6": 50}, "e9"))
    with pytest.raises(Conflict, match="churn-eu was changed by somebody else"):
        ports().traffic.write_split(ENDPOINT, {"6": 100})


def test_a_split_whose_answer_was_lost_is_read_back(http, ports):
    patch = http.patch(WRITE, body=RESET)
    http.get(WRITE, json=endpoint({"6": 100}, "e2"))
    assert ports().traffic.write_split(ENDPOINT, {"6": 100}).etag == "e2"
    assert patch.call_count == 1


def test_a_split_that_did_not_take_effect_is_written_again(http, ports):
    http.patch(WRITE, json=error(503, "UNAVAILABLE"), status=503)
    http.patch(WRITE, json=endpoint({"6": 100}, "e2"))
    http.get(WRITE, json=endpoint())
    assert ports().traffic.write_split(ENDPOINT, {"6": 100}).etag == "e2"


def test_a_split_is_not_written_again_over_what_came_in_between(http, ports):
    patch = http.patch(WRITE, body=RESET)
    http.get(WRITE, json=endpoint({"5": 50, "6": 50}, "e9"))
    with pytest.raises(Conflict):
        ports().traffic.write_split(ENDPOINT, {"6": 100})
    assert patch.call_count == 1


def test_a_split_delivered_twice_is_success(http, ports):
    http.patch(WRITE, json=error(409, "ABORTED"), status=409)
    http.get(WRITE, json=endpoint({"6": 100}, "e2"))
    assert ports().traffic.write_split(ENDPOINT, {"6": 100}).etag == "e2"


def test_a_split_that_is_none_is_not_sent(http, ports):
    with pytest.raises(UsageError, match="99"):
        ports().traffic.write_split(ENDPOINT, {"5": 99})


def test_a_deployed_model_is_detached(http, ports):
    http.post(f"{WRITE}:undeployModel", json=operation("u", "UndeployModel"))
    assert ports().traffic.undeploy(ENDPOINT, "6").endswith("/u")
    assert body(http.calls[0]) == {"deployedModelId": "6"}


def test_a_deployed_model_that_is_gone_after_a_lost_answer_was_detached(http, ports):
    http.post(f"{WRITE}:undeployModel", body=RESET)
    http.get(WRITE, json=endpoint(deployedModels=[]))
    assert ports().traffic.undeploy(ENDPOINT, "6") == ""


# Predictions ---------------------------------------------------------------------------------

DEDICATED = Endpoint(
    ENDPOINT.name, ENDPOINT.deployed, ENDPOINT.split, "e1", "http://127.0.0.1:9998"
)
ANSWER = {
    "predictions": [0, 1],
    "deployedModelId": "5",
    "model": f"{NUMBERED}/models/churn_eu",
    "modelVersionId": "1",
}


@pytest.mark.parametrize(
    ("asked", "host"), [(ENDPOINT, LOCAL), (DEDICATED, "http://127.0.0.1:9998")]
)
def test_predictions_come_from_the_host_of_the_endpoint_with_who_gave_them(
    http, ports, asked, host
):
    http.post(f"{host}/v1/{ENDPOINT.name}:predict", json=ANSWER)
    answer = ports().predictor.predict(asked, "churn_eu", [[1], [2]])
    assert answer.predictions == [0, 1]
    assert (answer.model, answer.version, answer.deployed_model) == ("churn_eu", "1", "5")
    assert body(http.calls[0]) == {"instances": [[1], [2]]}


@pytest.mark.parametrize("answer", [*UNCLEAR, {"body": RESET}], ids=str)
def test_a_prediction_is_safe_to_repeat(http, ports, answer, clock):
    http.post(f"{WRITE}:predict", **answer)
    http.post(f"{WRITE}:predict", json=ANSWER)
    assert ports().predictor.predict(ENDPOINT, "churn_eu", [[1], [2]]).version == "1"
    assert clock.slept == [1]


@pytest.mark.parametrize("row", [float("nan"), {"x": float("inf")}, [object()], {1, 2}])
def test_a_row_that_is_no_json_is_named_and_not_sent(ports, http, row):
    with pytest.raises(BadInstances, match="row 1 is not JSON"):
        ports().predictor.predict(ENDPOINT, "churn_eu", [[1], row])


def test_rows_that_the_model_refuses_are_told_in_its_words(http, ports):
    message = '"Prediction failed: X has 2 features, but is expecting 3"\n'
    http.post(f"{WRITE}:predict", json=error(400, "FAILED_PRECONDITION", message), status=400)
    with pytest.raises(BadInstances, match="churn-eu of churn_eu: Prediction failed: X has 2"):
        ports().predictor.predict(ENDPOINT, "churn_eu", [[1]])


def test_a_wrong_number_of_predictions_is_the_model_s_failure(http, ports):
    http.post(f"{WRITE}:predict", json=ANSWER)
    with pytest.raises(DeployFailed, match="2 predictions for 1 instances"):
        ports().predictor.predict(ENDPOINT, "churn_eu", [[1]])


def test_that_no_way_leads_to_one_version_is_said(ports):
    with pytest.raises(UsageError, match="churn_eu@2 cannot be asked alone"):
        ports().predictor.ask_version(DEDICATED, "churn_eu", version("2"), [[1]])


def test_a_raw_prediction_keeps_the_bytes_of_the_container(http, ports):
    http.post(
        f"{WRITE}:rawPredict",
        body=b'{"predictions": [1.0]}',
        headers={"X-Vertex-AI-Deployed-Model-Id": "5", "X-Vertex-AI-Model-Version-Id": "1"},
    )
    answer = ports().predictor.raw_predict(ENDPOINT, b'{"instances": [[1]]}')
    assert (answer.body, answer.version, answer.deployed_model) == (
        b'{"predictions": [1.0]}',
        "1",
        "5",
    )


# Operations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("under", ["", "/models/churn_eu", "/endpoints/churn-eu"])
def test_an_operation_is_read_under_the_name_it_was_given(http, ports, under):
    name = f"{NUMBERED}{under}/operations/77"
    http.get(url(name), json={"name": name, "done": True})
    assert ports().operations.get(name).done


def test_what_is_no_operation_is_told(ports):
    with pytest.raises(UsageError, match="not the name of an operation: 'nonsense'"):
        ports().operations.get("nonsense")


def test_a_failed_operation_is_a_value(http, ports):
    name = f"{NUMBERED}/operations/77"
    failed = {"name": name, "done": True, "error": {"code": 9, "message": "no quota"}}
    http.get(url(name), json=failed)
    found = ports().operations.get(name)
    assert (found.error, found.error_code) == ("no quota", 9)


# Whatever is asked ---------------------------------------------------------------------------


def test_a_missing_permission_names_itself_and_its_role(http, ports):
    http.get(url(f"{PLACE}/models"), json=error(403, "PERMISSION_DENIED"), status=403)
    with pytest.raises(PermissionDenied, match=r"aiplatform\.models\.list") as caught:
        ports().registry.models()
    assert "roles/aiplatform.viewer" in caught.value.hint


def test_a_second_401_is_told(http, ports):
    http.get(url(f"{PLACE}/models"), json=error(401, "UNAUTHENTICATED"), status=401)
    with pytest.raises(Unauthenticated):
        ports().registry.models()
    assert len(http.calls) == 2


def test_a_redirect_is_told_and_not_followed(http, ports):
    http.get(url(f"{PLACE}/models"), status=302, headers={"Location": "https://evil.example"})
    with pytest.raises(UsageError, match="redirect"):
        ports().registry.models()
    assert len(http.calls) == 1


@pytest.mark.parametrize("answer", [{"body": RESET}, {"status": 503}, {"body": "<html>"}], ids=str)
def test_an_outage_ends_with_the_deadline(http, ports, clock, answer):
    http.get(url(f"{PLACE}/models"), **answer)
    with pytest.raises(TemporaryError, match="models in"):
        ports().registry.models()
    assert sum(clock.slept) <= 60


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (requests.ConnectTimeout("t"), "not in time"),
        (requests.ReadTimeout("t"), "not in time"),
        (requests.ConnectionError(ConnectionRefusedError(111, "refused")), "nobody listens"),
        (requests.exceptions.ChunkedEncodingError("cut"), "cut off"),
        (RESET, "the connection broke"),
    ],
)
def test_how_no_answer_came_is_told(http, ports, fault, words):
    http.get(url(f"{PLACE}/models"), body=fault)
    with pytest.raises(TemporaryError, match=words):
        ports().registry.models()


def test_a_certificate_that_is_not_trusted_is_not_tried_again(http, ports, clock):
    fault = requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")
    http.get(url(f"{PLACE}/models"), body=fault)
    with pytest.raises(UsageError, match="certificate"):
        ports().registry.models()
    assert clock.slept == []
