"""The real google-cloud-storage client cannot tell; and two processes, and sudden death."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import Conflict, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from gcp_deploy.emulator.platform import Platform


def client_of(url: str) -> Client:
    return Client(
        project="local-project",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": url},
    )


@pytest.fixture
def client(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    client = client_of(url)
    yield client
    client.close()


@pytest.fixture
def bucket(client: Client) -> Any:
    return client.bucket("local-models")


@pytest.mark.parametrize("size", [0, 100, 9 << 20])
@pytest.mark.parametrize("chunk", [None, 1 << 20])
def test_contents_come_back_checked(bucket: Any, size: int, chunk: int | None):
    content = os.urandom(size)
    blob = bucket.blob("a/b", chunk_size=chunk)
    blob.metadata = {"sha": "x"}
    blob.upload_from_string(content, if_generation_match=0)
    again = bucket.get_blob("a/b")
    assert (again.size, again.metadata, again.crc32c) == (size, {"sha": "x"}, blob.crc32c)
    assert bucket.blob("a/b", chunk_size=chunk).download_as_bytes() == content


def test_a_part_is_downloaded(bucket: Any):
    bucket.blob("x").upload_from_string(b"0123456789")
    assert bucket.blob("x").download_as_bytes(start=2, end=4) == b"234"


def test_create_only_uploads_meet_what_is_there(bucket: Any):
    blob = bucket.blob("x")
    blob.upload_from_string(b"1", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        blob.upload_from_string(b"2", if_generation_match=0)
    blob.upload_from_string(b"2", if_generation_match=blob.generation)
    assert blob.download_as_bytes() == b"2"


def test_objects_are_listed_patched_composed_renamed_and_deleted(client: Any, bucket: Any):
    for name in ("a/1", "a/2", "b"):
        bucket.blob(name).upload_from_string(name)
    pages = client.list_blobs(bucket, delimiter="/", page_size=1)
    assert ([blob.name for blob in pages], pages.prefixes) == (["b"], {"a/"})
    blob = bucket.get_blob("b")
    blob.metadata = {"k": "v"}
    blob.patch()
    assert (blob.metageneration, bucket.get_blob("b").metadata) == (2, {"k": "v"})
    whole = bucket.blob("whole")
    whole.compose([bucket.blob("a/1"), bucket.blob("a/2")])
    assert whole.download_as_bytes() == b"a/1a/2"
    token, done, total = bucket.blob("copy").rewrite(whole)
    assert (token, done, total) == (None, 6, 6)
    renamed = bucket.rename_blob(bucket.blob("copy"), "moved")
    assert renamed.download_as_bytes() == b"a/1a/2"
    assert not bucket.blob("copy").exists()
    renamed.delete()
    with pytest.raises(NotFound):
        renamed.delete()


def test_buckets_are_made_and_deleted(client: Any):
    made = client.create_bucket("second-bucket")
    with pytest.raises(Conflict):
        client.create_bucket("second-bucket")
    made.blob("x").upload_from_string("x")
    with pytest.raises(Conflict, match="not empty"):
        made.delete()
    made.delete(force=True)
    assert client.lookup_bucket("second-bucket") is None


WRITER = """
import sys
from pathlib import Path
import requests
from gcp_deploy.emulator.platform import Platform
with Platform.open(Path(sys.argv[1])) as platform, requests.Session() as http:
    platform.start()
    base = platform.urls["storage"] + "/upload/storage/v1/b/local-models/o?uploadType=media&name="
    made = 0
    for number in range(40):
        mine = http.post(f"{base}{sys.argv[2]}-{number}", data=b"x" * 70_000)
        assert mine.status_code == 200
        both = http.post(f"{base}shared-{number}&ifGenerationMatch=0", data=sys.argv[2].encode())
        assert both.status_code in (200, 412)
        made += both.status_code == 200
    print(made)
"""


def test_two_processes_write_one_state_and_one_of_them_creates(platform: Platform, bucket: Any):
    directory = str(platform.state.directory)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, directory, name], stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    made = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(made) == 40
    found = list(bucket.list_blobs())
    assert len(found) == 120
    assert len({blob.generation for blob in found}) == 120
    assert bucket.blob("one-7").download_as_bytes() == b"x" * 70_000


KILLED = """
import sys
from pathlib import Path
from gcp_deploy.emulator.platform import Platform
platform = Platform.open(Path(sys.argv[1]))
platform.start()
print(platform.urls["storage"], flush=True)
sys.stdin.read()
"""


def test_a_kill_during_an_upload_leaves_nothing_half(tmp_path: Path):
    directory = tmp_path / "state"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        host, _, port = process.stdout.readline().strip().removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(
                b"POST /upload/storage/v1/b/local-models/o?uploadType=media&name=x HTTP/1.1\r\n"
                b"Host: localhost\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 5_000_000
            )
            process.send_signal(signal.SIGKILL)
            process.wait(20)
    with Platform.open(directory) as platform:
        platform.state.blobs.sweep()
        assert platform.state.get("platform", "bucket") is not None
        left = [
            path
            for path in (directory / "platform-data").rglob("*")
            if path.stat().st_size > 4_000_000
        ]
        assert left == []
        with platform.state.connection() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT count(*) FROM objects").fetchone() == (0,)
