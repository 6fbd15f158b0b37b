"""``init``, ``inspect`` and ``local``: what needs no connection."""

import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import joblib
import pytest
from sklearn.linear_model import LogisticRegression

import gcp_deploy.emulator
from gcp_deploy.settings.example import example

PLATFORM = {
    "schema_version": 1,
    "pid": 4711,
    "urls": {
        "storage": "http://127.0.0.1:8080",
        "aiplatform": "http://127.0.0.1:8080",
        "ml": "http://127.0.0.1:8080",
    },
    "project": "local-project",
    "project_number": "123456789012",
    "region": "us-central1",
    "bucket": "local-models",
}


@pytest.fixture
def server(monkeypatch):
    """Stands for ``gcp_deploy.emulator.server``."""
    calls: list[Any] = []
    module: Any = ModuleType("gcp_deploy.emulator.server")
    module.calls = calls
    module.platform = None

    def spawn(state, *, port, timeout):
        calls.append(("spawn", state, port, timeout))
        return PLATFORM

    def serve(state, *, port, ready):
        calls.append(("serve", state, port))
        ready(PLATFORM)

    module.__dict__.update(
        spawn=spawn,
        serve=serve,
        stop=lambda state: calls.append(("stop", state)),
        reset=lambda state: calls.append(("reset", state)),
        running=lambda state: module.platform,
    )
    monkeypatch.setitem(sys.modules, "gcp_deploy.emulator.server", module)
    monkeypatch.setattr(gcp_deploy.emulator, "server", module, raising=False)
    return module


def test_init_writes_the_example_once(cli, nowhere, obeys):
    done = cli("init", "--output", "json")
    assert done.code == 0
    obeys(done.json, "init")
    assert (nowhere / "gcp-deploy.toml").read_text() == example()
    (nowhere / "gcp-deploy.toml").write_text('model = "mine"\n')
    again = cli("init")
    assert (again.code, again.out) == (2, "")
    assert f"{nowhere / 'gcp-deploy.toml'} exists already" in again.err
    assert (nowhere / "gcp-deploy.toml").read_text() == 'model = "mine"\n'


def test_init_can_print(cli, nowhere):
    assert cli("init", "--print").out == example()
    assert not list(nowhere.iterdir())


def test_init_says_where_it_cannot_write(cli, nowhere):
    (nowhere / "gcp-deploy.toml").symlink_to(nowhere / "nowhere" / "file")
    done = cli("init")
    assert done.code == 2
    assert "gcp-deploy.toml" in done.err


def test_local_up_shows_the_contract(cli, server, obeys, nowhere):
    done = cli("local", "up", "--port", "0", "--state", "here", "--output", "json")
    obeys(done.json, "local_up")
    assert done.json == PLATFORM
    assert server.calls == [("spawn", nowhere / "here", 0, timedelta(seconds=30))]


def test_local_up_in_the_foreground_shows_it_when_it_is_ready(cli, server, nowhere):
    done = cli("local", "up", "--port", "8080", "--foreground")
    assert server.calls == [("serve", nowhere / ".gcp-deploy", 8080)]
    assert done.out.splitlines() == [
        "running as process 4711",
        "storage:    http://127.0.0.1:8080",
        "aiplatform: http://127.0.0.1:8080",
        "ml:         http://127.0.0.1:8080",
        "project:    local-project (123456789012)",
        "region:     us-central1",
        "bucket:     local-models",
    ]


@pytest.mark.parametrize("running", [True, False])
def test_local_status_and_down(running, cli, server, obeys, nowhere):
    server.platform = PLATFORM if running else None
    status = cli("local", "status", "-o", "json").json
    obeys(status, "local_status")
    assert (status["running"], status["state"]) == (running, str(nowhere / ".gcp-deploy"))
    assert ("not running" in cli("local", "status").out) is not running
    down = cli("local", "down", "-o", "json").json
    obeys(down, "local_down")
    assert down["stopped"] is running


def test_local_reset_stops_first(cli, server, obeys, nowhere):
    obeys(cli("local", "reset", "-o", "json").json, "local_reset")
    state = nowhere / ".gcp-deploy"
    assert server.calls == [("stop", state), ("reset", state)]


@pytest.fixture
def artifact(nowhere):
    path = nowhere / "model.joblib"
    joblib.dump(LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"]), path)
    return path


def test_inspect_shows_what_is_inside(cli, artifact, obeys):
    document = cli("inspect", str(artifact), "-o", "json")
    assert document.code == 0
    obeys(document.json, "inspect")
    out = cli("inspect", "model.joblib").out
    assert out.startswith("verdict:      safe\ndigest:       sha256:")
    assert "classes:      no, yes\n" in out
    assert out.endswith("\nmodel: LogisticRegression\n")


class Payload:
    def __reduce__(self):
        return (print, ("never",))


def test_inspect_of_an_unsafe_file_shows_why_and_ends_with_12(cli, nowhere):
    joblib.dump(Payload(), nowhere / "evil.joblib")
    done = cli("inspect", "evil.joblib")
    assert done.code == 12
    assert done.out.startswith("verdict:      unsafe")
    assert "never" not in done.out.splitlines()
    assert done.err.startswith("error: evil.joblib: unsafe artifact: builtins.print")


@pytest.mark.parametrize(
    ("name", "code"), [("missing.joblib", 2), (".", 2), ("empty.joblib", 12), ("text.joblib", 12)]
)
def test_inspect_of_what_is_no_artifact_names_it(name, code, cli, nowhere):
    Path("empty.joblib").touch()
    Path("text.joblib").write_text("hello")
    done = cli("inspect", name)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")
    assert name in done.err.splitlines()[0]


def test_a_real_server_goes_up_is_found_and_goes_down(cli, obeys, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(gcp_deploy.__file__).parents[1]))
    up = cli("local", "up", "-o", "json")
    try:
        assert up.code == 0, up.err
        obeys(up.json, "local_up")
        status = cli("local", "status", "-o", "json").json
        obeys(status, "local_status")
        assert (status["running"], status["pid"]) == (True, up.json["pid"])
        assert cli("local", "up", "-o", "json").json["pid"] == up.json["pid"]
    finally:
        down = cli("local", "down", "-o", "json").json
    assert down["stopped"] is True
    assert cli("local", "status", "-o", "json").json["running"] is False


def test_a_state_directory_that_cannot_be_made_is_told(cli, server, nowhere):
    def spawn(*_, **__):
        raise PermissionError(13, "Permission denied")

    server.spawn = spawn
    done = cli("local", "up", "--state", "elsewhere")
    assert done.code == 2
    assert f"cannot keep its state in {nowhere / 'elsewhere'}: Permission denied" in done.err
