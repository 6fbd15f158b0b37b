"""Killed at any call, answers lost, two at once: the same command again ends in the same state."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.e2e.conftest import ROOT, CommandLine, kill, through

AIPLATFORM = ["--platform", "aiplatform"]


def state(line, model):
    """Return what is served, and prove that the log's chain holds."""
    words = ["--model", model, *AIPLATFORM, "--output", "json"]
    versions = line("versions", *words).json["versions"]
    status = line("status", *words).json
    assert status["differences"] == []
    digests = [one["digest"] for one in versions]
    assert len(digests) == len(set(digests)), "a version was made twice"
    return [(one["version"], one["traffic"], one["default"], one["verified"]) for one in versions]


def read_log(line, model):
    """Read the log with the standard library alone, as who has left us would."""
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "scripts" / "read_log.py"),
            f"gs://local-models/gcp-deploy/{model}",
        ],
        env={"STORAGE_EMULATOR_HOST": line.environ["STORAGE_EMULATOR_HOST"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def line(served, proxy, tmp_path):
    return through(served, proxy, tmp_path)


def is_write(method, path):
    """Reads and predictions have no effect that a kill could lose."""
    return method != "GET" and not path.partition("?")[0].endswith(":predict")


def killed_at(line, proxy, moment, write, *words):
    """Run a command and kill it at its n-th write; return False when it made fewer."""
    proxy.calls.clear()
    struck, killed = threading.Event(), threading.Event()

    def strike(_number, method, path):
        if is_write(method, path) and len(proxy.writes) == write + 1 and not struck.is_set():
            struck.set()
            killed.wait()
            return "cut"
        return None

    setattr(proxy, moment, strike)
    process = line.start(*words)
    while not struck.is_set() and process.poll() is None:
        time.sleep(0.005)
    if struck.is_set():
        kill(process)
    else:
        process.communicate()
    killed.set()
    setattr(proxy, moment, lambda *_: None)
    return struck.is_set()


# A third of the writes of a run killed before, a third after they took effect: the use cases'
# own tests on fakes kill at each, both ways.
@pytest.mark.parametrize(("moment", "first"), [("before", 0), ("after", 1)])
def test_killed_at_any_write_the_same_command_goes_on(line, proxy, tiny, moment, first):
    one, two = str(tiny / "one.joblib"), str(tiny / "two.joblib")
    for write in range(first, 100, 3):
        model = f"kill-{moment}-{write}"
        words = ["deploy", two, "-m", model, "--promote", *AIPLATFORM, "-q"]
        line("deploy", one, "-m", model, *AIPLATFORM, "-q")
        if not killed_at(line, proxy, moment, write, *words):
            break
        line(*words)
        assert state(line, model) == [("1", 0, False, True), ("2", 100, True, True)]
        read_log(line, model)
    assert write > 10


LOST = {
    "503": lambda: (503, {"Retry-After": "0"}, b'{"error": {"code": 503, "message": "busy"}}'),
    "html": lambda: (502, {"Content-Type": "text/html"}, b"<html>Bad gateway</html>"),
    "half JSON": lambda: (200, {"Content-Type": "application/json"}, b'{"name": "x'),
    "cut": lambda: "cut",
}


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_lost_answer_to_a_write_makes_no_second_version(line, proxy, tiny, fault, moment):
    model = f"lost-{fault.replace(' ', '-').lower()}-{moment}"
    line("deploy", str(tiny / "one.joblib"), "-m", model, *AIPLATFORM, "-q")
    words = ["deploy", str(tiny / "two.joblib"), "-m", model, "--promote", *AIPLATFORM, "-q"]
    left = {":deployModel", "models:upload", ":mergeVersionAliases", "endpoints"}
    proxy.calls.clear()

    def lose(_number, method, path):
        bare = path.partition("?")[0]
        for end in sorted(left):
            if method in {"POST", "PATCH"} and bare.endswith(end):
                left.discard(end)
                return LOST[fault]()
        return None

    setattr(proxy, moment, lose)
    done = line(*words, code=None)
    assert done.code in {0, 75}, done.err
    setattr(proxy, moment, lambda *_: None)
    assert len(left) < 4, "no fault was met"
    line(*words)
    rows = state(line, model)
    assert [(row[0], row[1]) for row in rows] == [("1", 0), ("2", 100)]


def test_a_platform_that_ignores_the_change_is_a_failure_and_the_old_version_serves(
    line, proxy, tiny
):
    words = ["-m", "deaf", *AIPLATFORM]
    line("deploy", str(tiny / "one.joblib"), *words, "-q")
    line("deploy", str(tiny / "two.joblib"), *words, "-q")
    shown = json.dumps({"name": "projects/1/locations/us-central1/endpoints/deaf"}).encode()

    def deaf(_number, method, _path):
        if method == "PATCH":
            return 200, {"Content-Type": "application/json"}, shown
        return None

    proxy.before = deaf
    done = line("promote", "2", *words, code=8)
    assert "accepted the change, but" in done.err
    proxy.before = lambda *_: None
    assert line("status", *words, "-o", "json").json["default"] == "1"
    line("promote", "2", *words)


def test_of_two_deploys_at_once_each_wins_or_says_so(served, tiny):
    served("deploy", str(tiny / "one.joblib"), "-m", "crowd", "-q")
    started = [
        served.start("deploy", str(tiny / f"{name}.joblib"), "-m", "crowd", "--promote")
        for name in ("two", "three")
    ]
    codes = []
    for process in started:
        process.communicate(timeout=120)
        codes.append(process.returncode)
    assert set(codes) <= {0, 6}
    assert 0 in codes
    rows = served("versions", "-m", "crowd", "-o", "json").json["versions"]
    assert sum(row["traffic"] for row in rows) == 100
    assert sum(row["default"] for row in rows) == 1
    served("history", "-m", "crowd")


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_deploy_says_so_and_goes_on(line, proxy, tiny, how, code):
    model = f"stop-{code}"
    words = ["deploy", str(tiny / "one.joblib"), "-m", model, *AIPLATFORM]
    reached = threading.Event()

    def slow(_number, method, path):
        if method == "GET" and "/operations/" in path and not reached.is_set():
            reached.set()
            body = {"name": path.partition("?")[0].removeprefix("/v1/"), "metadata": {}}
            return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()
        return None

    proxy.before = slow
    process = line.start(*words)
    assert reached.wait(60)
    process.send_signal(how)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert "Traceback" not in err
    proxy.before = lambda *_: None
    assert line(*words, "-o", "json").json["default"]


def test_a_timeout_ends_with_124_and_names_the_operation(line, proxy, tiny):
    words = ["deploy", str(tiny / "one.joblib"), "-m", "slow", *AIPLATFORM]

    def never(_number, method, path):
        if method == "GET" and "/endpoints/" in path and "/operations/" in path:
            body = {"name": path.partition("?")[0].removeprefix("/v1/"), "metadata": {}}
            return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()
        return None

    proxy.before = never
    done = line(*words, "--timeout", "4s", code=124)
    proxy.before = lambda *_: None
    name = done.err.split("operations wait ")[1].split()[0]
    line("operations", "wait", name, *AIPLATFORM)
    assert line(*words, "-o", "json").json["default"]


def test_a_kill_while_a_share_is_lent_is_repaired_by_a_deploy_of_something_else(line, proxy, tiny):
    words = ["-m", "lent", *AIPLATFORM, "-q"]
    line("deploy", str(tiny / "one.joblib"), *words)
    reached, killed = threading.Event(), threading.Event()

    def strike(_number, method, _path):
        if method == "PATCH" and not reached.is_set():
            reached.set()
            killed.wait()
            return "cut"
        return None

    proxy.after = strike
    process = line.start("deploy", str(tiny / "two.joblib"), *words)
    assert reached.wait(60)
    kill(process)
    killed.set()
    proxy.after = lambda *_: None
    assert "did not take its share back" in line("status", *words[:-1]).out
    line("deploy", str(tiny / "three.joblib"), *words)
    shares = line("versions", *words, "-o", "json").json["versions"]
    assert [one["traffic"] for one in shares] == [100, 0, 0]


def test_a_platform_that_dies_in_the_middle_is_noticed_soon(tiny, tmp_path):
    line = CommandLine(tmp_path)
    pid = line("local", "up", "-o", "json").json["pid"]
    process = line.start("deploy", str(tiny / "one.joblib"), "-m", "m")
    assert process.stderr
    for text in process.stderr:
        if text.startswith("register"):
            os.kill(pid, signal.SIGKILL)
            break
    _, err = process.communicate(timeout=60)
    assert process.returncode == 75, err
    assert line("deploy", str(tiny / "one.joblib"), "-m", "m", "-o", "json").json["default"]


def test_without_waiting_the_next_run_goes_on(served, tiny):
    words = ["deploy", str(tiny / "one.joblib"), "-m", "nowait", "-o", "json"]
    left = served(*words, "--no-wait").json
    assert left["operation"]
    assert not left["default"]
    served("operations", "wait", left["operation"])
    assert served(*words).json["default"]
