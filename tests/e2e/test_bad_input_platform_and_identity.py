"""Bad input of the command line: who asks, what may be done, and what the platform refuses."""

import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.request import Request, urlopen

import pytest

from tests.e2e.conftest import CommandLine, Done, through
from tests.e2e.proxy import Proxy

PROJECT = "v1/projects/local-project"
REGION = f"{PROJECT}/locations/us-central1"
CLOUD = {
    "GCP_DEPLOY_PLATFORM": "aiplatform",
    "GCP_DEPLOY_PROJECT": "my-project",
    "GCP_DEPLOY_REGION": "europe-west4",
    "GCP_DEPLOY_BUCKET": "my-models",
}
ROWS = "[[1.0]]"


def refused(line: CommandLine, *words: str, code: int, told: str) -> Done:
    """Run a command that must end with *code* and one error that says *told*."""
    done = line(*words, code=code)
    first = done.err.partition("error: ")[2]
    assert told in first, done.err
    assert "internal error" not in first
    assert "Traceback" not in done.err
    assert done.out == ""
    return done


class Answering:
    """A server on loopback that gives one answer to everything, and remembers what was asked."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.asked: list[str] = []
        outer, content = self, json.dumps(body).encode()

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                outer.asked.append(f"{self.command} {self.path}")
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_CONNECT = answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def outside() -> Iterator[Answering]:
    """Stands for the whole internet, by way of HTTPS_PROXY: it must not be asked."""
    with Answering(502, {}) as server:
        yield server


@pytest.fixture
def cloud(tmp_path: Path, outside: Answering) -> CommandLine:
    """A command line with a target in the cloud, an empty home, and no way out."""
    (tmp_path / "rows.json").write_text(ROWS)
    return CommandLine(tmp_path, {**CLOUD, "HTTPS_PROXY": outside.url})


COMMANDS = ["deploy ONE -m m", "plan ONE -m m", "status -m m", "promote 1 -m m", "rollback -m m"]
COMMANDS += ["predict -m m --instances rows.json"]


def words_of(command: str, tiny: Path) -> list[str]:
    return [str(tiny / "one.joblib") if one == "ONE" else one for one in command.split()]


@pytest.mark.parametrize("command", COMMANDS)
def test_without_credentials_a_cloud_target_ends_with_5(cloud, outside, tiny, command):
    done = refused(cloud, *words_of(command, tiny), code=5, told="no credentials")
    assert "hint: gcloud auth application-default login" in done.err
    assert outside.asked == []


def key_file(token_uri: str) -> str:
    """Return a service account's key, which is nobody's, whose tokens come from *token_uri*."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    content = {
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "1",
        "private_key": private.decode(),
        "client_email": "deployer@my-project.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{token_uri}/token",
    }
    return json.dumps(content)


@pytest.mark.parametrize("command", ["status -m m", "predict -m m --instances rows.json"])
def test_expired_credentials_end_with_5_and_say_how_to_log_in(cloud, outside, tiny, command):
    said = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    with Answering(400, said) as accounts:
        (cloud.folder / "key.json").write_text(key_file(accounts.url))
        cloud.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(cloud.folder / "key.json")
        told = "credentials expired or withdrawn"
        done = refused(cloud, *words_of(command, tiny), code=5, told=told)
        assert accounts.asked
        assert set(accounts.asked) == {"POST /token"}
    assert "hint: gcloud auth application-default login" in done.err
    assert "PRIVATE KEY" not in done.err
    assert outside.asked == []


@pytest.mark.parametrize("content", ["{}", "no json", '{"type": "service_account"}'])
def test_a_broken_key_file_ends_with_5(cloud, outside, content):
    (cloud.folder / "key.json").write_text(content)
    cloud.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(cloud.folder / "key.json")
    refused(cloud, "status", "-m", "m", code=5, told="key.json")
    assert outside.asked == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_legacy_service_at_google_is_refused_in_one_sentence(cloud, outside, tiny, command):
    cloud.environ["GCP_DEPLOY_PLATFORM"] = "ml-engine"
    told = "Google switched AI Platform Prediction (ml.googleapis.com) off on 2025-01-31"
    done = refused(cloud, *words_of(command, tiny), code=2, told=told)
    assert 'hint: use platform = "aiplatform"' in done.err
    assert outside.asked == []


@pytest.fixture
def line(served: CommandLine, proxy: Proxy, tmp_path: Path) -> CommandLine:
    """A command line that reaches the platform through the proxy alone."""
    return through(served, proxy, tmp_path)


