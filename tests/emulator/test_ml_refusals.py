"""Models and versions of ml v1: every refusal, with its code and its text."""

import pytest
import requests

from gcp_deploy.emulator.platform import Platform
from tests.emulator.ml_driver import HERE, Driver, classifier, dumped


@pytest.fixture
def ml(http: requests.Session, platform: Platform) -> Driver:
    driver = Driver(http, platform)
    driver.done("POST", "models", {"name": "churn"})
    return driver


def test_a_second_model_of_the_name_is_refused_with_a_field_violation(ml):
    status, answer = ml.call("POST", "models", {"name": "churn"})
    text = "A model with the same name already exists."
    assert status == 409
    assert answer["error"] == {
        "code": 409,
        "message": f"Field: model.name Error: {text}",
        "status": "ALREADY_EXISTS",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "model.name", "description": text}],
            }
        ],
    }


def test_a_second_version_of_the_name_is_refused(ml):
    ml.create("v1")
    ml.store("churn/a/model.joblib", classifier())
    status, answer = ml.begin("v1")
    assert (status, answer["error"]["status"]) == (409, "ALREADY_EXISTS")
    assert answer["error"]["message"].startswith("Field: version.name Error: ")


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "é", "a" * 129, None, 7])
def test_names_start_with_a_letter_and_have_no_hyphens(ml, name):
    status, code, text = ml.refusal("POST", "models", {"name": name})
    assert (status, code) == (400, "INVALID_ARGUMENT")
    assert text.startswith("Field: model.name Error: ")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "models/none"),
        ("DELETE", "models/none"),
        ("POST", "models/none:predict"),
        ("GET", "models/churn/versions/none"),
        ("DELETE", "models/churn/versions/none"),
        ("POST", "models/churn/versions/none:setDefault"),
        ("POST", "models/churn/versions/none:predict"),
        ("GET", "models/none/versions"),
        ("GET", "operations/none"),
    ],
)
def test_what_is_not_there_is_404(ml, method, path):
    status, code, text = ml.refusal(method, path, {} if method == "POST" else None)
    assert (status, code) == (404, "NOT_FOUND")
    assert "none" in text


def test_another_project_is_forbidden(ml):
    status, code, text = ml.refusal("GET", "/v1/projects/other/models")
    assert (status, code) == (403, "PERMISSION_DENIED")
    assert "other" in text


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"deploymentUri": None}, "version.deployment_uri"),
        ({"deploymentUri": "/tmp/x"}, "version.deployment_uri"),
        ({"runtimeVersion": None}, "version.runtime_version"),
        ({"runtimeVersion": "new"}, "version.runtime_version"),
        ({"pythonVersion": "three"}, "version.python_version"),
        ({"machineType": "laptop"}, "version.machine_type"),
        ({"autoScaling": {"minNodes": 1}, "manualScaling": {"nodes": 1}}, "version.manual_scaling"),
        ({"container": {"image": "x"}}, "version.container"),
        ({"requestLoggingConfig": {}}, "version.request_logging_config"),
        ({"framework": "PROLOG"}, "version.framework"),
        ({"labels": {"A": "b"}}, "version.labels"),
        ({"frameWork": "SCIKIT_LEARN"}, "frameWork"),
    ],
)
def test_a_version_with_a_wrong_field_is_refused_by_name(ml, fields, at):
    ml.store("churn/a/model.joblib", classifier())
    status, answer = ml.begin("v1", **fields)
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert at in answer["error"]["message"]
    assert ml.call("GET", "models/churn/versions") == (200, {})


@pytest.mark.parametrize("fields", [{"framework": "XGBOOST"}, {"predictionClass": "a.B"}])
def test_what_is_not_imitated_says_so(ml, fields):
    status, answer = ml.begin("v1", **fields)
    assert (status, answer["error"]["status"]) == (501, "UNIMPLEMENTED")


