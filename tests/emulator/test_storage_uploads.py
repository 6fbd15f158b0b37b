"""Uploads by media, in two parts, and in resumable sessions."""

import base64
import hashlib
import json
import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from gcp_deploy.emulator.clock import SystemClock
from gcp_deploy.emulator.platform import Platform

QUANTUM = 256 * 1024
Store = Callable[..., requests.Response]
EMPTY_MD5 = base64.b64encode(hashlib.md5(b"").digest()).decode()


@pytest.fixture
def session(http: requests.Session, url: str) -> Callable[..., str]:
    """Begin a resumable upload and return its address."""

    def begin(
        name: str = "big",
        *,
        path: str = "/upload",
        headers: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        **query: str,
    ) -> str:
        answer = http.post(
            f"{url}{path}/storage/v1/b/local-models/o",
            params={"uploadType": "resumable", "name": name, **query},
            headers=headers,
            json=body,
        )
        answer.raise_for_status()
        return answer.headers["Location"]

    return begin


def put(
    http: requests.Session, session: str, content: bytes, stretch: str, **headers: str
) -> requests.Response:
    return http.put(session, data=content, headers={"Content-Range": stretch, **headers})


def read(http: requests.Session, url: str, name: str) -> bytes:
    return http.get(f"{url}/download/storage/v1/b/local-models/o/{name}?alt=media").content


def test_media_uploads_make_the_resource_the_api_documents(store: Store, url: str):
    shown = store("a/b c.bin", b"", ifGenerationMatch="0").json()
    generation = shown["generation"]
    assert shown == {
        "kind": "storage#object",
        "id": f"local-models/a/b c.bin/{generation}",
        "selfLink": f"{url}/storage/v1/b/local-models/o/a%2Fb%20c.bin",
        "mediaLink": f"{url}/download/storage/v1/b/local-models/o/a%2Fb%20c.bin"
        f"?generation={generation}&alt=media",
        "name": "a/b c.bin",
        "bucket": "local-models",
        "generation": generation,
        "metageneration": "1",
        "storageClass": "STANDARD",
        "contentType": "application/octet-stream",
        "size": "0",
        "md5Hash": EMPTY_MD5,
        "crc32c": "AAAAAA==",
        "etag": shown["etag"],
        "timeCreated": shown["timeCreated"],
        "updated": shown["timeCreated"],
        "timeStorageClassUpdated": shown["timeCreated"],
    }


@pytest.mark.parametrize("quoted", ["{}", '"{}"', "'{}'"])
@pytest.mark.parametrize("line", ["\r\n", "\n"])
@pytest.mark.parametrize("content", [b"", b"\r\n--bo", b"a\n--b\r", b"x" * 700_000 + b"\r\n"])
def test_two_part_uploads_are_read_as_every_client_writes_them(
    http: requests.Session, url: str, quoted: str, line: str, content: bytes
):
    mark, end = "===============7==", line.encode()
    parts = [
        f"--{mark}".encode(),
        b"Content-Type: application/json",
        b"",
        b'{"name":"x","size":"3"}',
    ]
    parts += [f"--{mark}".encode(), b"Content-Type: text/csv", b"", content, f"--{mark}--".encode()]
    answer = http.post(
        f"{url}/upload/storage/v1/b/local-models/o?uploadType=multipart",
        data=end.join(parts),
        headers={"Content-Type": "multipart/related; boundary=" + quoted.format(mark)},
    )
    assert (answer.status_code, answer.json()["contentType"]) == (200, "text/csv")
    assert read(http, url, "x") == content


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/related", b"--b\r\n\r\n{}\r\n--b\r\n\r\nx\r\n--b--"),
        ("text/plain", b"--b\r\n\r\n{}\r\n--b\r\n\r\nx\r\n--b--"),
        ("multipart/related; boundary=b", b""),
        ("multipart/related; boundary=b", b"--c\r\n\r\n{}\r\n--c--"),
        ("multipart/related; boundary=b", b'--b\r\n\r\n{"name":"x"}\r\n--b--'),
        ("multipart/related; boundary=b", b'--b\r\n\r\n{"name":"x"}\r\n--b\r\n\r\nno end'),
        ("multipart/related; boundary=b", b"--b\r\n\r\n[1]\r\n--b\r\n\r\nx\r\n--b--"),
        ("multipart/related; boundary=b", b"--b\r\n" + b"x: y\r\n" * 10_000),
        ("multipart/related; boundary=b", b"--b\r\n\r\n" + b"x" * 2_000_000),
    ],
)
def test_malformed_two_part_uploads_store_nothing(
    http: requests.Session, url: str, kind: str, body: bytes
):
    answer = http.post(
        f"{url}/upload/storage/v1/b/local-models/o?uploadType=multipart",
        data=body,
        headers={"Content-Type": kind},
    )
    assert answer.status_code == 400
    assert "items" not in http.get(f"{url}/storage/v1/b/local-models/o").json()


