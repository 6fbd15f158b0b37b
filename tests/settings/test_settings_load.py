"""Precedence, targets and defaults."""

from pathlib import Path

import pytest

from gcp_deploy.errors import BadSettings
from gcp_deploy.settings import Endpoints, load

CLOUD = {"platform": "aiplatform"}
PROD = """
model = "churn"
target = "prod"
trusted_modules = ["shop.features"]

[targets.prod]
platform = "aiplatform"
project = "file-project"
region = "europe-west4"
bucket = "gs://file-bucket/"
min_replicas = 2
dedicated = false
labels = { team = "growth" }
impersonate_service_account = "deployer@file-project.iam.gserviceaccount.com"
state_dir = "state"

[targets.prod.endpoints]
aiplatform = "http://127.0.0.1:9000/v1/"

[targets.local]
protocol = "ml-engine"
"""


@pytest.fixture
def repository(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "gcp-deploy.toml").write_text(PROD)
    (tmp_path / "sub" / "folder").mkdir(parents=True)
    return tmp_path


def test_without_anything_it_is_the_embedded_platform(tmp_path):
    settings = load(flags={}, environ={}, cwd=tmp_path)
    assert (settings.target, settings.platform, settings.protocol) == (
        "local",
        "local",
        "aiplatform",
    )
    assert (settings.project, settings.region, settings.bucket, settings.prefix) == (
        "local-project",
        "us-central1",
        "local-models",
        "gcp-deploy",
    )
    assert settings.state_dir == tmp_path / ".gcp-deploy"
    assert settings.model == ""
    assert settings.endpoints == Endpoints()
    assert set(settings.sources.values()) == {"default"}


def test_the_file_is_found_upwards_to_the_git_root(repository):
    settings = load(flags={}, environ={}, cwd=repository / "sub" / "folder")
    assert settings.settings_file == repository / "gcp-deploy.toml"
    assert (settings.target, settings.project, settings.bucket) == (
        "prod",
        "file-project",
        "file-bucket",
    )
    assert (settings.min_replicas, settings.max_replicas) == (2, 2)
    assert settings.dedicated is False
    assert settings.trusted_modules == ("shop.features",)
    assert settings.impersonate == "deployer@file-project.iam.gserviceaccount.com"
    assert settings.endpoints.aiplatform_url == "http://127.0.0.1:9000"
    assert settings.state_dir == repository / "state"
    assert settings.sources["project"] == "gcp-deploy.toml"


def test_outside_a_repository_only_the_current_directory_is_looked_at(tmp_path):
    (tmp_path / "gcp-deploy.toml").write_text(PROD)
    (tmp_path / "sub").mkdir()
    assert load(flags={}, environ={}, cwd=tmp_path / "sub").settings_file is None


def test_the_search_stops_at_the_git_root(repository):
    inner = repository / "sub"
    (inner / ".git").mkdir()
    assert load(flags={}, environ={}, cwd=inner / "folder").settings_file is None


def test_pyproject_has_the_same_keys_and_gcp_deploy_toml_wins(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.gcp-deploy]\nmodel = "one"\n[tool.gcp-deploy.targets.local]\nbucket = "some-bucket"'
    )
    settings = load(flags={}, environ={}, cwd=tmp_path)
    assert (settings.model, settings.bucket) == ("one", "some-bucket")
    assert settings.sources["model"] == "pyproject.toml"
    (tmp_path / "gcp-deploy.toml").write_text('model = "two"')
    assert load(flags={}, environ={}, cwd=tmp_path).model == "two"


