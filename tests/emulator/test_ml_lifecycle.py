"""Models and versions of ml v1: what works, over loopback."""

from pathlib import Path

import pytest
import requests

from gcp_deploy.emulator.platform import Platform
from tests.emulator.ml_driver import HERE, Driver, classifier


@pytest.fixture
def ml(http: requests.Session, platform: Platform) -> Driver:
    driver = Driver(http, platform)
    driver.done("POST", "models", {"name": "churn", "labels": {"team": "a"}})
    return driver


def test_a_model_without_versions_has_no_default(ml):
    status, model = ml.call("GET", "models/churn")
    assert status == 200
    assert model.pop("etag")
    assert model == {
        "name": f"{HERE}/models/churn",
        "regions": ["us-central1"],
        "labels": {"team": "a"},
    }


def test_no_models_are_an_empty_object(http, platform):
    assert Driver(http, platform).call("GET", "models") == (200, {})


def test_the_first_version_becomes_the_default_and_later_ones_do_not(ml):
    first = ml.create("v1")
    second = ml.create("v2", high="maybe")
    assert first["isDefault"] is True
    assert "isDefault" not in second
    model = ml.done("GET", "models/churn")
    assert model["defaultVersion"]["name"] == f"{HERE}/models/churn/versions/v1"
    assert model["defaultVersion"]["framework"] == "SCIKIT_LEARN"
    assert model["defaultVersion"]["runtimeVersion"] == "2.11"


def test_a_version_keeps_what_it_was_given(ml):
    given = {
        "description": "spring",
        "labels": {"commit": "abc"},
        "machineType": "n1-standard-4",
        "manualScaling": {"nodes": 2},
    }
    made = ml.create("v1", **given)
    assert made.pop("@type") == "type.googleapis.com/google.cloud.ml.v1.Version"
    assert made == ml.done("GET", "models/churn/versions/v1")
    assert made["state"] == "READY"
    assert made["pythonVersion"] == "3.7"
    assert {name: made[name] for name in given} == given
    assert made["createTime"].endswith("Z")


def test_the_operation_tells_what_it_is_about(ml):
    ml.store("churn/a/model.joblib", classifier())
    _, begun = ml.begin("v1")
    assert begun["name"].startswith(f"{HERE}/operations/create_churn_v1-")
    ended = ml.wait(begun)
    metadata = ended["metadata"]
    assert metadata["@type"] == "type.googleapis.com/google.cloud.ml.v1.OperationMetadata"
    assert metadata["operationType"] == "CREATE_VERSION"
    assert metadata["modelName"] == f"{HERE}/models/churn"
    assert metadata["version"]["name"] == f"{HERE}/models/churn/versions/v1"
    assert metadata["projectNumber"] == ml.platform.project_number
    assert metadata["endTime"] >= metadata["startTime"] >= metadata["createTime"]
    _, listed = ml.call("GET", "operations")
    assert listed["operations"] == [ended]


def test_prediction_on_a_model_asks_its_default_and_on_a_version_that_one(ml):
    ml.create("v1")
    ml.create("v2", high="maybe")
    asked = {"instances": [[3.0], [0.0]]}
    assert ml.call("POST", "models/churn:predict", asked) == (200, {"predictions": ["yes", "no"]})
    on_second = ml.call("POST", "models/churn/versions/v2:predict", asked)
    assert on_second == (200, {"predictions": ["maybe", "no"]})


def test_set_default_answers_the_version_and_moves_the_answers(ml):
    ml.create("v1")
    ml.create("v2", high="maybe")
    answer = ml.done("POST", "models/churn/versions/v2:setDefault", {})
    assert answer["isDefault"] is True
    assert ml.done("POST", "models/churn:predict", {"instances": [[3.0]]})["predictions"] == [
        "maybe"
    ]
    assert "isDefault" not in ml.done("GET", "models/churn/versions/v1")


def test_answers_come_from_the_artifact_as_it_was_at_creation(ml):
    ml.create("v1")
    ml.http.delete(f"{ml.url}/storage/v1/b/local-models/o/churn%2Fyes%2Fmodel.joblib")
    ml.platform.models.stop(ml.platform.models.running()[0])
    assert ml.done("POST", "models/churn:predict", {"instances": [[3.0]]}) == {
        "predictions": ["yes"]
    }


def test_a_restarted_platform_serves_again(ml, http, tmp_path: Path):
    ml.create("v1")
    ml.platform.close()
    with Platform.open(tmp_path / "state") as again:
        again.start()
        answer = Driver(http, again).done("POST", "models/churn:predict", {"instances": [[3.0]]})
    assert answer == {"predictions": ["yes"]}


def test_a_pickle_without_a_framework_is_detected(ml):
    ml.store("churn/p/model.pkl", classifier())
    _, begun = ml.begin("v1", deploymentUri="gs://local-models/churn/p", framework=None)
    assert ml.wait(begun)["response"]["framework"] == "SCIKIT_LEARN"