@pytest.mark.parametrize(
    "declared", ["crc32c=AAAAAQ==", f"md5={EMPTY_MD5}", f"x=y, md5={EMPTY_MD5}"]
)
def test_a_declared_checksum_that_differs_stores_nothing(
    http: requests.Session, url: str, platform: Platform, declared: str
):
    answer = http.post(
        f"{url}/upload/storage/v1/b/local-models/o?uploadType=media&name=x",
        data=b"x" * 100_000,
        headers={"x-goog-hash": declared},
    )
    assert answer.status_code == 400
    assert "doesn't match calculated" in answer.json()["error"]["message"]
    assert http.get(f"{url}/storage/v1/b/local-models/o/x").status_code == 404
    assert [path for path in platform.state.folder("blobs").rglob("*") if path.is_file()] == []


def test_an_upload_to_a_missing_bucket_is_404(http: requests.Session, url: str):
    answer = http.post(f"{url}/upload/storage/v1/b/none/o?uploadType=media&name=x", data=b"x")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "The specified bucket does not exist."


def test_an_unknown_kind_of_upload_is_refused(http: requests.Session, url: str):
    answer = http.post(f"{url}/upload/storage/v1/b/local-models/o?uploadType=odd&name=x")
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/upload", "/resumable/upload"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_session_takes_everything_at_once(
    http: requests.Session, url: str, session: Callable[..., str], path: str, method: str
):
    content = os.urandom(QUANTUM + 5)
    answer = http.request(method, session(path=path), data=content)
    assert (answer.status_code, answer.json()["size"]) == (200, str(len(content)))
    assert answer.json()["selfLink"].startswith(url)
    assert read(http, url, "big") == content


def test_a_session_takes_a_stream_of_undeclared_length(
    http: requests.Session, url: str, session: Callable[..., str]
):
    answer = http.put(session(), data=iter([b"one ", b"two"]))
    assert (answer.status_code, answer.json()["size"]) == (200, "7")
    assert read(http, url, "big") == b"one two"


def test_a_session_takes_chunks_and_tells_how_far_it_is(
    http: requests.Session, url: str, session: Callable[..., str]
):
    content = os.urandom(2 * QUANTUM + 5)
    total, address = len(content), session()
    asked = put(http, address, b"", f"bytes */{total}")
    assert (asked.status_code, "Range" in asked.headers) == (308, False)
    first = put(http, address, content[:QUANTUM], f"bytes 0-{QUANTUM - 1}/{total}")
    assert (first.status_code, first.headers["Range"]) == (308, f"bytes=0-{QUANTUM - 1}")
    again = put(http, address, content[: 2 * QUANTUM], f"bytes 0-{2 * QUANTUM - 1}/*")
    assert again.headers["Range"] == f"bytes=0-{2 * QUANTUM - 1}"
    last = put(http, address, content[2 * QUANTUM :], f"bytes {2 * QUANTUM}-{total - 1}/{total}")
    assert last.status_code == 200
    assert read(http, url, "big") == content
    after = put(http, address, b"", f"bytes */{total}")
    assert (after.status_code, after.json()) == (200, last.json())


def test_a_stream_of_unknown_size_is_ended_by_an_empty_request(
    http: requests.Session, url: str, session: Callable[..., str]
):
    address = session()
    put(http, address, b"x" * QUANTUM, f"bytes 0-{QUANTUM - 1}/*")
    assert put(http, address, b"", f"bytes */{QUANTUM}").status_code == 200
    assert read(http, url, "big") == b"x" * QUANTUM


def test_a_chunk_that_is_no_multiple_is_kept_up_to_one(
    http: requests.Session, session: Callable[..., str]
):
    answer = put(http, session(), b"x" * (QUANTUM + 9), f"bytes 0-{QUANTUM + 8}/*")
    assert answer.headers["Range"] == f"bytes=0-{QUANTUM - 1}"


def test_a_client_that_cannot_bear_308_gets_200(
    http: requests.Session, session: Callable[..., str]
):
    answer = http.put(
        session(),
        headers={"Content-Range": "bytes */9", "X-GUploader-No-308": "yes"},
    )
    assert (answer.status_code, answer.headers["X-HTTP-Status-Code-Override"]) == (200, "308")


@pytest.mark.parametrize(
    ("stretch", "body"),
    [
        ("bytes 5-9/10", b"x" * 5),
        ("bytes 0-9/5", b"x" * 10),
        ("bytes 9-0/10", b"x"),
        ("bytes 0-3/10", b"x" * 5),
        ("bytes=0-3/10", b"x" * 4),
        ("nonsense", b""),
        ("bytes -1-3/10", b"x" * 4),
    ],
)
def test_ranges_that_lie_are_refused(
    http: requests.Session, session: Callable[..., str], stretch: str, body: bytes
):
    address = session()
    assert put(http, address, body, stretch).status_code == 400
    assert put(http, address, b"x" * 5, "bytes 0-4/5").status_code == 200


