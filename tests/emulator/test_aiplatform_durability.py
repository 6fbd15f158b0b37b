"""What outlives a restart, a kill and a crowd."""

import os
import signal
import subprocess
import sys
import threading

import pytest
import requests

from gcp_deploy.emulator.aiplatform import rules
from gcp_deploy.emulator.platform import Platform
from tests.emulator.aiplatform_driver import PLACE, RESOURCES, Driver

SERVER = """
import sys
from pathlib import Path
from gcp_deploy.emulator.aiplatform import rules
from gcp_deploy.emulator.platform import Platform

platform = Platform.open(Path(sys.argv[1]))
rules.change(platform, rules.Rules(stage_seconds=float(sys.argv[2])))
platform.start()
print(platform.urls["aiplatform"], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def api(http, url):
    return Driver(http, url)


def test_everything_survives_a_restart(tmp_path, http):
    with Platform.open(tmp_path / "state") as platform:
        platform.start()
        api = Driver(http, platform.urls["aiplatform"])
        api.upload("churn", labels={"env": "prod"})
        api.endpoint("e")
        identity = api.deploy("e", "churn", {"0": 100})
        model, endpoint = api.done("GET", "models/churn"), api.done("GET", "endpoints/e")
    with Platform.open(tmp_path / "state") as platform:
        platform.start()
        api = Driver(http, platform.urls["aiplatform"])
        assert api.done("GET", "models/churn") == model
        assert api.done("GET", "endpoints/e") == endpoint
        assert api.predict("e")[1]["deployedModelId"] == identity
        assert len(api.done("GET", "operations")["operations"]) == 3


@pytest.mark.parametrize("content", ["good", "bad"])
def test_a_deployment_killed_in_the_middle_ends_after_the_restart(tmp_path, http, content):
    state = tmp_path / "state"
    command = [sys.executable, "-c", SERVER, str(state), "60"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        api = Driver(http, server.stdout.readline().strip())
        api.upload("churn")
        if content == "bad":
            api.store("bad/model.joblib", b"no pickle")
            api.upload("churn", into=True, artifactUri="gs://local-models/bad")
        api.endpoint("e")
        deployed = {
            "model": f"{PLACE}/models/churn@{2 if content == 'bad' else 1}",
            "id": "77",
            **RESOURCES,
        }
        body = {"deployedModel": deployed, "trafficSplit": {"0": 100}}
        operation = api.call("POST", "endpoints/e:deployModel", body)[1]
        os.kill(server.pid, signal.SIGKILL)
    with Platform.open(state) as platform:
        rules.change(platform, rules.Rules())
        platform.start()
        api = Driver(http, platform.urls["aiplatform"])
        ended = api.wait(operation)
        if content == "good":
            assert ended["response"]["deployedModel"]["id"] == "77"
            assert api.predict("e")[1]["deployedModelId"] == "77"
        else:
            assert ended["error"]["code"] == 9
            assert "deployedModels" not in api.done("GET", "endpoints/e")
        assert api.call("POST", "endpoints/e:deployModel", {"deployedModel": {}})[0] == 400


def test_of_two_deployments_at_once_one_is_refused_and_the_other_stands(api, platform):
    rules.change(platform, rules.Rules(stage_seconds=0.02))
    api.upload("churn")
    api.endpoint("e")
    body = {"deployedModel": {"model": f"{PLACE}/models/churn", **RESOURCES}}
    answers = []

    def deploy():
        with requests.Session() as session:
            session.trust_env = False
            answers.append(Driver(session, api.url).call("POST", "endpoints/e:deployModel", body))

    threads = [threading.Thread(target=deploy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in answers) == [200, 400, 400, 400]
    (started,) = [answer for status, answer in answers if status == 200]
    identity = api.wait(started)["response"]["deployedModel"]["id"]
    assert [one["id"] for one in api.done("GET", "endpoints/e")["deployedModels"]] == [identity]


def test_uploads_at_once_get_different_versions(api):
    api.upload("churn")
    numbers = []

    def upload():
        with requests.Session() as session:
            session.trust_env = False
            answer = Driver(session, api.url).upload("churn", into=True)
            numbers.append(answer["modelVersionId"])

    threads = [threading.Thread(target=upload) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == ["2", "3", "4", "5", "6", "7"]


def test_a_work_done_twice_gives_the_same_answer(api, platform):
    from gcp_deploy.emulator.aiplatform import WORKS
    from gcp_deploy.emulator.operations import Task

    api.upload("churn")
    api.endpoint("e")
    body = {"deployedModel": {"model": f"{PLACE}/models/churn", **RESOURCES}}
    ended = api.wait(api.call("POST", "endpoints/e:deployModel", body)[1])
    operation = ended["name"].rpartition("/")[2]
    with platform.state.connection() as connection:
        (arguments,) = connection.execute(
            "SELECT arguments FROM operations WHERE id = ?", (operation,)
        ).fetchone()
    import json

    task = Task(platform.operations, operation, json.loads(arguments))
    api.done(
        "POST",
        "endpoints/e:undeployModel",
        {"deployedModelId": ended["response"]["deployedModel"]["id"]},
    )
    assert WORKS["deploy"](platform, task) == ended["response"]
    assert "deployedModels" not in api.done("GET", "endpoints/e")