@pytest.mark.parametrize("files", [[], ["readme.txt"], ["model.pkl", "model.joblib"]])
def test_a_directory_holds_exactly_one_model(ml, files):
    for name in files:
        ml.store(f"churn/a/{name}", classifier())
    status, answer = ml.begin("v1")
    assert (status, answer["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert answer["error"]["message"] == (
        "Field: version.deployment_uri Error: Deployment directory gs://local-models/churn/a is "
        "expected to contain exactly one of: [model.joblib, model.pkl]."
    )


def test_a_directory_holds_a_limited_number_of_files_and_bytes(ml, monkeypatch):
    from gcp_deploy.emulator.ml import artifacts

    ml.store("churn/a/model.joblib", classifier())
    ml.store("churn/a/readme.txt", b"x")
    monkeypatch.setattr(artifacts, "MOST_FILES", 1)
    assert "is 2, which exceeds" in ml.begin("v1")[1]["error"]["message"]
    monkeypatch.undo()
    monkeypatch.setattr(artifacts, "MLS1_BYTES", 5)
    text = ml.begin("v1")[1]["error"]["message"]
    size = len(classifier()) + 1
    assert f"The total size of files in gs://local-models/churn/a is {size} bytes" in text
    assert text.endswith("exceeds the allowed maximum of 5 bytes.")


def test_an_object_that_is_no_model_fails_the_operation_and_the_version(ml):
    error = ml.failing("v1", dumped({"a": 1}))
    text = (
        'Create Version failed. Bad model detected with error:  "Failed to load model: Invalid '
        "model type detected: builtins.dict. Please make sure the model file is an exported "
        'sklearn model or pipeline. (Error code: 0)"'
    )
    assert error == {"code": 9, "message": text}
    version = ml.done("GET", "models/churn/versions/v1")
    assert (version["state"], version["errorMessage"]) == ("FAILED", text)
    assert "defaultVersion" not in ml.done("GET", "models/churn")


def test_a_hostile_file_is_not_run_and_fails_the_operation(ml, tmp_path):
    import os

    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/pwned",)

    error = ml.failing("v1", dumped(Hostile()))
    assert "Failed to load model: Could not load the model: " in error["message"]
    assert "system is not allowed" in error["message"]
    assert not (tmp_path / "pwned").exists()


def test_a_damaged_file_fails_the_operation(ml):
    assert "Could not load the model" in ml.failing("v1", classifier()[:100])["message"]


def test_a_version_that_failed_does_not_serve_nor_become_the_default(ml):
    ml.failing("v1", b"no model")
    asked = {"instances": [[1.0]]}
    for path in ("models/churn/versions/v1:predict", "models/churn/versions/v1:setDefault"):
        status, code, text = ml.refusal("POST", path, asked)
        assert (status, code) == (400, "FAILED_PRECONDITION")
        assert "FAILED" in text
    assert ml.create("v2")["isDefault"] is True
    ml.done("DELETE", "models/churn/versions/v1")


def test_the_default_version_goes_last_and_the_model_after_it(ml):
    ml.create("v1")
    ml.create("v2")
    status, code, text = ml.refusal("DELETE", "models/churn/versions/v1")
    assert (status, code) == (400, "FAILED_PRECONDITION")
    assert "default version" in text
    status, code, text = ml.refusal("DELETE", "models/churn")
    assert (status, code) == (400, "FAILED_PRECONDITION")
    assert "A model with versions cannot be deleted. Please delete the versions first." in text


def test_a_version_being_created_is_left_alone(ml, monkeypatch):
    import threading

    from gcp_deploy.emulator.ml import servers

    gate = threading.Event()
    real = servers.load_failure

    def slow(platform, version):
        gate.wait(30)
        return real(platform, version)

    monkeypatch.setattr(servers, "load_failure", slow)
    ml.store("churn/a/model.joblib", classifier())
    _, begun = ml.begin("v1")
    try:
        assert ml.done("GET", "models/churn/versions/v1")["state"] == "CREATING"
        for method, path in [
            ("DELETE", "models/churn/versions/v1"),
            ("POST", "models/churn/versions/v1:setDefault"),
            ("POST", "models/churn/versions/v1:predict"),
            ("PATCH", "models/churn/versions/v1?updateMask=description"),
        ]:
            status, code, text = ml.refusal(method, path, {})
            assert (status, code) == (400, "FAILED_PRECONDITION")
            assert "CREATING" in text
        status, code, text = ml.refusal("POST", "models/churn:predict", {"instances": []})
        assert (status, code) == (400, "FAILED_PRECONDITION")
        assert "no default version" in text
        assert ml.call("POST", f"/v1/{begun['name']}:cancel") == (200, {})
    finally:
        gate.set()
    ended = ml.wait(begun)
    assert ended["error"]["code"] == 1
    assert ended["metadata"]["isCancellationRequested"] is True
    assert ml.done("GET", "models/churn/versions/v1")["state"] == "FAILED"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"instances": [["a"]]}, "Prediction failed: Exception during sklearn prediction: "),
        ({"instances": [[1.0, 2.0]]}, "Prediction failed: Exception during sklearn prediction: "),
        ({"instances": [[1.0]], "parameters": {}}, "unexpected keyword argument 'parameters'"),
        ({"rows": []}, "Required field 'instances' missing in prediction server request: "),
        ([1], "Invalid request sent to prediction server: [1]"),
        ({"instances": 3}, "Invalid request sent to prediction server: "),
    ],
)
def test_what_the_model_refuses_is_a_bare_string(ml, body, text):
    ml.create("v1")
    status, answer = ml.call("POST", "models/churn:predict", body)
    assert status == 400
    assert isinstance(answer["error"], str)
    assert text in answer["error"]


