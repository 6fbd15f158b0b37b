import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp_deploy.adapters.roles import role_for
from gcp_deploy.domain.cleaning import LONGEST, clean, glimpse


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('"Prediction failed: bad row"\n', "Prediction failed: bad row"),
        ("two\nlines\tand\x00nul", "two lines and nul"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("right\u202eleft", "right left"),
        ('say "no"', 'say "no"'),
        ('"half', '"half'),
        ("Bearer ya29.secret-token_1 is bad", "Bearer [hidden] is bad"),
        ("PUT /upload?upload_id=ABC123&x=1", "PUT /upload?upload_id=[hidden]&x=1"),
        ("token eyJhbGciOiJSUzI1NiJ9.payload.sig", "token [hidden]"),
        ("", ""),
    ],
)
def test_a_server_s_words_become_one_printable_line_without_secrets(text, shown):
    assert clean(text) == shown


def test_long_words_are_cut():
    assert clean("x" * 1_000_000, longest=10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"<html><head><title>x</title></head><h1>Bad Gateway</h1></html>", "Bad Gateway"),
        (b"upstream gone", "upstream gone"),
        (b"", "nothing"),
        (b"\xff\xfe\x00", "\ufffd\ufffd"),
    ],
)
def test_a_body_that_is_no_json_is_shown_by_its_first_words(body, shown):
    assert glimpse(body) == shown


@pytest.mark.parametrize(
    ("permission", "role"),
    [
        ("aiplatform.models.upload", "roles/aiplatform.user"),
        ("aiplatform.models.list", "roles/aiplatform.viewer"),
        ("storage.objects.get", "roles/storage.objectViewer"),
        ("ml.versions.create", "roles/ml.developer"),
        ("iam.serviceAccounts.getAccessToken", "roles/iam.serviceAccountTokenCreator"),
        ("run.jobs.run", ""),
    ],
)
def test_the_narrowest_predefined_role_is_named(permission, role):
    assert role_for(permission) == role


@given(st.text())
def test_whatever_is_cleaned_is_one_printable_line(text):
    found = clean(text)
    assert found.isprintable()
    assert len(found) <= LONGEST


@given(st.binary())
def test_a_glimpse_of_anything_is_short_and_printable(body):
    assert glimpse(body).isprintable()
    assert 0 < len(glimpse(body)) <= 80


def test_the_container_s_own_error_is_unwrapped():
    assert clean('{"error": "row 0: missing column \'age\'"}') == "row 0: missing column 'age'"
    assert clean('{"other": 1}') == '{"other": 1}'
