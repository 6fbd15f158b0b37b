"""Bad input of the command line: files, settings, names; each with its exit code and its name."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.request import urlopen

import joblib
import pytest
from sklearn.linear_model import LogisticRegression

from tests.e2e.conftest import ROOT, START, CommandLine, Done

ROWS, KINDS = [[0.0, 1.0], [1.0, 0.0], [2.0, 3.0], [3.0, 1.0]], ["a", "b", "a", "b"]
KEPT = {"aiplatform": "kept", "ml-engine": "kept_ml"}
PROTOCOLS = list(KEPT)


def about(protocol: str) -> list[str]:
    """Return the options that name the model which serves over *protocol*."""
    return ["--protocol", protocol, "--model", KEPT[protocol]]


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good artifact, and all that people take for one."""
    folder = tmp_path_factory.mktemp("files")
    fitted = LogisticRegression().fit(ROWS, KINDS)
    joblib.dump(fitted, folder / "good.joblib")
    whole = (folder / "good.joblib").read_bytes()
    (folder / "empty.joblib").touch()
    (folder / "truncated.joblib").write_bytes(whole[: len(whole) // 2])
    (folder / "longer.joblib").write_bytes(whole + b"more")
    (folder / "text.joblib").write_text("no model at all\n")
    (folder / "zip.joblib").write_bytes(b"PK\x03\x04" + bytes(100))
    (folder / "folder.joblib").mkdir()
    joblib.dump({"accuracy": 0.9}, folder / "dict.joblib")
    joblib.dump(LogisticRegression(), folder / "unfitted.joblib")
    joblib.dump(Evil(folder / "harmed"), folder / "evil.joblib")
    joblib.dump(_of_a_module_that_is_not_here(fitted), folder / "custom.joblib")
    return folder


def _of_a_module_that_is_not_here(fitted: Any) -> Any:
    module: Any = ModuleType("acme_features")
    module.Model = type("Model", (LogisticRegression,), {"__module__": "acme_features"})
    sys.modules["acme_features"] = module
    model = module.Model()
    model.__dict__.update(fitted.__dict__)
    return model


@pytest.fixture(scope="module")
def kept(served: CommandLine, files: Path) -> CommandLine:
    """A command line with a version that serves, which nothing here may change."""
    for protocol in PROTOCOLS:
        served("deploy", str(files / "good.joblib"), *about(protocol), "-q")
    (served.folder / "rows.json").write_text("[[1.0, 2.0]]")
    return served


def everything(line: CommandLine) -> str:
    """Return what the platform keeps: objects with generations, models, versions, endpoints."""
    urls = line("local", "status", "-o", "json").json["urls"]
    place = "v1/projects/local-project"
    region = f"{place}/locations/us-central1"
    addresses = (
        f"{urls['storage']}/storage/v1/b/local-models/o?fields=items(name,generation)",
        *(f"{urls['aiplatform']}/{region}/{kind}" for kind in ("models", "endpoints")),
        f"{urls['aiplatform']}/{region}/models/kept:listVersions",
        *(f"{urls['ml']}/{place}/models{kind}" for kind in ("", "/kept_ml/versions")),
    )
    return "\n".join(urlopen(one).read().decode() for one in addresses)


def refused(line: CommandLine, *words: str, code: int, told: str) -> Done:
    """Run a command that must end with *code* and one error that says *told*."""
    done = line(*words, code=code)
    first = done.err.partition("error: ")[2]
    assert told in first, done.err
    assert "internal error" not in first
    assert "Traceback" not in done.err
    return done


UNFIT_FILES = [
    ("missing.joblib", 2, "no such file: '{path}'"),
    ("folder.joblib", 2, "a directory, not a file: '{path}'"),
    ("empty.joblib", 12, "{path}: the file is empty"),
    ("truncated.joblib", 12, "{path}: the file ends too early"),
    ("longer.joblib", 12, "{path}: there are bytes behind the end of the model"),
    ("text.joblib", 12, "{path}: not a pickle"),
    ("zip.joblib", 12, "{path}: "),
    ("dict.joblib", 12, "{path}: the artifact holds no estimator"),
    ("unfitted.joblib", 12, "{path}: the artifact is not fitted: it is a LogisticRegression"),
    ("custom.joblib", 4, "{path}: the artifact needs code that is not trusted: acme_features"),
    ("evil.joblib", 12, "{path}: unsafe artifact: posix.system"),
]


@pytest.mark.parametrize(("name", "code", "told"), UNFIT_FILES)
def test_a_file_that_cannot_be_deployed_is_named_and_changes_nothing(kept, files, name, code, told):
    before, path = everything(kept), str(files / name)
    done = refused(kept, "deploy", path, "-m", "kept", code=code, told=told.format(path=path))
    assert "hint: " in done.err
    assert done.out == ""
    assert everything(kept) == before
    assert not (files / "harmed").exists()


@pytest.mark.parametrize(
    ("name", "code"),
    [(name, code) for name, code, _ in UNFIT_FILES if name != "dict.joblib"],
)
def test_inspect_and_plan_judge_a_file_as_deploy_does(kept, files, name, code):
    path = str(files / name)
    told = kept("plan", path, "-m", "kept", code=code).err
    if name != "unfitted.joblib":  # to look at it is no fault
        assert kept("inspect", path, code=code).err == told
    assert not (files / "harmed").exists()


def line_with(kept: CommandLine, folder: Path, settings: str) -> CommandLine:
    """Return a command line of a project with *settings*, on the same platform."""
    (folder / "gcp-deploy.toml").write_text(settings)
    return CommandLine(folder, {"GCP_DEPLOY_STATE_DIR": str(kept.folder / ".gcp-deploy")})


def test_a_trusted_class_that_cannot_be_imported_is_named(kept, files, tmp_path):
    line = line_with(kept, tmp_path, 'trusted_modules = ["acme_features"]')
    before = everything(kept)
    words = ["deploy", str(files / "custom.joblib"), "-m", "kept"]
    refused(line, *words, code=12, told="acme_features")
    assert everything(kept) == before


def test_a_project_of_its_own_class_deploys_once_it_is_importable(kept, files, tmp_path):
    source = (
        "from sklearn.linear_model import LogisticRegression\nclass Model(LogisticRegression): "
    )
    (tmp_path / "acme_features.py").write_text(f"{source}...\n")
    line = line_with(kept, tmp_path, 'trusted_modules = ["acme_features"]')
    plan = line("plan", str(files / "custom.joblib"), "-m", "own", "-o", "json")
    assert plan.json["steps"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('modle = "x"', ["unknown key 'modle'; did you mean 'model'?"]),
        ("output = 3", ["output: 3 is not what is expected"]),
        ('[targets.local]\nmin_replicas = "two"', ["targets.local.min_replicas: 'two'"]),
        ("model = x", ["gcp-deploy.toml: not TOML", "line 1"]),
        (
            'modle = "x"\n[targets.local]\nlabels = "x"\nbucket = "Bad_Bucket"\nregion = 7\n',
            ["4 faults", "modle", "labels", "'Bad_Bucket'", "region: 7"],
        ),
        ('target = "prod"\n[targets.test]\nplatform = "local"', ["'prod'", "local, test"]),
        ('[targets.prod]\nplatform = "aiplatform"', ["has no project, region, bucket"]),
    ],
)
def test_settings_with_faults_are_told_all_at_once(kept, tmp_path, settings, told):
    line = line_with(kept, tmp_path, settings)
    done = refused(line, "status", "-m", "kept", code=2, told=told[0])
    assert all(word in done.err for word in told)


LONG = "x" * 129
BAD_NAMES = [
    *((one, "--model", name) for one in PROTOCOLS for name in ("1st", "a b", "../x", "ä", LONG)),
    ("aiplatform", "--model", "Churn"),
    ("aiplatform", "--model", "x" * 64),
    ("aiplatform", "--model", "churn-"),
    ("ml-engine", "--model", "my-churn"),
    *(
        (one, "--bucket", name)
        for one in PROTOCOLS
        for name in ("Models", "a", "goog-models", "192.168.1.1", "s3://models", "-x", "x" * 64)
    ),
    *((one, "--project", name) for one in PROTOCOLS for name in ("1project", "short", "Project")),
    *((one, "--region", name) for one in PROTOCOLS for name in ("us central", "x")),
]


def test_a_bad_name_is_refused_with_its_rule_before_anything_is_asked(files, tmp_path):
    line = CommandLine(tmp_path, {"GCP_DEPLOY_STATE_DIR": str(tmp_path / "never")})
    cases = [
        (["plan", str(files / "good.joblib"), "--protocol", protocol, f"{flag}={name}"], flag, name)
        for protocol, flag, name in BAD_NAMES
    ]
    running = [(line.start(*words), flag, name) for words, flag, name in cases[:6]]
    waiting = cases[6:]
    while running:
        process, flag, name = running.pop(0)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 2, (flag, name, err)
        shown = repr(name) if len(name) < 70 else name[:60]
        assert f"error: {flag}: " in err, err
        assert shown in err
        assert "is not what is expected: " in err
        if waiting:
            words, flag, name = waiting.pop(0)
            running.append((line.start(*words), flag, name))
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("version", ["../1", "", "99"])
def test_a_version_that_is_not_there_is_named(kept, protocol, version):
    words = about(protocol)
    before = everything(kept)
    told = version or "the name of the version is empty"
    refused(kept, "promote", version, *words, code=2, told=told)
    refused(kept, "rollback", "--to", version, *words, code=2, told=told)
    refused(kept, "retire", version, "--delete", *words, code=2, told=told)
    asked = ["--instances", "rows.json", f"--version={version}"]
    refused(kept, "predict", *asked, *words, code=2, told=version)
    assert everything(kept) == before


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("words", "end"),
    [
        (
            ["deploy", "GOOD", "--bucket", "no-such-bucket"],
            (2, "gs://no-such-bucket does not exist"),
        ),
        (["rollback"], (7, " has no earlier default to go back to")),
        (["status", "--model", "absent"], (2, "there is no model absent")),
        (["promote", "1", "--model", "absent"], (2, "there is no model absent")),
        (["history", "--model", "absent"], (2, "there is no release log for absent")),
        (["predict", "--model", "absent", "--instances", "rows.json"], (2, "model absent")),
        (["operations", "wait", "nonsense"], (2, "not the name of an operation: 'nonsense'")),
        (["deploy", "GOOD", "--labels", "Team=x"], (2, "not a label key: 'Team'")),
        (["deploy", "GOOD", "--labels", "gcp-deploy-x=y"], (2, "'gcp-deploy-x'")),
        (["deploy", "GOOD", "--golden", "none.json"], (2, "none.json cannot be read")),
        (["deploy", "GOOD", "--golden", "rows.json", "--timeout", "soon"], (2, "'soon'")),
    ],
)
def test_what_is_not_there_is_named_and_nothing_changes(kept, files, protocol, words, end):
    before = everything(kept)
    typed = [str(files / "good.joblib") if one == "GOOD" else one for one in words]
    model = about(protocol)[: 2 if "--model" in typed else 4]
    done = refused(kept, *typed, *model, code=end[0], told=end[1])
    assert "hint: " in done.err
    assert everything(kept) == before


