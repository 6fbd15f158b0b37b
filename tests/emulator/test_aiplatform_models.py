"""Models and versions over HTTP."""

import pytest

from tests.emulator.aiplatform_driver import NUMBERED, PLACE, PREBUILT, SERVING, Driver


@pytest.fixture
def api(http, url):
    return Driver(http, url)


def test_an_upload_gives_a_model_that_names_itself_by_the_project_number(api):
    response = api.upload("churn", labels={"env": "prod"})
    assert response == {
        "@type": "type.googleapis.com/google.cloud.aiplatform.v1.UploadModelResponse",
        "model": f"{NUMBERED}/models/churn",
        "modelVersionId": "1",
    }
    model = api.done("GET", "models/churn")
    assert model["name"] == f"{NUMBERED}/models/churn"
    assert model["versionAliases"] == ["default"]
    assert model["supportedDeploymentResourcesTypes"][0] == "DEDICATED_RESOURCES"
    assert model["labels"] == {"env": "prod"}
    assert model["createTime"] == model["versionCreateTime"]
    assert api.done("GET", f"/v1/{NUMBERED}/models/churn") == model


def test_an_upload_without_an_id_gets_a_long_number(api):
    api.store("a/model.joblib", b"any")
    spec = {"imageUri": PREBUILT}
    model = {"displayName": "m", "artifactUri": "gs://local-models/a", "containerSpec": spec}
    response = api.done("POST", "models:upload", {"model": model})
    assert response["model"].rpartition("/")[2].isdecimal()


def test_versions_count_up_and_only_the_first_is_the_default_by_itself(api):
    api.upload("churn")
    assert api.upload("churn", into=True, versionAliases=["best"])["modelVersionId"] == "2"
    assert api.done("GET", "models/churn")["versionId"] == "1"
    assert api.done("GET", "models/churn@2")["versionAliases"] == ["best"]
    assert api.done("GET", "models/churn%402")["versionId"] == "2"
    assert api.done("GET", "models/churn@best")["versionId"] == "2"
    api.upload("churn", into=True, versionAliases=["default"])
    assert api.done("GET", "models/churn")["versionId"] == "3"
    assert "versionAliases" not in api.done("GET", "models/churn@1")


def test_aliases_move_between_versions(api):
    api.upload("churn")
    api.upload("churn", into=True)
    before = api.done("GET", "models/churn@1")["etag"]
    merged = api.done(
        "POST", "models/churn%402:mergeVersionAliases", {"versionAliases": ["default", "best"]}
    )
    assert (merged["versionId"], merged["versionAliases"]) == ("2", ["default", "best"])
    assert api.done("GET", "models/churn")["versionId"] == "2"
    assert api.done("GET", "models/churn@1")["etag"] != before
    merged = api.done("POST", "models/churn@2:mergeVersionAliases", {"versionAliases": ["-best"]})
    assert merged["versionAliases"] == ["default"]


def test_the_list_has_one_entry_per_model_and_can_be_filtered_and_paged(api):
    api.upload("one", labels={"env": "prod"})
    api.upload("two", labels={"env": "dev"})
    api.upload("two", into=True)

    def names(**query):
        return [m["name"].rpartition("/")[2] for m in api.done("GET", "models", **query)["models"]]

    assert names() == ["two", "one"]
    assert names(filter='display_name="one"') == ["one"]
    assert names(filter="displayName!=one") == ["two"]
    assert names(filter="labels.env=prod") == ["one"]
    assert names(filter="labels.env:*", orderBy="display_name") == ["one", "two"]
    assert names(filter="model=two") == ["two"]
    first = api.done("GET", "models", pageSize="1")
    assert names(pageSize="1", pageToken=first["nextPageToken"]) == ["one"]
    assert api.done("GET", "models", filter="model=none") == {}
    assert api.done("GET", "models", readMask="name", pageSize="1")["models"] == [
        {"name": f"{NUMBERED}/models/two"}
    ]


