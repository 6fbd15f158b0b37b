"""The whole story of a model over HTTP: upload, endpoint, deploy, predict, promote, take down."""


import joblib
from sklearn.linear_model import LogisticRegression

from gcp_deploy.emulator.platform import PROJECT, PROJECT_NUMBER

PREBUILT = "us-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-6:latest"
SERVING = "us-central1-docker.pkg.dev/p/serving/image:abc"
PLACE = f"projects/{PROJECT}/locations/us-central1"
NUMBERED = f"projects/{PROJECT_NUMBER}/locations/us-central1"


def model_bytes(tmp_path, positive):
    model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], ["no", "no", positive, positive])
    path = tmp_path / "model.joblib"
    joblib.dump(model, path)
    return path.read_bytes()


def test_from_upload_to_prediction(tmp_path, http, url, store):
    assert store("m/1/model.joblib", model_bytes(tmp_path, "yes")).status_code == 200
    answer = http.post(
        f"{url}/v1/{PLACE}/models:upload",
        json={
            "modelId": "churn",
            "model": {
                "displayName": "churn",
                "artifactUri": "gs://local-models/m/1/",
                "containerSpec": {"imageUri": PREBUILT},
            },
        },
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["response"]["modelVersionId"] == "1"
    answer = http.post(f"{url}/v1/{PLACE}/endpoints?endpointId=churn", json={"displayName": "c"})
    assert answer.status_code == 200, answer.text
    answer = http.post(
        f"{url}/v1/{PLACE}/endpoints/churn:deployModel",
        json={
            "deployedModel": {
                "model": f"{PLACE}/models/churn",
                "dedicatedResources": {"minReplicaCount": 1},
            },
            "trafficSplit": {"0": 100},
        },
    )
    assert answer.status_code == 200, answer.text
    name = answer.json()["name"]
    answer = http.post(f"{url}/v1/{name}:wait", json={"timeout": "60s"})
    assert answer.json().get("done"), answer.text
    assert "error" not in answer.json(), answer.text
    answer = http.post(
        f"{url}/v1/{PLACE}/endpoints/churn:predict", json={"instances": [[0.0], [3.0]]}
    )
    assert answer.json()["predictions"] == ["no", "yes"], answer.text
