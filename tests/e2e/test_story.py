"""The main job from a joblib file to a default version that answers, over both protocols."""

import json
from pathlib import Path

import jsonschema
import pytest

from tests.e2e.conftest import ROOT, CommandLine

SCHEMAS = ROOT / "gcp_deploy" / "cli" / "schemas"


def checked(done, name):
    """Return the JSON of a command, which must obey its schema."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.validate(done.json, schema)
    return done.json


@pytest.mark.parametrize("protocol", ["aiplatform", "ml-engine"])
def test_the_whole_story(served, models, protocol):
    model = "wine"  # the same name on both, in one bucket

    def go(*words, code=0, schema=""):
        more = ["--protocol", protocol, "--model", model]
        done = served(*words, *more, *(["--output", "json"] if schema else []), code=code)
        return checked(done, schema) if schema else done

    first, second = str(models / "first.joblib"), str(models / "second.joblib")
    rows = ["--instances", str(models / "instances.json")]

    planned = go("plan", first, "--detailed-exitcode", code=10, schema="plan")
    made = go("deploy", first, schema="deploy")
    assert (made["result"], made["default"]) == ("created", True)
    assert [one["step"] for one in made["steps"]] == [one["step"] for one in planned["steps"]]
    before = go("predict", *rows, schema="predict")
    assert before["version"] == made["version"]

    candidate = go("deploy", second, schema="deploy")
    assert (candidate["result"], candidate["default"]) == ("created", False)
    assert go("predict", *rows, schema="predict") == before
    status = go("status", schema="status")
    assert status["default"] == made["version"]
    assert go("plan", second, "--detailed-exitcode", schema="plan")["steps"] == []

    moved = go("promote", "--because", "better", schema="promote")
    assert (moved["version"], moved["previous"]) == (candidate["version"], made["version"])
    after = go("predict", *rows, schema="predict")
    assert after["version"] == candidate["version"]
    assert after["predictions"] != before["predictions"]

    back = go("rollback", schema="rollback")
    assert back["version"] == made["version"]
    assert go("predict", *rows, schema="predict") == before
    go("rollback", code=7)

    versions = go("versions", schema="versions")["versions"]
    assert [(one["default"], one["traffic"]) for one in versions] == [(True, 100), (False, 0)]
    assert all(one["digest"].startswith("sha256:") for one in versions)
    kinds = [one["type"] for one in go("history", schema="history")["events"]]
    assert kinds.count("promoted") == 2
    assert kinds.count("rolled_back") == 1
    assert go("when", "now", schema="when")["version"] == made["version"]
    assert go("when", "2001-01-01 00:00", schema="when")["version"] in {"", None}


def test_everything_again_is_unchanged_and_writes_nothing(served, proxy, tiny, tmp_path):
    from tests.e2e.conftest import through

    line = through(served, proxy, tmp_path)
    words = ["--platform", "aiplatform", "--model", "again"]
    one, two = str(tiny / "one.joblib"), str(tiny / "two.joblib")
    line("deploy", one, *words)
    line("deploy", two, "--promote", *words)
    proxy.calls.clear()
    done = [
        line("deploy", two, *words, "--output", "json"),
        line("deploy", two, "--promote", *words, "--output", "json"),
        line("promote", "2", *words, "--output", "json"),
    ]
    assert [one.json["result"] for one in done] == ["unchanged"] * 3
    assert proxy.writes == []


@pytest.mark.parametrize("platform", ["aiplatform", "ml-engine"])
def test_overrides_stand_in_for_the_cloud_without_credentials(
    served, proxy, tiny, tmp_path, platform
):
    from tests.e2e.conftest import through

    line = through(served, proxy, tmp_path)
    words = ["--platform", platform, "--model", f"over_{platform[:2]}", "--output", "json"]
    assert line("deploy", str(tiny / "one.joblib"), *words).json["default"]
    rows = tmp_path / "rows.jsonl"
    rows.write_text("[1.0]\n[2.0]\n")
    answer = line("predict", "--instances", str(rows), *words).json
    assert answer["predictions"] == ["one", "one"]


def test_cold_commands_go_on_with_the_state_they_find(run: CommandLine, tiny: Path):
    assert "the default" in run("deploy", str(tiny / "one.joblib"), "--model", "m").out
    run("deploy", str(tiny / "two.joblib"), "--model", "m", "--promote", "--quiet")
    rows = run.folder / "rows.json"
    rows.write_text('{"instances": [[5.0]]}')
    done = run("predict", "--instances", str(rows))
    assert done.out == "two\n"
    assert "m@2 answers" in done.err
    log = next((run.folder / ".gcp-deploy").rglob("*"))
    assert log.exists()


def test_a_deploy_of_a_broken_golden_file_changes_nothing(served, tiny):
    golden = served.folder / "golden.json"
    golden.write_text('{"instances": [[1.0]], "predictions": ["other"]}')
    done = served(
        "deploy", str(tiny / "one.joblib"), "-m", "gold", "--golden", str(golden), code=12
    )
    assert 'row 0: "one" instead of "other"' in done.err
    served("status", "-m", "gold", code=2)


@pytest.mark.parametrize(
    "text", ['{"instances": [[NaN]]}', "[" * 50_000, '{"instances": [[Infinity]]}'], ids=str.__len__
)
def test_a_golden_file_that_is_no_json_is_told(served, tiny, text):
    golden = served.folder / "golden.json"
    golden.write_text(text)
    words = ["deploy", str(tiny / "one.joblib"), "-m", "gold", "--golden", str(golden)]
    assert "golden.json is not JSON" in served(*words, code=2).err


def test_new_golden_rows_for_the_default_take_no_traffic_away(served, proxy, tiny, tmp_path):
    from tests.e2e.conftest import through

    line = through(served, proxy, tmp_path)
    words = ["-m", "regold", "--platform", "aiplatform", "-o", "json"]
    line("deploy", str(tiny / "one.joblib"), *words)
    line("deploy", str(tiny / "two.joblib"), *words, "--promote")
    golden = tmp_path / "golden.json"
    golden.write_text("[[1.0], [2.5]]")
    proxy.calls.clear()
    done = line("deploy", str(tiny / "two.joblib"), *words, "--golden", str(golden)).json
    assert (done["result"], done["default"]) == ("unchanged", True)
    assert not [path for method, path in proxy.calls if method == "PATCH"]
    assert line("status", *words).json["default"] == "2"


def test_versions_are_retired_but_not_what_a_rollback_needs(served, tiny):
    for name in ("one", "two", "three"):
        served("deploy", str(tiny / f"{name}.joblib"), "-m", "old", "--promote", "--quiet")
    assert served("retire", "-m", "old", "-o", "json").json["versions"] == ["1"]
    served("retire", "2", "-m", "old", code=4)
    served("retire", "3", "-m", "old", code=6)
    assert served("rollback", "-m", "old", "-o", "json").json["version"] == "2"
