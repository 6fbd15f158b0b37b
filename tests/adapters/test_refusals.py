import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp_deploy import errors
from gcp_deploy.adapters.answers import refused
from gcp_deploy.adapters.calls import Call, NotBegun
from gcp_deploy.adapters.refusals import read

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CALL = Call("model churn", "aiplatform.models.upload")
ROWS = Call("model churn", "aiplatform.endpoints.predict", instances=True)


def envelope(code, status, message, **more):
    return json.dumps(
        {"error": {"code": code, "message": message, "status": status, **more}}
    ).encode()


def told(status, body, headers=None, call=CALL):
    return refused(read(status, headers or {}, body, now=NOW), call)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, envelope(401, "UNAUTHENTICATED", "expired"), errors.Unauthenticated, "expired"),
        (404, envelope(404, "NOT_FOUND", "nope"), errors.NotFound, "does not exist"),
        (409, envelope(409, "ALREADY_EXISTS", "same name"), errors.Conflict, "same name"),
        (409, envelope(409, "ABORTED", "concurrent"), errors.Conflict, "concurrent"),
        (412, envelope(412, "", "pre-conditions"), errors.Conflict, "pre-conditions"),
        (400, envelope(400, "INVALID_ARGUMENT", "bad name"), errors.UsageError, "bad name"),
        (
            400,
            envelope(400, "FAILED_PRECONDITION", "is deployed at"),
            errors.DeployFailed,
            "is deployed at",
        ),
        (
            400,
            envelope(400, "FAILED_PRECONDITION", "There are other operations running on it"),
            errors.Conflict,
            "other operations running",
        ),
        (408, b"", errors.TemporaryError, "HTTP 408"),
        (500, envelope(500, "INTERNAL", "oops"), errors.TemporaryError, "oops"),
        (502, b"<html><h1>Bad Gateway</h1></html>", errors.TemporaryError, "Bad Gateway"),
        (503, b'{"error": {"code": 503, "mess', errors.TemporaryError, "HTTP 503"),
        (504, b"", errors.TemporaryError, "nothing"),
        (302, b"", errors.UsageError, "redirect"),
        (429, envelope(429, "RESOURCE_EXHAUSTED", "slow down"), NotBegun, "slow down"),
        (
            429,
            envelope(429, "RESOURCE_EXHAUSTED", "Exceeded the max allowed number of models: 100."),
            errors.DeployFailed,
            "max allowed number",
        ),
        (
            403,
            envelope(403, "", "quota", errors=[{"reason": "rateLimitExceeded"}]),
            NotBegun,
            "quota",
        ),
    ],
)
def test_each_refusal_has_its_error(status, body, error, words):
    found = told(status, body)
    assert type(found) is error
    assert words in found.message
    assert "model churn" in found.message


def test_a_missing_permission_is_named_with_its_role_by_the_message():
    message = (
        "Permission 'aiplatform.endpoints.deploy' denied on resource "
        "'//aiplatform.googleapis.com/projects/p/locations/l/endpoints/e' (or it may not exist)."
    )
    found = told(403, envelope(403, "PERMISSION_DENIED", message))
    assert type(found) is errors.PermissionDenied
    assert "permission aiplatform.endpoints.deploy is missing" in found.message
    assert "roles/aiplatform.user" in found.hint


def test_a_missing_permission_is_named_by_error_info():
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "IAM_PERMISSION_DENIED",
        "metadata": {"permission": "aiplatform.models.list"},
    }
    found = told(403, envelope(403, "PERMISSION_DENIED", "denied", details=[info]))
    assert "permission aiplatform.models.list is missing" in found.message
    assert "roles/aiplatform.viewer" in found.hint


def test_cloud_storage_names_the_permission_in_its_own_words():
    message = "me@example.com does not have storage.objects.create access to the object."
    found = told(403, envelope(403, "", message), call=Call("gs://b/o", "storage.objects.get"))
    assert "permission storage.objects.create is missing" in found.message
    assert "roles/storage.objectUser" in found.hint


def test_a_permission_that_is_not_named_is_the_one_that_the_call_needs():
    found = told(403, envelope(403, "PERMISSION_DENIED", "The caller does not have permission"))
    assert "permission aiplatform.models.upload is missing" in found.message


@pytest.mark.parametrize(
    ("message", "details"),
    [
        (
            "API is off",
            [{"reason": "SERVICE_DISABLED", "metadata": {"service": "aiplatform.googleapis.com"}}],
        ),
        ("Agent Platform API has not been used in project 1 before or it is disabled.", []),
    ],
)
def test_a_service_that_is_not_enabled_is_told_with_the_command_that_enables_it(message, details):
    found = told(403, envelope(403, "PERMISSION_DENIED", message, details=details))
    assert type(found) is errors.PermissionDenied
    assert found.hint == "gcloud services enable aiplatform.googleapis.com"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Wed, 25 Nov 2026 12:01:30 GMT", 90.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-3", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header, seconds):
    found = told(503, b"", {"retry-after": header})
    assert isinstance(found, errors.TemporaryError)
    assert found.retry_after == seconds


def test_retry_info_in_the_details_counts_where_there_is_no_header():
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2.5s"}
    found = told(429, envelope(429, "RESOURCE_EXHAUSTED", "slow", details=[info]))
    assert isinstance(found, errors.TemporaryError)
    assert found.retry_after == 2.5


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, b'{"error": "Prediction failed: wrong width"}', "Prediction failed: wrong width"),
        (
            400,
            envelope(400, "FAILED_PRECONDITION", '"Prediction failed: X has 2 features"\n'),
            "Prediction failed: X has 2 features",
        ),
        (413, b"", "HTTP 413"),
    ],
)
def test_a_refusal_of_rows_is_about_the_rows(status, body, words):
    found = told(status, body, call=ROWS)
    assert type(found) is errors.BadInstances
    assert found.message == f"model churn: {words}" or words in found.message


def test_an_endpoint_without_traffic_is_not_the_fault_of_the_rows():
    body = envelope(400, "FAILED_PRECONDITION", 'Endpoint misconfigured, "traffic_split" not set.')
    found = told(400, body, call=ROWS)
    assert type(found) is errors.UsageError
    assert "no traffic" in found.message
    assert "promote" in found.hint


@pytest.mark.parametrize(
    "body",
    [b"null", b"[]", b"{}", b'{"error": null}', b'{"error": 7}', b'[{"error": {"message": "m"}}]'],
)
def test_odd_bodies_are_told_and_do_not_break_the_telling(body):
    assert isinstance(told(503, body), errors.TemporaryError)


def test_a_body_nested_without_end_is_told():
    assert isinstance(told(503, b"[" * 200_000), errors.TemporaryError)


@given(st.integers(100, 599), st.binary(max_size=300), st.text(max_size=40))
def test_whatever_is_answered_becomes_one_of_our_errors_on_one_line(status, body, header):
    for call in (CALL, ROWS):
        found = told(status, body, {"Retry-After": header}, call)
        assert isinstance(found, errors.GcpDeployError)
        assert found.message.isprintable()
        assert len(found.message) < 600


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["code", "message", "status", "details", "errors", "reason", "metadata"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(400, 599), JSON)
def test_whatever_stands_under_error_becomes_one_of_our_errors(status, error):
    assert isinstance(told(status, json.dumps({"error": error}).encode()), errors.GcpDeployError)


def test_secrets_in_a_refusal_are_blotted_out():
    body = envelope(500, "INTERNAL", "at /upload?upload_id=SECRET with Bearer ya29.SECRET")
    assert "SECRET" not in told(500, body).message
