"""The shell completes with what exists on the target; an error completes nothing."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from gcp_deploy.errors import Unauthenticated
from tests.cli import outcomes_made as made


@pytest.fixture
def complete(cli, monkeypatch):
    def call(line):
        words = line.split(" ")
        monkeypatch.setenv("_GCP_DEPLOY_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        done = cli()
        assert (done.code, done.err) == (0, "")
        return done.out.split()

    return call


@pytest.fixture
def platform(wiring):
    wiring.context = SimpleNamespace(
        registry=SimpleNamespace(
            models=lambda: ("churn", "fraud"),
            versions=lambda model: [one.version for one in made.ROWS],
        )
    )
    return wiring


def test_commands(complete):
    assert complete("gcp-deploy ro") == ["rollback"]
    assert complete("gcp-deploy local d") == ["down"]
    assert complete("gcp-deploy status --tar") == ["--target"]


def test_targets_of_the_settings_file(complete, nowhere):
    (nowhere / "gcp-deploy.toml").write_text('[targets.prod]\nplatform = "aiplatform"\n')
    assert complete("gcp-deploy status --target ") == ["local", "prod"]
    assert complete("gcp-deploy status --target p") == ["prod"]


def test_models_of_the_target(complete, platform):
    assert complete("gcp-deploy status --model f") == ["fraud"]
    assert platform.timeout.total_seconds() <= 2


def test_versions_of_the_model_newest_first(complete, platform):
    assert complete("gcp-deploy promote --model churn ") == ["3", "2", "1"]
    assert platform.settings.model == "churn"
    assert complete("gcp-deploy rollback -m churn --to 2") == ["2"]


def test_operation_of_the_last_run(complete, use_case):
    status = SimpleNamespace(operation="projects/1/operations/2")
    use_case("app.watching.status", status)
    assert complete("gcp-deploy operations wait -m churn p") == ["projects/1/operations/2"]


@pytest.mark.parametrize("error", [Unauthenticated("no credentials"), OSError("x"), ValueError()])
def test_an_error_completes_nothing(error, complete, platform, monkeypatch):
    def models():
        raise error

    platform.context.registry.models = models
    assert complete("gcp-deploy status --model ") == []


def test_a_wrong_settings_file_completes_nothing(complete, platform, nowhere):
    (nowhere / "gcp-deploy.toml").write_text("nonsense")
    assert complete("gcp-deploy status --target ") == []
    assert complete("gcp-deploy promote ") == []


def test_what_was_typed_before_counts(complete, platform, nowhere):
    (nowhere / "gcp-deploy.toml").write_text(
        '[targets.prod]\nplatform = "aiplatform"\nproject = "my-project"\n'
        'region = "europe-west4"\nbucket = "my-models"\n'
    )
    assert complete("gcp-deploy promote --target prod -m churn ") == ["3", "2", "1"]
    assert platform.settings.project == "my-project"


def test_the_connection_is_silent(complete, platform, monkeypatch):
    @contextmanager
    def connect(settings, *, reporter, timeout):
        reporter.warn("something")
        reporter.step("upload", "something")
        yield platform.context

    monkeypatch.setattr("gcp_deploy.wiring.connect", connect)
    assert complete("gcp-deploy status -m c") == ["churn"]
