"""The way to Google's own hosts, with a token from a faked token service."""

import json
import re

import pytest

from gcp_deploy.domain.names import Digest
from gcp_deploy.domain.release import Endpoint, Recipe, Runtime, RuntimeKind, VersionSpec
from gcp_deploy.errors import PermissionDenied, TemporaryError, Unauthenticated, UsageError

TOKENS = "https://oauth2.googleapis.com/token"
API = "https://us-central1-aiplatform.googleapis.com/v1"
PLACE = "projects/demo-project/locations/us-central1"
ROBOT = "robot@demo-project.iam.gserviceaccount.com"
IMPERSONATION = re.compile(r"https://iamcredentials\.googleapis\.com/.*:generateAccessToken")
SPEC = VersionSpec(
    "churn",
    "gs://b/a/",
    Digest("ab" * 32),
    Recipe(Runtime(RuntimeKind.SERVING_IMAGE, "image:1"), "n1-standard-2"),
)
HOST = "https://1.us-central1-2.prediction.vertexai.goog"


@pytest.fixture
def cloud(no_credentials, monkeypatch, tmp_path, ports):
    """Ports at Google's own addresses, for somebody who is logged in."""
    file = tmp_path / "adc.json"
    words = {"client_id": "i", "client_secret": "s", "refresh_token": "REFRESH-SECRET"}
    file.write_text(json.dumps({"type": "authorized_user", **words}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-project")
    return lambda **options: ports(**{"storage_url": "", "aiplatform_url": "", **options})


@pytest.fixture
def token(http):
    http.post(TOKENS, json={"access_token": "T", "expires_in": 3600})


def sent(http, url):
    return [
        call.request.headers.get("Authorization")
        for call in http.calls
        if call.request.url.startswith(url)
    ]


def test_storage_api_and_dedicated_host_get_the_token(http, cloud, token):
    http.get("https://storage.googleapis.com/storage/v1/b/demo-bucket/o", json={})
    http.get(f"{API}/{PLACE}/models", json={})
    http.post(f"{HOST}/v1/{PLACE}/endpoints/churn:predict", json={"predictions": [1]})
    platform = cloud()
    platform.store.names("log/")
    platform.registry.models()
    platform.predictor.predict(Endpoint(f"{PLACE}/endpoints/churn", host=HOST), "churn", [[1]])
    for url in ("https://storage.", "https://us-central1-aiplatform.", HOST):
        assert sent(http, url) == ["Bearer T"]


def test_a_dedicated_host_that_is_not_google_s_gets_nothing(http, cloud, token):
    endpoint = Endpoint(f"{PLACE}/endpoints/churn", host="https://evil.example")
    with pytest.raises(UsageError, match=r"nothing is sent to evil\.example"):
        cloud().predictor.predict(endpoint, "churn", [[1]])
    assert sent(http, "https://evil.example") == []


def test_storage_on_loopback_gets_no_token_while_the_api_does(http, cloud, token):
    http.get("http://127.0.0.1:9999/storage/v1/b/demo-bucket/o", json={})
    http.get(f"{API}/{PLACE}/models", json={})
    platform = cloud(storage_url="http://127.0.0.1:9999")
    platform.store.names("log/")
    platform.registry.models()
    assert sent(http, "http://127.0.0.1:9999") == [None]
    assert sent(http, API) == ["Bearer T"]


def test_uploads_are_kept_two_seconds_apart(http, cloud, token, clock):
    http.post(f"{API}/{PLACE}/models:upload", json={"name": "o"})
    registry = cloud().registry
    registry.register(SPEC, new_model=True)
    registry.register(SPEC, new_model=True)
    assert clock.slept == [2.0]


def test_a_login_that_expired_is_told_with_the_command_to_renew_it(http, cloud):
    refusal = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    http.post(TOKENS, json=refusal, status=400)
    with pytest.raises(Unauthenticated, match="expired") as caught:
        cloud().registry.models()
    assert caught.value.hint == "gcloud auth application-default login"
    assert "SECRET" not in caught.value.message


def test_a_token_service_that_is_down_is_tried_again_and_then_told(http, cloud, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)  # google-auth waits by itself in between
    http.post(TOKENS, json={"error": "internal_failure"}, status=503)
    with pytest.raises(TemporaryError, match="no access token"):
        cloud().registry.models()


def test_another_account_is_impersonated(http, cloud, token):
    http.post(IMPERSONATION, json={"accessToken": "ROBOT-T", "expireTime": "2999-01-01T00:00:00Z"})
    http.get(f"{API}/{PLACE}/models", json={})
    platform = cloud(impersonate=ROBOT)
    platform.registry.models()
    assert platform.account == ROBOT
    assert sent(http, API) == ["Bearer ROBOT-T"]


def test_an_account_that_may_not_be_impersonated_is_told_with_the_role(http, cloud, token):
    refusal = {
        "error": {"code": 403, "message": "Permission denied", "status": "PERMISSION_DENIED"}
    }
    http.post(IMPERSONATION, json=refusal, status=403)
    with pytest.raises(PermissionDenied, match=r"iam\.serviceAccounts\.getAccessToken") as caught:
        cloud(impersonate=ROBOT).registry.models()
    assert "roles/iam.serviceAccountTokenCreator" in caught.value.hint
