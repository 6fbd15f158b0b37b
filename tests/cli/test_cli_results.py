"""Every outcome is shown as a table, and as a document that obeys its schema."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest

from gcp_deploy.app.outcomes import Result
from gcp_deploy.cli import schemas
from gcp_deploy.domain.events import EventType
from gcp_deploy.domain.release import VersionState
from tests.cli import outcomes_made as made

CASES = {
    "status": (["status"], "app.watching.status", made.STATUS),
    "versions": (["versions"], "app.watching.versions", made.VERSIONS),
    "history": (["history"], "app.watching.history", made.HISTORY),
    "when": (["when", "2h ago"], "app.watching.when", made.SERVED),
    "plan": (["plan", "churn.joblib"], "app.deploying.plan", made.PLAN),
    "deploy": (["deploy", "churn.joblib"], "app.deploying.deploy", made.DEPLOYED),
    "promote": (["promote"], "app.promoting.promote", made.PROMOTED),
    "rollback": (["rollback"], "app.promoting.rollback", made.ROLLED_BACK),
    "retire": (["retire"], "app.retiring.retire", made.RETIRED),
    "operations_wait": (["operations", "wait", "op"], "app.waiting.wait", made.WAITED),
}
EMPTIER = {
    "status": replace(
        made.STATUS,
        endpoint="",
        default="",
        previous="",
        rows=(made.row("1", digest=None, state=VersionState.FAILED, error="no quota"),),
        lease=made.LEASE,
        operation="projects/1/operations/2",
        differences=("traffic goes to 1",),
        warnings=("the runtime ends soon",),
    ),
    "versions": replace(made.VERSIONS, rows=()),
    "history": replace(made.HISTORY, events=()),
    "when": replace(made.SERVED, version="", since=None, until=made.TIME, actor="", sequence=0),
    "plan": replace(made.PLAN, version="2", steps=(), warnings=("the runtime ends soon",)),
    "deploy": replace(made.DEPLOYED, result=Result.UNCHANGED, default=True, steps=()),
    "promote": replace(made.PROMOTED, previous="", result=Result.UNCHANGED, steps=()),
    "rollback": replace(made.ROLLED_BACK, result=Result.UNCHANGED, steps=()),
    "retire": replace(made.RETIRED, versions=(), result=Result.UNCHANGED, steps=()),
    "operations_wait": replace(made.WAITED, stage=""),
}


@pytest.mark.parametrize("emptier", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_document_obeys_its_schema(name, emptier, cli, use_case, obeys):
    argv, path, outcome = CASES[name]
    use_case(path, EMPTIER[name] if emptier else outcome)
    done = cli(*argv, "--model", "churn", "--output", "json")
    assert (done.code, done.err.replace("warning: the runtime ends soon\n", "")) == (0, "")
    obeys(done.json, name)


@pytest.mark.parametrize("emptier", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_table_says_the_model_and_nothing_goes_to_stderr(name, emptier, cli, use_case):
    argv, path, outcome = CASES[name]
    use_case(path, EMPTIER[name] if emptier else outcome)
    done = cli(*argv, "--model", "churn", "--quiet")
    assert done.code == 0
    assert done.out.strip()
    assert not [line for line in done.out.splitlines() if line != line.rstrip()]


def test_versions_document_is_the_contract(cli, use_case):
    use_case("app.watching.versions", made.VERSIONS)
    document = cli("versions", "-m", "churn", "-o", "json").json
    assert list(document) == ["schema_version", "model", "versions"]
    assert {key: document["versions"][1][key] for key in list(document["versions"][1])[:6]} == {
        "version": "2",
        "state": "READY",
        "default": True,
        "digest": f"sha256:{'ab' * 32}",
        "traffic": 100,
        "created": "2026-11-03T16:02:00.000000Z",
    }


def test_deploy_document_is_the_contract(cli, use_case):
    use_case("app.deploying.deploy", made.DEPLOYED)
    document = cli("deploy", "churn.joblib", "-o", "json").json
    steps = document.pop("steps")
    assert [step["step"] for step in steps] == ["upload", "deploy", "promote"]
    assert document == {
        "schema_version": 1,
        "model": "churn",
        "version": "2",
        "digest": f"sha256:{'ab' * 32}",
        "result": "created",
        "default": False,
        "endpoint": made.ENDPOINT,
        "operation": None,
    }


def test_status_is_one_screen_with_the_default_first_and_the_candidate_last(cli, use_case):
    use_case("app.watching.status", made.STATUS)
    assert cli("status", "-m", "churn").out == (
        "churn: default 2, 1 before\n"
        f"endpoint: {made.ENDPOINT} (aiplatform)\n"
        "\n"
        "VERSION      TRAFFIC  STATE  VERIFIED  CREATED (UTC)     ARTIFACT      RUNTIME\n"
        "2 (default)    100 %  READY  yes       2026-11-03 16:02  abababababab  local/serving:1\n"
        "3                0 %  READY  yes       2026-11-03 17:02  abababababab  local/serving:1\n"
        "1                0 %  READY  no        2026-11-03 15:02  abababababab  local/serving:1\n"
        "\n"
        "promote with: gcp-deploy promote 3 --model churn\n"
    )


def test_status_tells_who_works_and_what_differs(cli, use_case):
    use_case("app.watching.status", EMPTIER["status"])
    out = cli("status", "-m", "churn").out
    assert "no default" in out
    assert "differs: traffic goes to 1" in out
    assert "in work: deploy abababababab, by anna@laptop, until 2026-11-03 14:02:00 UTC" in out
    assert "running: projects/1/operations/2" in out
    assert "promote with" not in out


def test_history_shows_what_changed_something(cli, use_case):
    use_case("app.watching.history", made.HISTORY)
    done = cli("history", "-m", "churn")
    assert done.out == (
        "TIME (UTC)           EVENT  WHAT                VERSION  BY    BECAUSE\n"
        "2026-11-03 14:04:00      2  version registered  2        anna\n"
        "2026-11-03 14:05:00      3  promoted            2        anna  better\n"
        "2026-11-03 14:06:00      4  failed              -        anna  no quota\n"
    )
    assert len(cli("history", "-m", "churn", "-o", "json").json["events"]) == 5


def test_nobodys_words_draw_on_the_terminal(cli, use_case):
    evil = made.event(1, EventType.PROMOTED, "2", because="a\x1b[2Jb\nc\r\u202ed")
    use_case("app.watching.history", replace(made.HISTORY, events=(evil,)))
    out = cli("history", "-m", "churn").out
    assert "a [2Jb c  d" in out
    assert len(out.splitlines()) == 2


def test_when_names_version_and_who_decided(cli, use_case):
    use_case("app.watching.when", made.SERVED)
    assert cli("when", "2026-11-03", "14:02", "-m", "churn").out.splitlines() == [
        "churn@2 served at 2026-11-03 14:02:00 UTC",
        "since 2026-11-03 14:02:00 UTC, by decision of anna",
        "because: weekly retraining",
        "event 12 of the release log",
    ]


def test_plan_numbers_its_steps(cli, use_case):
    use_case("app.deploying.plan", made.PLAN)
    assert cli("plan", "churn.joblib").out.splitlines() == [
        "churn from abababababab, served by local/serving:1",
        "  1. upload   gs://models/churn/model.joblib (2.0 KiB)",
        "  2. deploy   churn@2 at 0 %",
        "  3. promote  churn@2 to the default, instead of 1",
    ]


def test_deploy_says_how_to_promote_the_candidate(cli, use_case):
    use_case("app.deploying.deploy", made.DEPLOYED)
    assert cli("deploy", "churn.joblib").out.splitlines() == [
        "churn@2 created: a candidate at 0 %, from abababababab",
        "promote with: gcp-deploy promote 2 --model churn",
    ]


def test_deploy_without_waiting_says_how_to_wait(cli, use_case):
    use_case("app.deploying.deploy", replace(made.DEPLOYED, operation="projects/1/operations/2"))
    assert "gcp-deploy operations wait projects/1/operations/2" in cli("deploy", "a.joblib").out


def test_the_next_command_reaches_the_same_target(cli, use_case):
    use_case("app.watching.status", made.STATUS)
    out = cli("status", "-m", "churn", "--state", "my state", "--bucket", "my-models").out
    assert out.endswith(
        "promote with: gcp-deploy promote 3 --model churn --bucket my-models --state 'my state'\n"
    )


def test_the_schema_of_history_knows_every_type_of_event():
    schema = json.loads((files(schemas) / "history.json").read_text())
    known = schema["properties"]["events"]["items"]["properties"]["type"]["enum"]
    assert known == [one.value for one in EventType]
