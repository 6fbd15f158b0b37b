"""The state directory: transactions, documents, blobs, several processes, sudden death."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gcp_deploy.emulator.blobs import INLINE_LIMIT
from gcp_deploy.emulator.state import State
from gcp_deploy.errors import Conflict


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


@pytest.fixture(autouse=True)
def closed(state: State):
    yield
    state.close()


def python(code: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True
    )


def test_documents_are_kept_under_kind_and_key(state: State):
    first = state.put("model", "a/1", {"x": 1})
    state.put("model", "a/2", {"x": 2})
    state.put("model", "b/1", {})
    state.put("endpoint", "a/1", {})
    assert state.get("model", "a/1") == first
    assert [found.key for found in state.list("model", prefix="a/")] == ["a/1", "a/2"]
    assert [found.key for found in state.list("model", after="a/1", limit=1)] == ["a/2"]
    assert state.delete("model", "a/1")
    assert not state.delete("model", "a/1")
    assert state.get("model", "a/1") is None


def test_each_write_changes_the_etag_and_keeps_the_age(state: State):
    first, second = state.put("k", "x", {}), state.put("k", "x", {})
    assert first.etag != second.etag
    assert first.created == second.created < second.revision


def test_an_exception_undoes_the_whole_transaction(state: State):
    def work() -> None:
        with state.transaction():
            state.put("k", "x", {})
            with state.transaction():
                state.put("k", "y", {})
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 -- it is our own
        work()
    assert state.list("k") == []


def test_numbers_never_come_twice(state: State):
    assert [state.next_number("n") for _ in range(3)] == [1, 2, 3]
    assert state.next_number("n", at_least=100) == 100
    assert state.next_number("n", at_least=5) == 101


def test_two_processes_count_together(state: State):
    code = (
        "import sys; from pathlib import Path; from gcp_deploy.emulator.state import State\n"
        "state = State(Path(sys.argv[1]))\n"
        "for _ in range(100):\n"
        "    with state.transaction():\n"
        "        found = state.get('k', 'n')\n"
        "        state.put('k', 'n', {'n': (found.body['n'] if found else 0) + 1})\n"
        "state.close()\n"
    )
    processes = [python(code, str(state.directory)) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
    found = state.get("k", "n")
    assert found is not None
    assert found.body == {"n": 200}


def test_a_process_killed_in_a_transaction_leaves_nothing_and_no_lock(state: State):
    code = (
        "import sys, time; from pathlib import Path; from gcp_deploy.emulator.state import State\n"
        "state = State(Path(sys.argv[1]))\n"
        "with state.transaction():\n"
        "    state.put('k', 'half', {})\n"
        "    print('in', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with python(code, str(state.directory)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        process.send_signal(signal.SIGKILL)
    assert state.put("k", "whole", {}).key == "whole"
    assert [found.key for found in state.list("k")] == ["whole"]


@pytest.mark.parametrize("size", [0, 1, INLINE_LIMIT, INLINE_LIMIT + 1, 3 * INLINE_LIMIT])
def test_a_blob_is_what_was_written(state: State, size: int):
    content = os.urandom(size)
    with state.blobs.writer() as writer:
        for start in range(0, size, 10_000):
            writer.write(content[start : start + 10_000])
        blob = writer.seal()
    state.blobs.add(blob)
    found = state.blobs.get(blob.id)
    assert found is not None
    with state.blobs.open(found) as file:
        assert file.read() == content


def test_the_last_user_of_a_blob_takes_it_along(state: State):
    with state.blobs.writer() as writer:
        writer.write(b"x" * (INLINE_LIMIT + 1))
        blob = writer.seal()
    state.blobs.add(blob)
    state.blobs.add(blob)
    state.blobs.drop(blob.id)
    assert state.blobs.get(blob.id) is not None
    state.blobs.drop(blob.id)
    assert state.blobs.get(blob.id) is None
    with pytest.raises(FileNotFoundError):
        state.blobs.open(blob)


def test_what_is_not_sealed_is_forgotten(state: State):
    with state.blobs.writer() as writer:
        writer.write(b"x" * (INLINE_LIMIT + 1))
    assert list(state.folder("tmp").iterdir()) == []


def test_the_sweep_removes_what_dead_processes_left(state: State):
    left = state.folder("tmp") / f"{2**22 - 1}-1-abc"
    left.touch()
    mine = state.blobs.scratch()
    mine.touch()
    state.blobs.sweep()
    assert not left.exists()
    assert mine.exists()


def test_everything_is_private_to_the_user(state: State):
    with state.blobs.writer() as writer:
        writer.write(b"x" * (INLINE_LIMIT + 1))
        state.blobs.add(writer.seal())
    for path in (state.directory, *state.directory.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_the_state_of_a_newer_version_is_refused(state: State):
    with state.connection() as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(Conflict, match="format 99"):
        State(state.directory)


def test_a_database_that_is_a_link_is_not_followed(tmp_path: Path):
    target = tmp_path / "elsewhere"
    (tmp_path / "other" / "platform-data").mkdir(parents=True)
    (tmp_path / "other" / "platform-data" / "state.db").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        State(tmp_path / "other")
    assert not target.exists()


def test_a_folder_of_somebody_else_is_not_taken(tmp_path: Path):
    (tmp_path / "platform-data").mkdir()
    (tmp_path / "platform-data" / "table.csv").touch()
    with pytest.raises(Conflict, match="platform-data holds other files"):
        State(tmp_path)
    assert [path.name for path in (tmp_path / "platform-data").iterdir()] == ["table.csv"]


def test_readers_do_not_wait_for_a_writer(state: State):
    other = State(state.directory)
    with state.transaction():
        state.put("k", "x", {})
        assert other.list("k") == []
    assert len(other.list("k")) == 1
    other.close()


def test_a_broken_connection_is_not_lent_again(state: State):
    def broken() -> None:
        with state.connection() as connection:
            connection.execute("SELECT nonsense")

    with pytest.raises(sqlite3.OperationalError):
        broken()
    assert state.list("k") == []
