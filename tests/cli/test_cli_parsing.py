"""What is typed arrives: options as settings, the rest as arguments of one use case."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli import outcomes_made as made

TYPED = [
    *("--platform", "aiplatform"),
    *("--project", "my-project"),
    *("--region", "europe-west4"),
    *("--bucket", "my-models"),
    *("--model", "churn"),
    *("--state", "here"),
    *("--impersonate-service-account", "deployer@my-project.iam.gserviceaccount.com"),
]


def test_shared_options_become_settings(cli, use_case, wiring, nowhere):
    use_case("app.watching.status", made.STATUS)
    assert cli("status", *TYPED, "--quiet").code == 0
    settings = wiring.settings
    assert (settings.platform, settings.project, settings.region, settings.bucket) == (
        "aiplatform",
        "my-project",
        "europe-west4",
        "my-models",
    )
    assert settings.model == "churn"
    assert settings.state_dir == nowhere / "here"
    assert settings.impersonate == "deployer@my-project.iam.gserviceaccount.com"
    assert settings.sources["project"] == "--project"
    assert settings.sources["prefix"] == "default"
    assert wiring.reporter.quiet


def test_without_options_it_is_this_machine(cli, use_case, wiring):
    use_case("app.watching.status", made.STATUS)
    cli("status", "-m", "churn")
    assert (wiring.settings.platform, wiring.settings.target) == ("local", "local")
    assert not wiring.reporter.quiet
    assert not wiring.reporter.terminal


def test_a_target_is_taken_from_the_settings_file(cli, use_case, wiring, nowhere):
    (nowhere / "gcp-deploy.toml").write_text(
        'model = "fraud"\noutput = "json"\n'
        '[targets.prod]\nplatform = "aiplatform"\nproject = "my-project"\n'
        'region = "europe-west4"\nbucket = "my-models"\n'
    )
    calls = use_case("app.watching.versions", made.VERSIONS)
    assert cli("versions", "--target", "prod").json["model"] == "churn"
    assert wiring.settings.target == "prod"
    assert calls == [((("fraud",)), {})]


def test_the_only_model_is_taken_when_none_is_named(cli, use_case, wiring):
    use_case("app.watching.only_model", "fraud")
    calls = use_case("app.watching.versions", made.VERSIONS)
    cli("versions")
    assert calls == [(("fraud",), {})]


def test_deploy_asks_for_what_was_typed(cli, use_case, wiring):
    calls = use_case("app.deploying.deploy", made.DEPLOYED)
    done = cli(
        *("deploy", "models/Churn Model.joblib", "--promote", "--golden", "golden.json"),
        *("--no-wait", "--timeout", "1h30m", "--labels", "team=growth", "--labels", "tier="),
        *("--because", "weekly"),
    )
    assert done.code == 0
    assert wiring.request == {
        "artifact": Path("models/Churn Model.joblib"),
        "model": "churn_model",
        "golden": Path("golden.json"),
        "promote": True,
        "wait": False,
        "timeout": timedelta(minutes=90),
        "labels": {"team": "growth", "tier": ""},
        "because": "weekly",
    }
    assert wiring.timeout == timedelta(minutes=90)
    ((request,), _) = calls[0]
    assert request.model == "churn_model"


def test_deploy_as_it_is_without_options(cli, use_case, wiring):
    use_case("app.deploying.deploy", made.DEPLOYED)
    cli("deploy", "churn.joblib", "--model", "fraud")
    assert wiring.request == {
        "artifact": Path("churn.joblib"),
        "model": "fraud",
        "golden": None,
        "promote": False,
        "wait": True,
        "timeout": timedelta(minutes=30),
        "labels": {},
        "because": "",
    }


def test_a_dry_run_is_the_plan(cli, use_case, obeys):
    deployed = use_case("app.deploying.deploy", made.DEPLOYED)
    planned = use_case("app.deploying.plan", made.PLAN)
    done = cli("deploy", "churn.joblib", "--dry-run", "-o", "json")
    obeys(done.json, "plan")
    assert (len(deployed), len(planned)) == (0, 1)


@pytest.mark.parametrize(
    ("argv", "path", "called"),
    [
        (["promote"], "promoting.promote", ((None,), {"because": ""})),
        (["promote", "2", "--because", "x"], "promoting.promote", (("2",), {"because": "x"})),
        (["rollback"], "promoting.rollback", ((None,), {"because": ""})),
        (["rollback", "--to", "1"], "promoting.rollback", (("1",), {"because": ""})),
        (["retire"], "retiring.retire", ((None,), {"because": "", "delete": False})),
        (["retire", "1", "--delete"], "retiring.retire", (("1",), {"because": "", "delete": True})),
    ],
)
def test_changing_commands_call_their_use_case(argv, path, called, cli, use_case):
    arguments, named = called
    outcome = made.RETIRED if argv[0] == "retire" else made.PROMOTED
    calls = use_case(f"app.{path}", outcome)
    assert cli(*argv, "-m", "churn", "--timeout", "90s").code == 0
    assert calls == [(("churn", *arguments), named | {"timeout": timedelta(seconds=90)})]


def test_operations_wait_needs_no_model(cli, use_case):
    calls = use_case("app.waiting.wait", made.WAITED)
    done = cli("operations", "wait", "projects/1/operations/2", "--timeout", "1h")
    assert done.out == "projects/1/operations/2 is done: deployed\n"
    assert calls == [(("projects/1/operations/2",), {"timeout": timedelta(hours=1)})]


def test_when_takes_words_as_they_are_typed(cli, use_case):
    calls = use_case("app.watching.when", made.SERVED)
    for words in (["2h", "ago"], ["2h ago"], ["2026-11-25", "10:00"]):
        cli("when", *words, "-m", "churn")
    assert {arguments[1] for arguments, _ in calls} == {datetime(2026, 11, 25, 10, 0, tzinfo=UTC)}


def test_all_faults_of_the_settings_are_told_at_once(cli, wiring):
    done = cli("status", "--platform", "mars", "--project", "X", "-o", "yaml")
    assert done.code == 2
    first, *faults, hint = done.err.splitlines()
    assert (first, len(faults)) == ("error: the settings have 3 faults:", 3)
    assert hint.startswith("hint: ")
    for word in ("mars", "'X'", "yaml"):
        assert word in "".join(faults)


def test_missing_settings_of_a_cloud_target_are_told(cli, wiring):
    done = cli("status", "--platform", "aiplatform", "-m", "churn")
    assert done.code == 2
    assert "no project, region, bucket" in done.err
    assert "--project" in done.err