def test_versions_are_listed_by_label_and_order(api):
    api.upload("churn", labels={"digest": "a"})
    api.upload("churn", into=True, labels={"digest": "b"})

    def numbers(**query):
        found = api.done("GET", "models/churn:listVersions", **query).get("models", [])
        return [model["versionId"] for model in found]

    assert numbers() == ["2", "1"]
    assert numbers(orderBy="create_time") == ["1", "2"]
    assert numbers(filter="labels.digest=a") == ["1"]
    assert numbers(filter="labels.digest=c") == []


@pytest.mark.parametrize(
    "mask", ["displayName,labels,versionDescription", "display_name,labels,version_description"]
)
def test_a_patch_changes_what_its_mask_names(api, mask):
    api.upload("churn", description="kept", labels={"old": "1"})
    body = api.done("GET", "models/churn@1") | {
        "displayName": "new",
        "description": "not in the mask",
        "labels": {"new": "2"},
        "versionDescription": "first",
        "supportedDeploymentResourcesTypes": [1],
    }
    shown = api.done("PATCH", "models/churn@1", body, updateMask=mask)
    assert (shown["displayName"], shown["description"]) == ("new", "kept")
    assert (shown["labels"], shown["versionDescription"]) == ({"new": "2"}, "first")
    assert shown["etag"] != body["etag"]
    status, answer = api.call("PATCH", "models/churn@1", body, updateMask="labels")
    assert (status, answer["error"]["status"]) == (409, "ABORTED")


def test_what_was_uploaded_stays_when_the_bucket_changes(api, platform):
    api.upload("churn")
    api.http.delete(f"{api.url}/storage/v1/b/local-models/o/churn%2Fyes%2Fmodel.joblib")
    api.endpoint("e")
    api.deploy("e", "churn", {"0": 100})
    assert api.predict("e")[1]["predictions"] == ["yes"]


def test_deleted_versions_leave_default_to_the_newest_and_are_never_reused(api):
    api.upload("churn")
    api.upload("churn", into=True)
    api.upload("churn", into=True, versionAliases=["default"])
    api.done("DELETE", "models/churn@3:deleteVersion")
    assert api.done("GET", "models/churn")["versionId"] == "2"
    assert api.upload("churn", into=True)["modelVersionId"] == "4"


def test_a_deleted_model_is_gone_with_its_files(api, platform):
    api.upload("churn")
    assert api.done("DELETE", "models/churn") == {
        "@type": "type.googleapis.com/google.protobuf.Empty"
    }
    assert api.call("GET", "models/churn")[0] == 404
    api.http.delete(f"{api.url}/storage/v1/b/local-models/o/churn%2Fyes%2Fmodel.joblib")
    with platform.state.connection() as connection:
        assert connection.execute("SELECT count(*) FROM blobs").fetchone() == (0,)


def test_an_operation_is_found_under_every_prefix_and_parent(api):
    api.store("a/model.joblib", b"any")
    model = {
        "displayName": "m",
        "artifactUri": "gs://local-models/a",
        "containerSpec": {"imageUri": SERVING},
    }
    operation = api.call("POST", "models:upload", {"model": model, "modelId": "m"})[1]
    number = operation["name"].rpartition("/")[2]
    assert operation["name"] == f"{NUMBERED}/models/m/operations/{number}"
    assert operation["metadata"]["@type"].endswith(".v1.UploadModelOperationMetadata")
    assert set(operation["metadata"]["genericMetadata"]) == {"createTime", "updateTime"}
    for prefix in ("v1", "v1beta1", "ui"):
        for parent in ("", "/models/m", "/endpoints/e"):
            path = f"/{prefix}/{PLACE}{parent}/operations/{number}"
            assert api.call("GET", path) == (200, operation)
    assert api.call("GET", "models/m/operations")[1] == {"operations": [operation]}
    assert api.call("GET", "endpoints/e/operations")[1] == {}
    assert api.call("POST", f"operations/{number}:cancel", {}) == (200, {})
    assert api.call("POST", f"operations/{number}:wait", timeout="1s") == (200, operation)
    assert api.call("DELETE", f"operations/{number}") == (200, {})
    assert api.call("GET", f"operations/{number}")[0] == 404
