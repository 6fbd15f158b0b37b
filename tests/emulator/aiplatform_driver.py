"""Drives aiplatform v1 over loopback, as a client without any library would."""

import functools
import io
from dataclasses import dataclass
from typing import Any

import requests

from gcp_deploy.emulator.platform import PROJECT, PROJECT_NUMBER

PREBUILT = "us-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-6:latest"
SERVING = "us-central1-docker.pkg.dev/p/serving/image:abc"
PLACE = f"projects/{PROJECT}/locations/us-central1"
NUMBERED = f"projects/{PROJECT_NUMBER}/locations/us-central1"
RESOURCES = {"dedicatedResources": {"minReplicaCount": 1}}


@functools.cache
def classifier(high: str = "yes") -> bytes:
    """Return a joblib file: ``no`` below 1.5, *high* above."""
    import joblib
    from sklearn.linear_model import LogisticRegression

    file = io.BytesIO()
    rows = [[0.0], [1.0], [2.0], [3.0]]
    joblib.dump(LogisticRegression().fit(rows, ["no", "no", high, high]), file)
    return file.getvalue()


@dataclass
class Driver:
    """Short words for what the tests do over and over."""

    http: requests.Session
    url: str

    def call(
        self, method: str, path: str, body: Any = None, *, dedicated: bool = False, **query: Any
    ) -> tuple[int, Any]:
        """Send a request to a path below ``/v1/PLACE``, and return status and JSON."""
        base = self.url.replace("127.0.0.1", "localhost") if dedicated else self.url
        where = path if path.startswith("/") else f"/v1/{PLACE}/{path}"
        answer = self.http.request(method, f"{base}{where}", json=body, params=query)
        return answer.status_code, answer.json()

    def done(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Send a request that works, wait for its operation if it is one, return the result."""
        status, answer = self.call(method, path, body, **dict[str, Any](query))
        assert status == 200, answer
        if "/operations/" not in answer.get("name", ""):
            return answer
        operation = self.wait(answer)
        assert "error" not in operation, operation
        return operation["response"]

    def wait(self, operation: Any) -> Any:
        """Return the operation when it is done."""
        status, answer = self.call("POST", f"/v1/{operation['name']}:wait", {"timeout": "60s"})
        assert status == 200, answer
        assert answer["done"] is True, answer
        return answer

    def store(self, name: str, content: bytes) -> None:
        """Put an object into the bucket."""
        self.http.post(
            f"{self.url}/upload/storage/v1/b/local-models/o",
            params={"uploadType": "media", "name": name},
            data=content,
        ).raise_for_status()

    def upload(self, model: str, *, into: bool = False, high: str = "yes", **fields: Any) -> Any:
        """Upload a version: a new model of that id, or *into* the one that is there."""
        self.store(f"{model}/{high}/model.joblib", classifier(high))
        spec = fields.pop("containerSpec", {"imageUri": PREBUILT})
        resource = {
            "displayName": model,
            "artifactUri": f"gs://local-models/{model}/{high}",
            "containerSpec": spec,
            **fields,
        }
        body: dict[str, Any] = {"model": resource}
        body |= {"parentModel": f"{PLACE}/models/{model}"} if into else {"modelId": model}
        return self.done("POST", "models:upload", body)

    def endpoint(self, endpoint: str, **fields: Any) -> Any:
        """Create an endpoint."""
        return self.done(
            "POST", "endpoints", {"displayName": endpoint, **fields}, endpointId=endpoint
        )

    def deploy(self, endpoint: str, model: str, split: Any = None, **fields: Any) -> str:
        """Deploy a version and return the id of the deployed model."""
        deployed = {"model": f"{PLACE}/models/{model}", **RESOURCES, **fields}
        body = {"deployedModel": deployed, "trafficSplit": split or {}}
        answer = self.done("POST", f"endpoints/{endpoint}:deployModel", body)
        return str(answer["deployedModel"]["id"])

    def predict(self, endpoint: str, rows: Any = (3.0,), **how: Any) -> tuple[int, Any]:
        """Ask an endpoint for rows of one number each."""
        body = {"instances": [[row] for row in rows]}
        return self.call("POST", f"endpoints/{endpoint}:predict", body, **how)
