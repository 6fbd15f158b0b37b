import json

import google.auth.credentials
import google.auth.exceptions
import pytest

from gcp_deploy.adapters import identity
from gcp_deploy.adapters.answers import unauthenticated
from gcp_deploy.errors import PermissionDenied, TemporaryError, Unauthenticated, UsageError


@pytest.mark.parametrize(
    "url",
    [
        "https://storage.googleapis.com",
        "https://us-central1-aiplatform.googleapis.com/",
        "https://123.us-central1-456.prediction.vertexai.goog",
        "http://127.0.0.1:9000",
        "http://localhost:9000",
        "http://[::1]:9000/",
        "https://127.0.0.1:9000",
    ],
)
def test_google_and_loopback_are_addresses_to_speak_to(url):
    assert identity.check_address(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://storage.googleapis.com",
        "https://storage.googleapis.com.evil.example",
        "https://evilgoogleapis.com",
        "https://storage.googleapis.com@evil.example",
        "https://user:secret@storage.googleapis.com",
        "https://storage.googleapis.com:8443",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1:9000",
        "http://0.0.0.0:9000",
        "https://emulator.example",
        "127.0.0.1:9000",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "",
    ],
)
def test_nobody_else_gets_a_token(url):
    with pytest.raises(UsageError) as caught:
        identity.check_address(url)
    assert caught.value.hint


def test_no_credentials_are_told_with_the_command_to_log_in(no_credentials):
    with pytest.raises(Unauthenticated, match="no credentials") as caught:
        identity.credentials()
    assert caught.value.hint == "gcloud auth application-default login"


def test_the_credentials_of_the_machine_are_found(no_credentials, monkeypatch, tmp_path):
    login(monkeypatch, tmp_path)
    found = identity.credentials(quota_project="billed-project")
    assert identity.account(found) == ""
    assert getattr(found, "quota_project_id", "") == "billed-project"


def test_another_account_is_impersonated(no_credentials, monkeypatch, tmp_path):
    login(monkeypatch, tmp_path)
    found = identity.credentials(impersonate="robot@demo-project.iam.gserviceaccount.com")
    assert identity.account(found) == "robot@demo-project.iam.gserviceaccount.com"


def login(monkeypatch, tmp_path):
    file = tmp_path / "adc.json"
    words = {"client_id": "i", "client_secret": "s", "refresh_token": "r"}
    file.write_text(json.dumps({"type": "authorized_user", **words}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-project")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            google.auth.exceptions.RefreshError("invalid_grant: Reauthentication is needed"),
            Unauthenticated,
            "expired",
        ),
        (
            google.auth.exceptions.RefreshError(
                "Unable to acquire impersonated credentials", '{"error": {"code": 403}}'
            ),
            PermissionDenied,
            "iam.serviceAccounts.getAccessToken",
        ),
        (google.auth.exceptions.TransportError("no route"), TemporaryError, "no route"),
        (google.auth.exceptions.RefreshError("503", retryable=True), TemporaryError, "503"),
        (google.auth.exceptions.DefaultCredentialsError("none"), Unauthenticated, "none"),
    ],
)
def test_each_trouble_with_credentials_has_its_error(error, kind, words):
    found = unauthenticated(error)
    assert isinstance(found, kind)
    assert words in found.message
    assert found.hint


def test_an_account_that_is_not_told_is_empty():
    assert identity.account(identity.NoCredentials()) == ""