def test_a_size_declared_at_the_beginning_holds(
    http: requests.Session, url: str, session: Callable[..., str]
):
    address = session(headers={"X-Upload-Content-Length": "5", "X-Upload-Content-Type": "a/b"})
    assert put(http, address, b"x" * 6, "bytes 0-5/6").status_code == 400
    assert put(http, address, b"x" * 5, "bytes 0-4/5").json()["contentType"] == "a/b"


def test_preconditions_hold_at_the_end_of_a_session(
    http: requests.Session, url: str, store: Store, session: Callable[..., str]
):
    address = session("x", ifGenerationMatch="0")
    store("x", b"faster")
    answer = http.put(address, data=b"slower")
    assert answer.status_code == 412
    assert answer.json()["error"]["errors"][0]["reason"] == "conditionNotMet"
    assert read(http, url, "x") == b"faster"


@pytest.mark.parametrize("where", ["begin", "end"])
def test_a_session_checks_the_whole_content(
    http: requests.Session, url: str, session: Callable[..., str], where: str
):
    body = {"crc32c": "AAAAAQ=="} if where == "begin" else None
    headers = {"x-goog-hash": "crc32c=AAAAAQ=="} if where == "end" else {}
    address = session("x", body=body)
    assert http.put(address, data=b"content", headers=headers).status_code == 400
    assert http.get(f"{url}/storage/v1/b/local-models/o/x").status_code == 404


def test_a_cancelled_session_is_gone(http: requests.Session, session: Callable[..., str]):
    address = session()
    assert http.delete(address).status_code == 499
    assert http.put(address, data=b"x").status_code == 404
    assert http.delete(address).status_code == 404


@pytest.mark.parametrize("secret", ["../../state.db", "%00", "unknown"])
def test_a_session_that_was_never_begun_is_404(http: requests.Session, url: str, secret: str):
    address = f"{url}/upload/storage/v1/b/local-models/o?uploadType=resumable&upload_id={secret}"
    assert http.put(address, data=b"x").status_code == 404


def test_a_cut_upload_goes_on_where_it_was_cut(
    http: requests.Session, url: str, session: Callable[..., str]
):
    content = os.urandom(3 * QUANTUM)
    address = session()
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        target = address.removeprefix(url)
        connection.sendall(
            f"PUT {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(content)}\r\n"
            f"Content-Range: bytes 0-{len(content) - 1}/{len(content)}\r\n\r\n".encode()
            + content[: QUANTUM + 1000]
        )
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    asked = put(http, address, b"", f"bytes */{len(content)}")
    assert (asked.status_code, asked.headers["Range"]) == (308, f"bytes=0-{QUANTUM - 1}")
    rest = put(
        http, address, content[QUANTUM:], f"bytes {QUANTUM}-{len(content) - 1}/{len(content)}"
    )
    assert rest.status_code == 200
    assert read(http, url, "big") == content


def test_a_session_survives_the_server(tmp_path: Any, http: requests.Session):
    directory, content = tmp_path / "state", os.urandom(2 * QUANTUM)
    total = len(content)
    with Platform.open(directory) as platform:
        platform.start()
        first = platform.urls["storage"]
        begin = f"{first}/upload/storage/v1/b/local-models/o?uploadType=resumable&name=x"
        address = http.post(begin).headers["Location"]
        put(http, address, content[:QUANTUM], f"bytes 0-{QUANTUM - 1}/{total}")
    with Platform.open(directory) as platform:
        platform.start()
        address = address.replace(first, platform.urls["storage"])
        asked = put(http, address, b"", f"bytes */{total}")
        assert asked.headers["Range"] == f"bytes=0-{QUANTUM - 1}"
        put(http, address, content[QUANTUM:], f"bytes {QUANTUM}-{total - 1}/{total}")
        assert read(http, platform.urls["storage"], "x") == content


class NextWeek(SystemClock):
    def now(self) -> datetime:
        return super().now() + timedelta(days=7, minutes=1)


def test_a_session_is_forgotten_after_a_week(
    http: requests.Session, platform: Platform, session: Callable[..., str]
):
    address = session()
    put(http, address, b"x" * QUANTUM, f"bytes 0-{QUANTUM - 1}/*")
    platform.sweep()
    assert http.put(address, headers={"Content-Range": "bytes */*"}).status_code == 308
    with Platform.open(platform.state.directory, clock=NextWeek()) as later:
        later.sweep()
    assert http.put(address, headers={"Content-Range": "bytes */*"}).status_code == 404
    assert list(platform.state.folder("uploads").iterdir()) == []


def test_the_secret_of_a_session_is_in_no_log(
    http: requests.Session, session: Callable[..., str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG", logger="gcp_deploy")
    address = session()
    http.put(address, data=b"x")
    http.put(address + "x", data=b"x")
    assert address.partition("upload_id=")[2] not in caplog.text


def test_a_mebibyte_of_metadata_keys_is_refused(http: requests.Session, url: str):
    body = json.dumps({"name": "x", "metadata": {"k": "v" * 9000}})
    answer = http.post(f"{url}/upload/storage/v1/b/local-models/o?uploadType=resumable", data=body)
    assert answer.status_code == 400