def denied(permission: str, resource: str, service: str) -> bytes:
    """Return Google's words for a permission that is missing."""
    message = f"Permission '{permission}' denied on resource '{resource}' (or it may not exist)."
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "IAM_PERMISSION_DENIED",
        "domain": service,
        "metadata": {"permission": permission, "resource": resource},
    }
    if service.startswith("storage"):
        message = (
            "deployer@my-project.iam.gserviceaccount.com does not have "
            f"{permission} access to the Google Cloud Storage object. {message}"
        )
        errors = [{"message": message, "domain": "global", "reason": "forbidden"}]
        return json.dumps({"error": {"code": 403, "message": message, "errors": errors}}).encode()
    error = {"code": 403, "message": message, "status": "PERMISSION_DENIED", "details": [info]}
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("POST /upload/storage/", ("storage.objects.create", "roles/storage.objectUser")),
        ("GET /storage/v1/b/local-models/o", ("storage.objects.list", "roles/storage.object")),
        ("POST /v1/.*models:upload", ("aiplatform.models.upload", "roles/aiplatform.user")),
        ("POST /v1/.*:deployModel", ("aiplatform.endpoints.deploy", "roles/aiplatform.user")),
    ],
)
def test_a_missing_permission_is_named_with_a_role_that_has_it(line, proxy, tiny, call, wanted):
    permission, role = wanted
    service = f"{permission.partition('.')[0]}.googleapis.com"

    def deny(_number: int, asked: str, where: str) -> Any:
        if re.match(call, f"{asked} {where}"):
            body = denied(permission, "//somewhere/projects/1", service)
            return 403, {"Content-Type": "application/json"}, body
        return None

    proxy.before = deny
    model = f"denied-{permission.replace('.', '-').lower()}"
    words = ["deploy", str(tiny / "one.joblib"), "-m", model, "--platform", "aiplatform"]
    done = refused(line, *words, code=5, told=f"permission {permission} is missing")
    assert f"--role={role}" in done.err
    proxy.before = lambda *_: None
    assert line(*words, "-o", "json").json["default"], "the same command goes on once it may"


def test_a_predict_that_is_denied_names_the_permission(line, proxy, tiny):
    line.environ["GCP_DEPLOY_DEDICATED"] = (
        "false"  # the endpoint's own host is not behind the proxy
    )
    words = ["-m", "asked", "--platform", "aiplatform"]
    line("deploy", str(tiny / "one.joblib"), *words, "-q")
    (line.folder / "rows.json").write_text(ROWS)
    body = denied("aiplatform.endpoints.predict", "//x/endpoints/asked", "aiplatform")
    json_type = {"Content-Type": "application/json"}
    proxy.before = lambda _, method, __: (403, json_type, body) if method == "POST" else None
    told = "aiplatform.endpoints.predict"
    refused(line, "predict", "--instances", "rows.json", *words, code=5, told=told)


class Api:
    """The platform as somebody else uses it, who knows nothing of us."""

    def __init__(self, served: CommandLine) -> None:
        self.urls = served("local", "status", "-o", "json").json["urls"]

    def call(self, method: str, path: str, body: Any = None, service: str = "aiplatform") -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body else None
        request = Request(
            f"{self.urls[service]}/{path}",
            data,
            {"Content-Type": "application/json"},
            method=method,
        )
        with urlopen(request) as answer:
            return json.load(answer)

    def done(self, operation: Any, service: str = "aiplatform") -> Any:
        """Wait for an operation and return how it ended."""
        for _ in range(1000):
            found = self.call("GET", f"v1/{operation['name']}", service=service)
            if found.get("done"):
                return found
            time.sleep(0.01)
        raise AssertionError(operation)

    def put(self, folder: str, content: bytes) -> str:
        path = f"upload/storage/v1/b/local-models/o?uploadType=media&name={folder}/model.joblib"
        self.call("POST", path, content, "storage")
        return f"gs://local-models/{folder}"

    def upload(self, model: str, uri: str, *, parent: str = "") -> None:
        """Register a version of *model* as somebody else would."""
        body: dict[str, Any] = {
            "model": {
                "displayName": model,
                "artifactUri": uri,
                "containerSpec": {"imageUri": "us-docker.pkg.dev/my-project/serving/sklearn:1"},
            }
        }
        body |= {"parentModel": parent} if parent else {"modelId": model}
        assert "response" in self.done(self.call("POST", f"{REGION}/models:upload", body))


@pytest.fixture(scope="module")
def api(served: CommandLine) -> Api:
    return Api(served)