def test_a_broken_pyproject_of_somebody_else_is_not_our_business(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.other\n")
    assert load(flags={}, environ={}, cwd=tmp_path).settings_file is None


def test_flag_beats_our_variable_beats_file_beats_googles_variable(repository):
    google = {"GOOGLE_CLOUD_PROJECT": "google-project", "GOOGLE_CLOUD_LOCATION": "us-east1"}
    ours = google | {"GCP_DEPLOY_PROJECT": "variable-project"}
    told = [
        load(flags={"project": "flag-project"}, environ=ours, cwd=repository),
        load(flags={"project": None}, environ=ours, cwd=repository),
        load(flags={}, environ=google, cwd=repository),
    ]
    assert [(one.project, one.sources["project"]) for one in told] == [
        ("flag-project", "--project"),
        ("variable-project", "GCP_DEPLOY_PROJECT"),
        ("file-project", "gcp-deploy.toml"),
    ]


@pytest.mark.parametrize(
    "variable",
    [
        "GOOGLE_CLOUD_PROJECT",
        "CLOUDSDK_CORE_PROJECT",
        "GCLOUD_PROJECT",
        "GCP_PROJECT",
        "CLOUDSDK_PROJECT",
    ],
)
def test_every_usual_variable_names_the_project(tmp_path, variable):
    environ = {variable: "some-project"}
    settings = load(flags=CLOUD, environ=environ, cwd=tmp_path, require=())
    assert (settings.project, settings.sources["project"]) == ("some-project", variable)


def test_googles_variables_are_not_about_the_embedded_platform(tmp_path):
    environ = {"GOOGLE_CLOUD_PROJECT": "some-project", "CLOUDSDK_AI_REGION": "europe-west1"}
    settings = load(flags={}, environ=environ, cwd=tmp_path)
    assert (settings.project, settings.region) == ("local-project", "us-central1")


def test_the_other_usual_variables_are_read(tmp_path):
    settings = load(
        flags=CLOUD,
        require=(),
        environ={
            "CLOUDSDK_AI_REGION": "europe-west1",
            "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT": "a@b.iam.gserviceaccount.com",
            "GOOGLE_CLOUD_QUOTA_PROJECT": "quota-project",
        },
        cwd=tmp_path,
    )
    assert settings.region == "europe-west1"
    assert settings.impersonate == "a@b.iam.gserviceaccount.com"
    assert settings.quota_project == "quota-project"


def test_an_empty_variable_is_not_set(tmp_path):
    settings = load(flags={}, environ={"GCP_DEPLOY_PROJECT": ""}, cwd=tmp_path)
    assert settings.sources["project"] == "default"


def test_variables_of_every_type_are_read(tmp_path):
    settings = load(
        flags={},
        environ={
            "GCP_DEPLOY_MIN_REPLICAS": "3",
            "GCP_DEPLOY_DEDICATED": "no",
            "GCP_DEPLOY_TRUSTED_MODULES": "a.b, c",
            "GCP_DEPLOY_LABELS": "team=growth,cost=7",
            "GCP_DEPLOY_OUTPUT": "json",
            "GCP_DEPLOY_STATE_DIR": "elsewhere",
        },
        cwd=tmp_path,
    )
    assert (settings.min_replicas, settings.dedicated, settings.output) == (3, False, "json")
    assert settings.trusted_modules == ("a.b", "c")
    assert settings.labels == {"team": "growth", "cost": "7"}
    assert settings.state_dir == tmp_path / "elsewhere"


def test_flags_take_text_or_values(tmp_path):
    flags = {
        "min_replicas": 2,
        "max_replicas": "4",
        "dedicated": False,
        "labels": ["team=growth", "cost=7"],
        "trusted_modules": ["a.b"],
        "state": Path("here"),
    }
    settings = load(flags=flags, environ={}, cwd=tmp_path)
    assert (settings.min_replicas, settings.max_replicas, settings.dedicated) == (2, 4, False)
    assert settings.labels == {"team": "growth", "cost": "7"}
    assert settings.trusted_modules == ("a.b",)
    assert settings.state_dir == tmp_path / "here"
    assert settings.sources["state_dir"] == "--state"


def test_labels_of_a_flag_are_added_to_those_of_the_file(repository):
    settings = load(flags={"labels": {"cost": "7"}}, environ={}, cwd=repository)
    assert settings.labels == {"team": "growth", "cost": "7"}


def test_a_state_directory_from_a_variable_is_relative_to_the_current_directory(repository):
    cwd = repository / "sub"
    settings = load(flags={}, environ={"GCP_DEPLOY_STATE_DIR": "mine"}, cwd=cwd)
    assert settings.state_dir == cwd / "mine"
    assert load(flags={}, environ={}, cwd=cwd).state_dir == repository / "state"
    local = load(flags={"target": "local"}, environ={}, cwd=cwd)
    assert local.state_dir == repository / ".gcp-deploy"


def test_targets_are_named_by_flag_variable_or_file(repository):
    local = load(flags={"target": "local"}, environ={}, cwd=repository)
    assert (local.target, local.platform, local.protocol) == ("local", "local", "ml-engine")
    assert local.runtime == "prebuilt"
    assert local.project == "local-project"
    variable = load(flags={}, environ={"GCP_DEPLOY_TARGET": "local"}, cwd=repository)
    assert variable.target == "local"


def test_the_only_target_is_the_target(tmp_path):
    (tmp_path / "gcp-deploy.toml").write_text('[targets.mine]\nbucket = "some-bucket"')
    settings = load(flags={}, environ={}, cwd=tmp_path)
    assert (settings.target, settings.bucket) == ("mine", "some-bucket")
    assert settings.sources["target"] == "gcp-deploy.toml"


def test_of_several_targets_one_has_to_be_named(tmp_path):
    (tmp_path / "gcp-deploy.toml").write_text("[targets.one]\n[targets.two]\n")
    with pytest.raises(BadSettings, match="which target: one, two") as caught:
        load(flags={}, environ={}, cwd=tmp_path)
    assert "--target one" in caught.value.hint


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"STORAGE_EMULATOR_HOST": "localhost:9023"}, Endpoints("http://localhost:9023")),
        ({"STORAGE_EMULATOR_HOST": "http://storage:9023/"}, Endpoints("http://storage:9023")),
        ({"STORAGE_EMULATOR_HOST": "storage:9023"}, Endpoints("http://storage:9023")),
        (
            {
                "GCP_DEPLOY_STORAGE_ENDPOINT": "http://127.0.0.1:1",
                "STORAGE_EMULATOR_HOST": "http://127.0.0.1:2",
            },
            Endpoints("http://127.0.0.1:1"),
        ),
        (
            {"CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": "http://127.0.0.1:8/storage/v1/"},
            Endpoints("http://127.0.0.1:8"),
        ),
        (
            {"CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM": "http://127.0.0.1:8/"},
            Endpoints(aiplatform_url="http://127.0.0.1:8"),
        ),
        ({"GCP_DEPLOY_ML_ENDPOINT": "127.0.0.1:8"}, Endpoints(ml_url="http://127.0.0.1:8")),
        (
            {"CLOUDSDK_API_ENDPOINT_OVERRIDES_ML": "https://ml.example.com/proxy/v1"},
            Endpoints(ml_url="https://ml.example.com/proxy"),
        ),
        ({"GCP_DEPLOY_ML_ENDPOINT": "ml.example.com"}, Endpoints(ml_url="https://ml.example.com")),
        ({"GCP_DEPLOY_ML_ENDPOINT": "http://[::1]:80"}, Endpoints(ml_url="http://[::1]:80")),
    ],
)
def test_endpoints_are_overridden_by_variables(tmp_path, environ, expected):
    assert load(flags={}, environ=environ, cwd=tmp_path).endpoints == expected


