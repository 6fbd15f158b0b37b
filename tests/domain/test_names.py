import pytest

from gcp_deploy.domain import names
from gcp_deploy.domain.names import AIPLATFORM, ML_ENGINE, Digest, GsUri, Layout
from gcp_deploy.errors import BadName


@pytest.mark.parametrize("name", ["a", "churn", "churn_2", "a-b", "a" * 63])
def test_model_names_of_aiplatform(name):
    assert names.check_model(name, AIPLATFORM) == name


@pytest.mark.parametrize(
    "name", ["", "Churn", "1a", "-a", "_a", "a-", "a_", "a b", "a.b", "ä", "a" * 64, "a\n"]
)
def test_what_is_no_model_name_on_aiplatform(name):
    with pytest.raises(BadName, match="not a model name on aiplatform") as caught:
        names.check_model(name, AIPLATFORM)
    assert repr(name) in caught.value.message


@pytest.mark.parametrize("name", ["a", "Churn_2", "A" * 128])
def test_model_names_of_ml_engine(name):
    assert names.check_model(name, ML_ENGINE) == name


@pytest.mark.parametrize("name", ["", "_a", "1a", "a-b", "a" * 129, "a\n"])
def test_what_is_no_model_name_on_ml_engine(name):
    with pytest.raises(BadName):
        names.check_model(name, ML_ENGINE)


@pytest.mark.parametrize("name", ["1", "42", "default", "my-alias"])
def test_versions_and_aliases_of_aiplatform(name):
    assert names.check_version(name, AIPLATFORM) == name


@pytest.mark.parametrize("name", ["0", "-1", "v", "V2", "a_b", "1.5", ""])
def test_what_is_no_version_of_aiplatform(name):
    with pytest.raises(BadName):
        names.check_version(name, AIPLATFORM)


@pytest.mark.parametrize(
    "name", ["ab", "A_b", "-abc", "abc-", "goog-x", "my-google-x", "1.2.3.4", "a" * 64, "a..b", ""]
)
def test_what_is_no_bucket_name(name):
    with pytest.raises(BadName, match="not a bucket name"):
        names.check_bucket(name)


@pytest.mark.parametrize("name", ["abc", "gs://abc/", "a.b.c", "0-9_z"])
def test_bucket_names(name):
    assert names.check_bucket(name) == name.removeprefix("gs://").rstrip("/")


@pytest.mark.parametrize("name", ["short", "Upper-case", "1leading", "trailing-", "x" * 31, ""])
def test_what_is_no_project(name):
    with pytest.raises(BadName):
        names.check_project(name)


@pytest.mark.parametrize("name", ["my-project", "example.com:my-project", "123456789012"])
def test_projects(name):
    assert names.check_project(name) == name


@pytest.mark.parametrize(
    ("stem", "model"),
    [
        ("Churn Model-v2", "churn_model_v2"),
        ("2024", "model_2024"),
        ("...", "model"),
        ("x" * 80, "x" * 63),
        ("ünïcode", "n_code"),
    ],
)
def test_a_model_is_named_after_its_file(stem, model):
    assert names.model_from_file(stem, AIPLATFORM) == model


@pytest.mark.parametrize(
    ("key", "value"), [("", "x"), ("Upper", "x"), ("a", "Upper"), ("1a", "x"), ("a", "x" * 64)]
)
def test_what_is_no_label(key, value):
    with pytest.raises(BadName):
        names.check_label(key, value)


def test_addresses_are_read_as_they_are_written():
    assert str(GsUri.parse("gs://models/a/b.joblib")) == "gs://models/a/b.joblib"


@pytest.mark.parametrize("text", ["s3://x/y", "gs://", "gs://UP/x", "gs://models/" + "x" * 1025])
def test_what_is_no_address(text):
    with pytest.raises(BadName):
        GsUri.parse(text)


def test_the_layout_keeps_one_file_in_the_artifact_s_directory():
    digest = Digest.of(b"x")
    layout = Layout("pre/fix", "churn")
    directory = layout.artifact_dir(digest)
    assert layout.artifact(digest) == f"{directory}model.joblib"
    others = [layout.golden(digest, digest), layout.event(1)]
    assert not any(name.startswith(directory) for name in others)
    assert all(name.startswith("pre/fix/churn/") for name in [directory, *others])
    assert names.digest_in_uri(f"gs://b/{directory}") == digest
    assert names.digest_in_uri("gs://b/elsewhere/") is None


def test_a_digest_is_read_as_it_is_written():
    assert Digest.parse(str(Digest.of(b"x"))) == Digest.of(b"x")
    with pytest.raises(BadName):
        Digest.parse("sha256:12")
