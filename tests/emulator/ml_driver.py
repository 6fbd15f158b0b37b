"""Drives ml v1 over loopback, as a client without any library would."""

import functools
import io
from dataclasses import dataclass
from typing import Any

import requests

from gcp_deploy.emulator.platform import PROJECT, Platform

HERE = f"projects/{PROJECT}"
DIRECTORY = "gs://local-models/churn/a"


def dumped(value: Any) -> bytes:
    """Return a joblib file."""
    import joblib

    file = io.BytesIO()
    joblib.dump(value, file)
    return file.getvalue()


@functools.cache
def classifier(high: str = "yes") -> bytes:
    """Return a joblib file: ``no`` below 1.5, *high* above."""
    from sklearn.linear_model import LogisticRegression

    rows = [[0.0], [1.0], [2.0], [3.0]]
    return dumped(LogisticRegression().fit(rows, ["no", "no", high, high]))


@dataclass
class Driver:
    """Short words for what the tests do over and over."""

    http: requests.Session
    platform: Platform

    @property
    def url(self) -> str:
        return self.platform.urls["ml"]

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """Send a request to a path below the project, and return status and JSON."""
        where = path if path.startswith("/") else f"/v1/{HERE}/{path}"
        answer = self.http.request(method, f"{self.url}{where}", json=body, params=query)
        return answer.status_code, answer.json()

    def refusal(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[Any, ...]:
        """Send a request that is refused, and return status, canonical code and message."""
        status, answer = self.call(method, path, body, **query)
        error = answer["error"]
        assert error["code"] == status
        return status, error["status"], error["message"]

    def done(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send a request that works; wait for its operation if it is one; return the result."""
        status, answer = self.call(method, path, body, **query)
        assert status == 200, answer
        if "/operations/" not in answer.get("name", ""):
            return answer
        operation = self.wait(answer)
        assert "error" not in operation, operation
        return operation["response"]

    def wait(self, operation: Any) -> Any:
        """Return the operation when it is done."""
        self.platform.operations.wait(operation["name"].rpartition("/")[2], 60)
        status, answer = self.call("GET", f"/v1/{operation['name']}")
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

    def begin(self, version: str, *, model: str = "churn", **fields: Any) -> tuple[int, Any]:
        """Ask for a version, without waiting for it."""
        body = {
            "name": version,
            "deploymentUri": DIRECTORY,
            "runtimeVersion": "2.11",
            "pythonVersion": "3.7",
            "framework": "SCIKIT_LEARN",
            **fields,
        }
        body = {name: value for name, value in body.items() if value is not None}
        return self.call("POST", f"models/{model}/versions", body)

    def create(self, version: str, *, high: str = "yes", **fields: Any) -> Any:
        """Create a version that answers *high* for large numbers, and return it."""
        self.store(f"churn/{high}/model.joblib", classifier(high))
        fields = {"deploymentUri": f"gs://local-models/churn/{high}", **fields}
        status, answer = self.begin(version, **fields)
        assert status == 200, answer
        operation = self.wait(answer)
        assert "error" not in operation, operation
        return operation["response"]

    def failing(self, version: str, content: bytes, **fields: Any) -> Any:
        """Create a version of an artifact that does not load, and return the error."""
        self.store(f"churn/{version}/model.joblib", content)
        status, answer = self.begin(
            version, **{"deploymentUri": f"gs://local-models/churn/{version}/", **fields}
        )
        assert status == 200, answer
        return self.wait(answer)["error"]
