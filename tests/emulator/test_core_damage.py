"""What damage to the state directory does: it is told, and there is a way out."""

from datetime import timedelta

import pytest

from gcp_deploy.emulator import server
from gcp_deploy.emulator.state import DATA, State
from gcp_deploy.errors import Conflict
from gcp_deploy.settings.local import running_platform


@pytest.fixture
def directory(tmp_path):
    yield tmp_path / "state"
    server.stop(tmp_path / "state")


@pytest.mark.parametrize("content", ["", "{}", "[]", "garbage", '{"pid": 1}', None], ids=repr)
def test_a_server_is_found_and_ended_although_its_description_is_lost(directory, content):
    started = server.spawn(directory, port=0, timeout=timedelta(seconds=30))
    description = directory / server.DESCRIPTION
    description.unlink()
    if content is not None:
        description.write_text(content)
    assert server.running(directory) == started
    assert server.spawn(directory, port=0, timeout=timedelta(seconds=30)) == started
    seen = running_platform(directory)
    assert seen
    assert seen.pid == started["pid"]
    server.stop(directory)
    assert server.running(directory) is None


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\0" + b"x" * 5000])
def test_a_damaged_database_is_told_with_the_way_out(directory, content):
    State(directory).close()
    (directory / DATA / "state.db").write_bytes(content)
    for left in (directory / DATA).glob("state.db-*"):
        left.unlink()
    with pytest.raises(Conflict, match="is damaged") as caught:
        State(directory)
    assert "local reset" in caught.value.hint
    server.reset(directory)
    State(directory).close()
