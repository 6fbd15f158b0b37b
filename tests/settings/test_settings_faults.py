"""What is wrong with settings is told all at once, with file, key and value."""

import pytest

from gcp_deploy.errors import BadSettings
from gcp_deploy.settings import load


def faults(tmp_path, text="", *, flags=None, environ=None):
    (tmp_path / "gcp-deploy.toml").write_text(text)
    with pytest.raises(BadSettings) as caught:
        load(flags=flags or {}, environ=environ or {}, cwd=tmp_path)
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('modle = "x"', ["modle", "did you mean 'model'?"]),
        ("zzz = 1", ["zzz", "known are model, output, target, targets, trusted_modules"]),
        ("model = 3", ["model: 3", "text"]),
        ('model = "No Way"', ["No Way", "letters"]),
        ('output = "xml"', ["'xml'", '"table" or "json"']),
        ('trusted_modules = "a"', ["trusted_modules", "a list of texts"]),
        ('trusted_modules = ["a-b"]', ["a-b", "module names"]),
        ('target = "nope"', ["target", "'nope'", "a target: local"]),
        ("targets = 3", ["targets: 3"]),
        ("[targets]\nprod = 3", ["targets.prod: 3"]),
        ('[targets."a b"]', ["targets.a b", "letters"]),
        ('[targets.local]\nplatform = "aws"', ["'aws'", '"aiplatform"']),
        ('[targets.local]\nproject = "x"', ["targets.local.project: 'x'", "6 to 30"]),
        ('[targets.local]\nregion = "Frankfurt"', ["'Frankfurt'", "us-central1"]),
        ('[targets.local]\nbucket = "My_Bucket!"', ["My_Bucket!", "lower-case"]),
        ('[targets.local]\nprefix = "/a/"', ["'/a/'", "without slashes"]),
        ('[targets.local]\nprefix = "a/../b"', ["a/../b"]),
        ('[targets.local]\nmachine_type = "big one"', ["big one", "n1-standard-2"]),
        ('[targets.local]\nmachine-type = "x"', ["machine-type", "'machine_type'"]),
        ("[targets.local]\nmin_replicas = 0", ["min_replicas: 0", "from 1"]),
        ("[targets.local]\nmin_replicas = true", ["min_replicas: True", "a whole number"]),
        ('[targets.local]\nmin_replicas = "2"', ["'2'", "a whole number"]),
        ("[targets.local]\nmin_replicas = 3\nmax_replicas = 2", ["max_replicas: 2", "at least"]),
        ('[targets.local]\ndedicated = "yes"', ["'yes'", "true or false"]),
        ('[targets.local]\nimage = "a b"', ["'a b'", "an image"]),
        ("[targets.local]\nruntime_version = 2.11", ["2.11", "text"]),
        ('[targets.local]\npython_version = "snake"', ["snake", "3.7"]),
        ('[targets.local]\nservice_account = "me"', ["'me'", "iam.gserviceaccount.com"]),
        ('[targets.local]\nlabels = "x"', ["labels", "a table of texts"]),
        ("[targets.local]\nlabels = { a = 1 }", ["labels", "a table of texts"]),
        ('[targets.local]\nlabels = { A = "b" }', ["labels", "lower-case"]),
        ('[targets.local]\nlabels = { gcp-deploy-x = "b" }', ["gcp-deploy-x", "our own"]),
        ('[targets.local]\nstate_dir = ""', ["state_dir", "some text"]),
        ("[targets.local]\nendpoints = 1", ["endpoints: 1", "storage, aiplatform, ml"]),
        ('[targets.local.endpoints]\nstorage = "ftp://x"', ["endpoints.storage", "http://"]),
        ('[targets.local.endpoints]\nml = "http://u:p@x"', ["endpoints.ml", "without user"]),
        ('[targets.local.endpoints]\nml = "http://x:99999"', ["endpoints.ml"]),
        ('[targets.local.endpoints]\nvertex = "http://x"', ["vertex", "aiplatform"]),
        (
            '[targets.local]\nprotocol = "ml-engine"\nruntime = "serving-image"',
            ["runtime: 'serving-image'", "ml-engine"],
        ),
        (
            'model = "with-dash"\n[targets.local]\nprotocol = "ml-engine"',
            ["model: 'with-dash'", "ml-engine"],
        ),
    ],
)
def test_a_fault_of_the_file_names_key_value_and_expectation(tmp_path, text, told):
    message = faults(tmp_path, text)
    for words in ["gcp-deploy.toml", *told]:
        assert words in message