def test_a_version_that_somebody_else_registered_is_promoted_only_for_a_reason(served, api, tiny):
    served("deploy", str(tiny / "one.joblib"), "-m", "strange", "-q")
    uri = api.put("strange", (tiny / "two.joblib").read_bytes())
    parent = f"{REGION.removeprefix('v1/')}/models/strange"
    api.upload("strange", uri, parent=parent)
    words = ["promote", "2", "-m", "strange"]
    done = refused(served, *words, code=4, told="strange@2 was never verified")
    assert "--because" in done.err
    assert served("status", "-m", "strange", "-o", "json").json["default"] == "1"
    moved = served(*words, "--because", "looked at by hand", "-o", "json").json
    assert (moved["version"], moved["previous"]) == ("2", "1")
    assert "looked at by hand" in served("history", "-m", "strange").out


def test_the_same_over_the_legacy_protocol(served, api, tiny):
    words = ["-m", "strange_ml", "--protocol", "ml-engine"]
    first = served("deploy", str(tiny / "one.joblib"), *words, "-o", "json").json["version"]
    body = {
        "name": "by_hand",
        "deploymentUri": api.put("by_hand", (tiny / "two.joblib").read_bytes()),
        "runtimeVersion": "2.11",
        "pythonVersion": "3.7",
        "framework": "SCIKIT_LEARN",
        "machineType": "n1-standard-2",
    }
    made = api.call("POST", f"{PROJECT}/models/strange_ml/versions", body, "ml")
    assert "response" in api.done(made, "ml")
    refused(served, "promote", "by_hand", *words, code=4, told="by_hand was never verified")
    moved = served("promote", "by_hand", *words, "--because", "looked at", "-o", "json").json
    assert (moved["version"], moved["previous"]) == ("by_hand", first)


def test_a_model_that_fails_on_the_server_ends_with_its_words_and_the_next_step(served, api):
    (served.folder / "rows.json").write_text(ROWS)
    api.upload("broken", api.put("broken", b"rubbish"))
    operation = api.call("POST", f"{REGION}/endpoints?endpointId=broken", {"displayName": "broken"})
    api.done(operation)
    asked = ["predict", "-m", "broken", "--instances", "rows.json"]
    done = refused(served, *asked, code=2, told="the endpoint has no traffic")
    assert "hint: gcp-deploy promote VERSION" in done.err

    words = ["promote", "1", "-m", "broken", "--because", "try"]
    done = refused(served, *words, code=8, told="model server never became ready")
    assert "the artifact cannot be loaded" in done.err
    assert "hint: " in done.err
    status = served("status", "-m", "broken", "-o", "json").json
    assert status["default"] in {None, ""}
    refused(served, "rollback", "-m", "broken", code=7, told="no earlier default to go back to")


def test_an_operation_that_failed_is_told_when_it_is_waited_for(served, api):
    api.upload("failing", api.put("failing", b"rubbish"))
    made = api.call("POST", f"{REGION}/endpoints?endpointId=failing", {"displayName": "failing"})
    api.done(made)
    model = f"{REGION.removeprefix('v1/')}/models/failing@1"
    body = {
        "deployedModel": {
            "model": model,
            "dedicatedResources": {
                "machineSpec": {"machineType": "n1-standard-2"},
                "minReplicaCount": 1,
            },
        },
        "trafficSplit": {"0": 100},
    }
    operation = api.call("POST", f"{REGION}/endpoints/failing:deployModel", body)
    words = ["operations", "wait", operation["name"]]
    done = refused(served, *words, code=8, told="model server never became ready")
    assert "hint: " in done.err


def test_an_artifact_that_fails_beside_a_default_leaves_it_serving(served, api, tiny):
    served("deploy", str(tiny / "one.joblib"), "-m", "beside", "-q")
    parent = f"{REGION.removeprefix('v1/')}/models/beside"
    api.upload("beside", api.put("beside", b"rubbish"), parent=parent)
    words = ["promote", "2", "-m", "beside", "--because", "try"]
    refused(served, *words, code=8, told="model server never became ready")
    status = served("status", "-m", "beside", "-o", "json").json
    assert (status["default"], status["differences"]) == ("1", [])
    (served.folder / "rows.json").write_text(ROWS)
    answer = served("predict", "-m", "beside", "--instances", "rows.json", "-o", "json").json
    assert (answer["version"], answer["predictions"]) == ("1", ["one"])


def test_a_bucket_of_another_project_is_refused_with_the_permission(line, proxy, tiny):
    body = denied("storage.objects.list", "projects/_/buckets/local-models", "storage")

    def deny(_number: int, _method: str, where: str) -> Any:
        storage = where.startswith(("/storage/", "/upload/storage/"))
        return (403, {"Content-Type": "application/json"}, body) if storage else None

    proxy.before = deny
    words = ["deploy", str(tiny / "one.joblib"), "-m", "foreign", "--platform", "aiplatform"]
    done = refused(line, *words, code=5, told="permission storage.objects.list is missing")
    assert "local-models" in done.err
    assert proxy.writes == []