def test_a_variable_overrides_an_endpoint_of_the_file(repository):
    environ = {"GCP_DEPLOY_AIPLATFORM_ENDPOINT": "http://127.0.0.1:7"}
    settings = load(flags={}, environ=environ, cwd=repository)
    assert settings.endpoints.aiplatform_url == "http://127.0.0.1:7"
    assert settings.sources["endpoints.aiplatform"] == "GCP_DEPLOY_AIPLATFORM_ENDPOINT"


def test_the_platform_flag_overrides_the_platform(tmp_path):
    flags = {"platform": "ml-engine", "project": "my-project", "region": "us-central1"}
    settings = load(flags=flags | {"bucket": "my-bucket"}, environ={}, cwd=tmp_path)
    assert (settings.target, settings.platform, settings.protocol) == (
        "ml-engine",
        "ml-engine",
        "ml-engine",
    )
    assert settings.runtime == "prebuilt"


def test_what_a_cloud_platform_lacks_is_told_at_once_with_every_way_to_set_it(tmp_path):
    with pytest.raises(BadSettings, match="has no project, region, bucket") as caught:
        load(flags={"platform": "aiplatform"}, environ={}, cwd=tmp_path)
    for way in ("--project", "GCP_DEPLOY_REGION", "GOOGLE_CLOUD_PROJECT", 'bucket = "'):
        assert way in caught.value.hint


def test_an_application_that_only_predicts_needs_no_bucket(tmp_path):
    flags = {"platform": "aiplatform", "project": "my-project", "region": "us-central1"}
    assert load(flags=flags, environ={}, cwd=tmp_path, require=("project", "region")).bucket == ""


@pytest.mark.parametrize("name", ["file", "file/below/it"])
def test_a_state_directory_that_is_a_file_is_told(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(BadSettings, match="file is a file, not a directory") as caught:
        load(flags={"state": name}, environ={}, cwd=tmp_path)
    assert "--state DIR" in caught.value.hint


def test_in_the_cloud_no_state_directory_is_needed(tmp_path):
    (tmp_path / ".gcp-deploy").touch()
    load(flags={"platform": "aiplatform"}, environ={}, cwd=tmp_path, require=())