def test_a_signature_name_is_not_for_the_model(ml):
    ml.create("v1")
    body = {"instances": [[3.0]], "signature_name": "predict"}
    assert ml.done("POST", "models/churn:predict", body) == {"predictions": ["yes"]}


def test_a_request_of_more_than_one_and_a_half_mebibytes_is_refused(ml):
    ml.create("v1")
    answer = ml.http.post(f"{ml.url}/v1/{HERE}/models/churn:predict", data=b"[" * 1572865)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        "Request payload size exceeds the limit: 1572864 bytes."
    )


@pytest.mark.parametrize("path", ["models/churn", "models/churn/versions/v1"])
@pytest.mark.parametrize("mask", ["", "name", "description,etag"])
def test_only_some_fields_can_be_patched(ml, path, mask):
    ml.create("v1")
    status, code, text = ml.refusal("PATCH", path, {"description": "x"}, updateMask=mask)
    assert (status, code) == (400, "INVALID_ARGUMENT")
    assert "update_mask" in text


@pytest.mark.parametrize("path", ["models/churn", "models/churn/versions/v1"])
def test_a_stale_etag_refuses_the_patch(ml, path):
    ml.create("v1")
    body = {"description": "x", "etag": "AAAAAAAAAAA="}
    status, code, _ = ml.refusal("PATCH", path, body, updateMask="description")
    assert (status, code) == (409, "ABORTED")


@pytest.mark.parametrize(
    "query", [{"filter": "state=READY"}, {"pageSize": "-1"}, {"pageToken": "!"}]
)
def test_bad_list_parameters_are_refused(ml, query):
    status, code, _ = ml.refusal("GET", "models", **query)
    assert (status, code) == (400, "INVALID_ARGUMENT")


def test_a_project_has_at_most_so_many_models(ml, monkeypatch):
    from gcp_deploy.emulator.ml import model_methods

    monkeypatch.setattr(model_methods, "MOST_MODELS", 1)
    status, code, text = ml.refusal("POST", "models", {"name": "next"})
    assert (status, code) == (429, "RESOURCE_EXHAUSTED")
    assert "Exceeded the max allowed number of models per project: 1." in text
