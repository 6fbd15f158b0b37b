"""The platform as a server process: start, find, stop, forget."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from gcp_deploy.emulator import server
from gcp_deploy.emulator.clock import SystemClock
from gcp_deploy.emulator.processes import ProcessId
from gcp_deploy.errors import Conflict

PATIENCE = timedelta(seconds=30)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    server.stop(tmp_path / "state")


def gone(pid: int) -> bool:
    process, clock = ProcessId.of(pid), SystemClock()
    deadline = clock.monotonic() + 20
    while process.alive() and clock.monotonic() < deadline:
        clock.sleep(0.01)
    return not process.alive()


def test_a_server_is_started_found_and_stopped(directory: Path, http: requests.Session):
    assert server.running(directory) is None
    started = server.spawn(directory, port=0, timeout=PATIENCE)
    assert server.running(directory) == started
    shown = http.get(started["urls"]["storage"]).json()
    assert shown == {key: started[key] for key in shown}
    assert set(shown["urls"]) == {"storage", "aiplatform", "ml"}
    assert stat.S_IMODE((directory / "platform.json").stat().st_mode) == 0o600
    server.stop(directory)
    assert server.running(directory) is None
    assert not (directory / "platform.json").exists()
    assert gone(started["pid"])


def test_a_second_start_gives_the_server_that_runs(directory: Path):
    started = server.spawn(directory, port=0, timeout=PATIENCE)
    assert server.spawn(directory, port=0, timeout=PATIENCE) == started


def test_two_starts_at_once_give_one_server(directory: Path):
    found: list[dict[str, Any]] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(server.spawn(directory, port=0, timeout=PATIENCE))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]


def test_a_second_server_on_the_state_is_refused_and_names_the_first(directory: Path):
    started = server.spawn(directory, port=0, timeout=PATIENCE)
    with pytest.raises(Conflict, match=f"process {started['pid']}"):
        server.serve(directory, port=0, ready=lambda _description: None)
    with pytest.raises(Conflict, match=f"process {started['pid']}"):
        server.reset(directory)


def test_a_killed_server_is_known_to_be_dead_and_its_objects_live(
    directory: Path, http: requests.Session
):
    first = server.spawn(directory, port=0, timeout=PATIENCE)
    upload = "/upload/storage/v1/b/local-models/o?uploadType=media&name=x"
    http.post(first["urls"]["storage"] + upload, data=b"kept").raise_for_status()
    os.kill(first["pid"], signal.SIGKILL)
    assert gone(first["pid"])
    assert server.running(directory) is None
    second = server.spawn(directory, port=0, timeout=PATIENCE)
    url = f"{second['urls']['storage']}/storage/v1/b/local-models/o/x?alt=media"
    assert http.get(url).content == b"kept"


def test_a_reused_process_number_is_not_taken_for_the_server(directory: Path):
    directory.mkdir()
    body = {"schema_version": 1, "pid": os.getpid(), "process_started": "before"}
    (directory / "platform.json").write_text(json.dumps(body))
    assert server.running(directory) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"pid": 1}', '{"pid": "x", "process_started": 1}']
)
def test_a_broken_description_is_no_server(directory: Path, text: str):
    directory.mkdir()
    (directory / "platform.json").write_text(text)
    assert server.running(directory) is None


def test_a_taken_port_is_told(directory: Path, tmp_path: Path):
    started = server.spawn(directory, port=0, timeout=PATIENCE)
    port = int(started["urls"]["ml"].rpartition(":")[2])
    with pytest.raises(Conflict, match=f"port {port} cannot be used"):
        server.spawn(tmp_path / "other", port=port, timeout=PATIENCE)


def test_the_foreground_server_ends_on_sigterm_with_code_zero(directory: Path):
    command = [sys.executable, "-m", "gcp_deploy.emulator", "--state", str(directory)]
    with subprocess.Popen(command) as process:
        clock = SystemClock()
        while server.running(directory) is None and process.poll() is None:
            clock.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_reset_forgets_everything_that_is_ours_alone(directory: Path, http: requests.Session):
    started = server.spawn(directory, port=0, timeout=PATIENCE)
    upload = "/upload/storage/v1/b/local-models/o?uploadType=media&name=x"
    http.post(started["urls"]["storage"] + upload, data=b"x").raise_for_status()
    server.stop(directory)
    (directory / "notes.txt").write_text("mine")
    server.reset(directory)
    assert not (directory / "platform-data").exists()
    assert (directory / "notes.txt").read_text() == "mine"


def test_reset_of_nothing_is_fine(tmp_path: Path):
    server.reset(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_reset_leaves_a_data_folder_that_is_not_ours(tmp_path: Path):
    (tmp_path / "platform-data").mkdir()
    (tmp_path / "platform-data" / "table.csv").touch()
    server.reset(tmp_path)
    assert (tmp_path / "platform-data" / "table.csv").exists()


def test_importing_the_package_is_light():
    code = "import sys, gcp_deploy.emulator; print(len([m for m in sys.modules if 'sqlite' in m]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "0\n"
