"""Whether an embedded platform is running on a state directory."""

import json
import os
import subprocess
import sys

import pytest

from gcp_deploy.settings import LocalPlatform, running_platform
from gcp_deploy.settings.local import process_start

CONTENT = {
    "schema_version": 1,
    "urls": dict.fromkeys(("storage", "aiplatform", "ml"), "http://127.0.0.1:9000/"),
    "project": "local-project",
    "project_number": "123456789012",
    "region": "us-central1",
    "bucket": "local-models",
}


def write(tmp_path, **changes):
    (tmp_path / "platform.json").write_text(json.dumps(CONTENT | {"pid": os.getpid()} | changes))


def test_a_live_process_is_a_running_platform(tmp_path):
    write(tmp_path)
    assert running_platform(tmp_path) == LocalPlatform(
        pid=os.getpid(),
        urls=dict.fromkeys(("storage", "aiplatform", "ml"), "http://127.0.0.1:9000"),
        project="local-project",
        project_number="123456789012",
        region="us-central1",
        bucket="local-models",
    )


@pytest.fixture
def dead():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_dead_process_is_none(tmp_path, dead):
    write(tmp_path, pid=dead)
    assert running_platform(tmp_path) is None


@pytest.mark.skipif(not process_start(os.getpid()), reason="no /proc here")
def test_a_pid_that_was_given_to_another_process_is_none(tmp_path):
    write(tmp_path, process_started=process_start(os.getpid()))
    assert running_platform(tmp_path)
    write(tmp_path, process_started="1")
    assert running_platform(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"schema_version": 2}', json.dumps(CONTENT), '{"schema_version": 1}'],
)
def test_a_file_that_says_nothing_is_none(tmp_path, text):
    (tmp_path / "platform.json").write_text(text)
    assert running_platform(tmp_path) is None


@pytest.mark.parametrize("pid", [0, -1, 2**70, "x", None])
def test_a_pid_that_is_none_is_none(tmp_path, pid):
    write(tmp_path, pid=pid)
    assert running_platform(tmp_path) is None


def test_no_file_is_none(tmp_path):
    assert running_platform(tmp_path) is None
    assert running_platform(tmp_path / "missing") is None