def test_a_framework_may_be_a_number(ml):
    assert ml.create("v1", framework=2)["framework"] == "SCIKIT_LEARN"


def test_a_container_gets_named_columns(ml):
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from tests.emulator.ml_driver import dumped

    frame = pd.DataFrame({"age": [1.0, 2.0, 3.0, 4.0], "n": [0, 1, 0, 1]})
    pipeline = make_pipeline(
        make_column_transformer(("passthrough", ["age"])), LogisticRegression()
    ).fit(frame, [0, 0, 1, 1])
    ml.store("churn/c/model.joblib", dumped(pipeline))
    container = {"image": "us-docker.pkg.dev/p/serving/image:1"}
    fields = {"container": container, "framework": None, "runtimeVersion": None}
    _, begun = ml.begin("v1", deploymentUri="gs://local-models/churn/c", **fields)
    assert ml.wait(begun)["response"]["container"] == container
    asked = {"instances": [{"n": 0, "age": 4.0}, [1.0, 0]]}
    assert ml.done("POST", "models/churn:predict", asked) == {"predictions": [1, 0]}


def test_a_model_is_patched_within_its_mask(ml):
    body = {"description": "new", "labels": {"team": "b"}, "regions": ["elsewhere"]}
    made = ml.done("PATCH", "models/churn", body, updateMask="labels,description")
    assert made["@type"] == "type.googleapis.com/google.cloud.ml.v1.Model"
    model = ml.done("GET", "models/churn")
    assert (model["description"], model["labels"]) == ("new", {"team": "b"})
    assert model["regions"] == ["us-central1"]


def test_the_default_can_be_patched(ml):
    ml.create("v1")
    ml.create("v2", high="maybe")
    body = {"defaultVersion": {"name": f"{HERE}/models/churn/versions/v2"}}
    ml.done("PATCH", "models/churn", body, updateMask="default_version.name")
    assert ml.done("GET", "models/churn/versions/v2")["isDefault"] is True


def test_a_version_is_patched_within_its_mask(ml):
    ml.create("v1", machineType="n1-standard-2")
    body = {"description": "new", "manualScaling": {"nodes": 3}, "labels": {"x": "y"}}
    ml.done("PATCH", "models/churn/versions/v1", body, updateMask="description,manualScaling.nodes")
    version = ml.done("GET", "models/churn/versions/v1")
    assert (version["description"], version["manualScaling"]) == ("new", {"nodes": 3})
    assert "labels" not in version


def test_versions_and_then_the_model_can_be_deleted(ml):
    ml.create("v1")
    ml.create("v2")
    for path in ("models/churn/versions/v2", "models/churn/versions/v1", "models/churn"):
        answer = ml.done("DELETE", path)
        assert answer == {"@type": "type.googleapis.com/google.protobuf.Empty"}
    assert ml.call("GET", "models") == (200, {})
    assert ml.platform.models.running() == ()


def test_lists_are_paged_and_filtered_by_label(ml):
    for index in range(24):
        ml.done("POST", "models", {"name": f"m{index:02}", "labels": {"n": str(index % 2)}})
    first = ml.done("GET", "models")
    assert len(first["models"]) == 20
    rest = ml.done("GET", "models", pageToken=first["nextPageToken"])
    assert len(rest["models"]) == 5
    assert "nextPageToken" not in rest
    odd = ml.done("GET", "models", filter="labels.n=1", pageSize=100)
    assert len(odd["models"]) == 12
    assert len(ml.done("GET", "models", filter="labels.team:*")["models"]) == 1


def test_etags_are_legal_base64_and_change_with_every_write(ml):
    import base64

    seen = {ml.done("GET", "models/churn")["etag"]}
    ml.create("v1")
    seen.add(ml.done("GET", "models/churn")["etag"])
    assert len(seen) == 2
    assert all(len(base64.b64decode(etag, validate=True)) == 8 for etag in seen)


def test_the_project_has_a_service_account(ml):
    answer = ml.done("GET", f"/v1/{HERE}:getConfig")
    assert answer["serviceAccount"].endswith("@cloud-ml.google.com.iam.gserviceaccount.com")


def test_the_number_of_the_project_works_like_its_id(ml):
    path = f"/v1/projects/{ml.platform.project_number}/models/churn"
    assert ml.done("GET", path)["name"] == f"{HERE}/models/churn"


def test_a_killed_creation_is_gone_on_with(ml, http, tmp_path: Path):
    ml.store("churn/a/model.joblib", classifier())
    _, begun = ml.begin("v1")
    ml.platform.close(grace=0)
    with Platform.open(tmp_path / "state") as again:
        again.start()
        driver = Driver(http, again)
        assert driver.wait(begun)["response"]["state"] == "READY"
        assert driver.done("GET", "models/churn")["defaultVersion"]["state"] == "READY"