def test_a_prebuilt_image_that_ended_is_refused_with_13(kept, files, tmp_path):
    settings = '[targets.local]\nplatform = "local"\nruntime = "prebuilt"\nruntime_version = "1.3"'
    line = line_with(kept, tmp_path, settings)
    before = everything(kept)
    for verb in ("plan", "deploy"):
        words = [verb, str(files / "good.joblib"), "-m", "kept"]
        told = "the prebuilt image for scikit-learn 1.3 ended on 2025-11-28"
        done = refused(line, *words, code=13, told=told)
        assert 'runtime = "serving-image"' in done.err
    assert everything(kept) == before


def test_a_plan_with_changes_ends_with_10_only_when_asked(kept, files):
    good = str(files / "good.joblib")
    kept("plan", good, "-m", "another", "--detailed-exitcode", code=10)
    kept("plan", good, "-m", "another")
    kept("plan", good, "-m", "kept", "--detailed-exitcode")


@pytest.mark.parametrize("state", ["file", "file/below"])
@pytest.mark.parametrize("words", [["status", "-m", "m"], ["local", "up"], ["local", "reset"]])
def test_a_state_path_that_is_a_file_is_told(run, state, words):
    file = run.folder / "file"
    file.write_text("precious")
    told = f"{file} is a file, not a directory"
    done = refused(run, *words, "--state", state, code=2, told=told)
    assert "--state DIR" in done.err
    assert file.read_text() == "precious"


