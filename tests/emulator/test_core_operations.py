"""Long-running operations: they end, whatever happens to the process that began them."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gcp_deploy.emulator import application
from gcp_deploy.emulator.application import Package
from gcp_deploy.emulator.operations import Task
from gcp_deploy.emulator.platform import Platform
from gcp_deploy.emulator.problems import failed_precondition, rpc_envelope
from gcp_deploy.emulator.routing import Routes

NAME = "projects/424242424242/locations/us-central1/operations/"
gate = threading.Event()


def echo(_platform: Platform, task: Task) -> Mapping[str, Any]:
    task.update(deploymentStage="FINISHING_UP")
    return {"got": task.arguments["value"]}


def refuse(_platform: Platform, _task: Task) -> Mapping[str, Any]:
    raise failed_precondition("Not now.")


def crash(_platform: Platform, _task: Task) -> Mapping[str, Any]:
    raise ZeroDivisionError


def wait(_platform: Platform, task: Task) -> Mapping[str, Any]:
    assert gate.wait(10)
    return {"cancelled": task.cancelled}


WORKS = {"echo": echo, "refuse": refuse, "crash": crash, "wait": wait}


def package_of(name: str) -> Package:
    if name == "test":
        return cast("Package", SimpleNamespace(ROUTES=Routes(rpc_envelope), WORKS=WORKS))
    return application.load(name)


def open_platform(directory: Path) -> Platform:
    return Platform.open(directory, package_of=package_of)


@pytest.fixture
def working(tmp_path: Path) -> Iterator[Platform]:
    gate.clear()
    with open_platform(tmp_path / "state") as platform:
        yield platform
        gate.set()


def begin(platform: Platform, work: str, *, background: bool = False) -> str:
    return platform.operations.start(
        *("test", NAME + platform.operations.new_id()),
        work=work,
        arguments={"value": 7},
        metadata={"@type": "T"},
        background=background,
    ).id


def test_short_work_is_done_at_once(working: Platform):
    found = working.operations.get(begin(working, "echo"))
    assert found is not None
    assert found.resource() == {
        "name": NAME + found.id,
        "metadata": {"@type": "T", "deploymentStage": "FINISHING_UP"},
        "done": True,
        "response": {"got": 7},
    }


@pytest.mark.parametrize(
    ("work", "code", "message"),
    [("refuse", 9, "Not now."), ("crash", 13, "Internal error encountered.")],
)
def test_failed_work_ends_in_an_error(working: Platform, work: str, code: int, message: str):
    found = working.operations.get(begin(working, work))
    assert found is not None
    assert found.resource()["error"] == {"code": code, "message": message}


def test_long_work_goes_on_in_a_thread_and_learns_of_its_cancellation(working: Platform):
    operation = begin(working, "wait", background=True)
    found = working.operations.get(operation)
    assert found is not None
    assert "done" not in found.resource()
    working.operations.cancel(operation)
    gate.set()
    found = working.operations.wait(operation, 10)
    assert found is not None
    assert found.response == {"cancelled": True}


def test_a_thread_begins_when_the_transaction_is_committed(working: Platform):
    gate.set()
    with working.state.transaction():
        operation = begin(working, "wait", background=True)
        assert operation not in working.operations._threads
    found = working.operations.wait(operation, 10)
    assert found is not None
    assert found.done


def test_waiting_gives_up_in_time(working: Platform):
    operation = begin(working, "wait", background=True)
    found = working.operations.wait(operation, 0.01)
    assert found is not None
    assert not found.done


def test_operations_are_listed_newest_first_and_deleted(working: Platform):
    first, second = begin(working, "echo"), begin(working, "refuse")
    assert [found.id for found in working.operations.list("test")] == [second, first]
    assert working.operations.list("test", prefix="projects/other/") == []
    assert working.operations.delete(first)
    assert working.operations.get(first) is None


KILLED = """
import os, signal, sys, time
from pathlib import Path
from types import SimpleNamespace
from gcp_deploy.emulator import application
from gcp_deploy.emulator.platform import Platform

def hang(platform, task):
    os.kill(os.getpid(), signal.SIGKILL)

def package_of(name):
    if name == "test":
        return SimpleNamespace(WORKS={"echo": hang})
    return application.load(name)

platform = Platform.open(Path(sys.argv[1]), package_of=package_of)
platform.operations.start("test", sys.argv[2], work="echo", arguments={"value": 7}, metadata={})
"""


def test_an_operation_whose_process_was_killed_is_done_by_the_next_reader(tmp_path: Path):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "state"), NAME + "12"]
    assert subprocess.run(command, check=False).returncode == -9
    with open_platform(tmp_path / "state") as platform:
        left = platform.operations.peek("12")
        assert left is not None
        assert not left.done
        platform.operations.get("12")
        found = platform.operations.wait("12", 10)
        assert found is not None
        assert found.response == {"got": 7}


def test_opening_the_state_goes_on_with_what_was_left(tmp_path: Path):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "state"), NAME + "12"]
    subprocess.run(command, check=False)
    with open_platform(tmp_path / "state") as platform:
        platform.start()
        found = platform.operations.wait("12", 10)
        assert found is not None
        assert found.done


def test_an_operation_of_a_living_process_is_left_alone(working: Platform):
    operation = begin(working, "wait", background=True)
    with open_platform(working.state.directory) as other:
        found = other.operations.get(operation)
        assert found is not None
        assert not found.done
        assert other.operations._threads == {}
        gate.set()
