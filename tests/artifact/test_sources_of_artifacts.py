"""Where an artifact may come from, and what is said of its bytes."""

import base64
import hashlib
import io
import os

import google_crc32c
import pytest
from sklearn.linear_model import LogisticRegression

from gcp_deploy.artifact import inspect_artifact
from gcp_deploy.errors import UsageError


@pytest.fixture
def data(dump):
    return dump(LogisticRegression())


def test_missing_file_is_told_with_one_that_is_there(tmp_path, data):
    (tmp_path / "model.joblib").write_bytes(data)
    with pytest.raises(UsageError, match=r"no such file.*modle\.joblib") as raised:
        inspect_artifact(tmp_path / "modle.joblib")
    assert "model.joblib" in raised.value.hint


def test_missing_file_in_an_empty_folder_is_told_how_to_write_one(tmp_path):
    with pytest.raises(UsageError, match="no such file") as raised:
        inspect_artifact(str(tmp_path / "model.joblib"))
    assert "joblib.dump" in raised.value.hint


def test_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="a directory, not a file"):
        inspect_artifact(tmp_path)


def test_pipe_is_refused_without_waiting_for_its_other_end(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="not a regular file"):
        inspect_artifact(tmp_path / "pipe")


def test_device_is_refused():
    with pytest.raises(UsageError, match="not a regular file"):
        inspect_artifact("/dev/zero")


def test_path_with_a_zero_byte_is_refused():
    with pytest.raises(UsageError, match="cannot be read"):
        inspect_artifact("a\0b")


def test_link_to_a_file_is_followed(tmp_path, data):
    (tmp_path / "model.joblib").write_bytes(data)
    (tmp_path / "link").symlink_to(tmp_path / "model.joblib")
    assert inspect_artifact(tmp_path / "link").size == len(data)


def test_digest_size_and_checksum_are_those_of_the_file(data):
    report = inspect_artifact(io.BytesIO(data))
    assert report.digest.hex == hashlib.sha256(data).hexdigest()
    assert report.size == len(data)
    checksum = google_crc32c.value(data).to_bytes(4, "big")
    assert report.crc32c == base64.b64encode(checksum).decode()


def test_digest_is_of_the_whole_file_also_when_reading_stops_early():
    data = b"\x80\x04P\n" + bytes(3_000_000)
    report = inspect_artifact(io.BytesIO(data))
    assert report.digest.hex == hashlib.sha256(data).hexdigest()
    assert report.size == len(data)


def test_open_file_is_read_from_where_it_stands_and_left_open(data):
    file = io.BytesIO(b"before" + data)
    file.seek(6)
    assert inspect_artifact(file).size == len(data)
    assert not file.closed