@pytest.mark.parametrize("words", ["inspect", "deploy -m kept"])
def test_a_closed_stdout_is_no_silent_success(kept, files, words):
    verb, *more = words.split()
    command = [sys.executable, "-c", START, verb, str(files / "good.joblib"), *more]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command],
        cwd=kept.folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(kept.folder)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "error: the result cannot be written to stdout: it is closed" in done.stderr


ASKED = [
    ("not json", "the instances are not JSON: line 1, column 1"),
    ("[[1, 2], [3", "the instances are not JSON"),
    ("", "the instances are empty"),
    ("[]", "the instances are an empty list"),
    ('{"instances": 3}', '"instances" holds something else'),
    ("[[1, 2]]\n[[1, }\n", "not JSON"),
    ("[[NaN, 1]]", "not JSON"),
    ("[[1, 2], [1]]", "row 1: 1 values where the model takes 2"),
    ("[[1, 2, 3]]", "row 0: 3 values where the model takes 2"),
    ('[["red", 1]]', "row 0, column 0"),
    ('[{"a": 1}]', "row 0: an object"),
    ("[null]", "row 0: null where a list of 2 values belongs"),
    ("[1, 2]", "row 0: a number where a list of 2 values belongs"),
    ("TOO LARGE", "row 0 alone is a request of "),
]
BY_THE_MODEL = {told for _, told in ASKED if told.startswith("row ") and "alone" not in told}
LEGACY = "Prediction failed: Exception during sklearn prediction: "
"""What the legacy service says before the words of scikit-learn; it names no row."""


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("text", "told"), ASKED)
def test_instances_that_cannot_be_asked_name_what_is_wrong(kept, tmp_path, protocol, text, told):
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps([["x" * 12_000_000, 1]]) if text == "TOO LARGE" else text)
    if protocol == "ml-engine" and told in BY_THE_MODEL:
        told = f"model kept_ml: {LEGACY}"
    words = [*about(protocol), "--instances", str(rows)]
    done = refused(kept, "predict", *words, code=2, told=told)
    assert done.out == ""
    if "NaN" in text:
        assert "hint: JSON has no NaN: write null" in done.err


def test_instances_that_cannot_be_read_are_named(kept, tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfd")
    for path, told in [
        (tmp_path / "none.json", "none.json cannot be read: No such file"),
        (tmp_path, "cannot be read: Is a directory"),
        (tmp_path / "binary", "is not UTF-8, at byte 0"),
    ]:
        refused(kept, "predict", "-m", "kept", "--instances", str(path), code=2, told=told)