def test_a_protocol_that_is_not_the_clouds_own_is_a_fault(tmp_path):
    text = '[targets.prod]\nplatform = "aiplatform"\nprotocol = "ml-engine"'
    assert "targets" not in faults(tmp_path, text)
    assert "protocol: 'ml-engine'" in faults(tmp_path, text)


def test_all_faults_of_all_sources_are_told_at_once(tmp_path):
    message = faults(
        tmp_path,
        'modle = "x"\n[targets.local]\nmin_replicas = "two"\nregion = "here"\nbukket = "b"',
        flags={"project": "x"},
        environ={"GCP_DEPLOY_OUTPUT": "yaml", "GCP_DEPLOY_ML_ENDPOINT": "ftp://x"},
    )
    assert message.startswith("the settings have 7 faults:")
    for words in (
        "gcp-deploy.toml: modle",
        "gcp-deploy.toml: targets.local.min_replicas: 'two'",
        "gcp-deploy.toml: targets.local.region: 'here'",
        "gcp-deploy.toml: targets.local.bukket",
        "--project: 'x'",
        "GCP_DEPLOY_OUTPUT: 'yaml'",
        "GCP_DEPLOY_ML_ENDPOINT: 'ftp://x'",
    ):
        assert words in message


def test_a_file_that_is_not_toml_is_named_with_the_line(tmp_path):
    assert "gcp-deploy.toml: not TOML" in faults(tmp_path, "model = churn")
    assert "line 1" in faults(tmp_path, "model = churn")


def test_a_file_that_is_not_text_is_told(tmp_path):
    (tmp_path / "gcp-deploy.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSettings, match="not TOML"):
        load(flags={}, environ={}, cwd=tmp_path)


def test_a_table_in_pyproject_has_to_be_one(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool]\ngcp-deploy = 1")
    with pytest.raises(BadSettings, match="no table"):
        load(flags={}, environ={}, cwd=tmp_path)


def test_faults_of_targets_not_in_use_are_told_too(tmp_path):
    text = 'target = "local"\n[targets.local]\n[targets.prod]\nregion = "x"'
    assert "targets.prod.region" in faults(tmp_path, text)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("GCP_DEPLOY_MIN_REPLICAS", "two"),
        ("GCP_DEPLOY_DEDICATED", "perhaps"),
        ("GCP_DEPLOY_LABELS", "team"),
        ("GCP_DEPLOY_PLATFORM", "aws"),
        ("GCP_DEPLOY_TARGET", "nope"),
        ("GOOGLE_CLOUD_PROJECT", "x"),
    ],
)
def test_a_fault_of_a_variable_names_it_and_its_value(tmp_path, variable, text):
    flags = {"platform": "aiplatform"} if variable.startswith("GOOGLE") else {}
    message = faults(tmp_path, environ={variable: text}, flags=flags)
    assert variable in message
    assert text in message


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"modell": "x"}, "did you mean 'model'?"),
        ({"min_replicas": 1.5}, "--min-replicas: 1.5"),
        ({"labels": ["team"]}, "--labels"),
        ({"labels": 3}, "--labels: 3"),
        ({"trusted_modules": 3}, "--trusted-modules: 3"),
    ],
)
def test_a_fault_of_a_flag_names_it(tmp_path, flags, told):
    assert told in faults(tmp_path, flags=flags)
