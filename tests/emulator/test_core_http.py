"""The HTTP server: who is let in, and what it does with what no good client sends."""

import json
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest
import requests

from gcp_deploy.emulator.application import Call
from gcp_deploy.emulator.http import CutConnection
from gcp_deploy.emulator.messages import Request, Response
from gcp_deploy.emulator.platform import Platform
from gcp_deploy.emulator.problems import Code, Problem

Talk = Callable[[bytes], bytes]
BUCKETS = b"GET /storage/v1/b HTTP/1.1\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_the_root_describes_the_platform(http: requests.Session, url: str, platform: Platform):
    assert http.get(url).json() == platform.describe()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost", "LOCALHOST:80", "[::1]", "[::1]:9000"]
)
def test_loopback_hosts_are_answered(talk: Talk, host: str):
    answer = talk(BUCKETS + f"Host: {host}\r\nConnection: close\r\n\r\n".encode())
    assert status(answer) == 200
    assert f'"selfLink":"http://{host}/storage'.encode() in answer


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "x@127.0.0.1",
        "",
        "::1",
    ],
)
def test_other_hosts_are_refused_on_every_route(talk: Talk, host: str):
    for path in ("/", "/storage/v1/b", "/nowhere"):
        answer = talk(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert status(answer) == 421


@pytest.mark.parametrize("hosts", ["", "Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n"])
def test_a_request_names_exactly_one_host(talk: Talk, hosts: str):
    assert status(talk(BUCKETS + f"{hosts}Connection: close\r\n\r\n".encode())) == 400


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
    ],
)
def test_web_pages_of_other_origins_are_refused(
    http: requests.Session, url: str, headers: dict[str, str], expected: int
):
    assert http.get(f"{url}/storage/v1/b", headers=headers).status_code == expected


def test_a_page_of_our_own_origin_is_not_refused(http: requests.Session, url: str):
    assert http.get(f"{url}/storage/v1/b", headers={"Origin": url}).status_code == 200


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("http://us-central1-ml.regional.test/storage/v1/b", 200),
        ("http://us-central1-127.0.0.1:8080/storage/v1/b", 200),
        ("http://127.0.0.1/storage/v1/b", 200),
        ("http://evil.example/storage/v1/b", 421),
        ("http://a@127.0.0.1/storage/v1/b", 400),
        ("https://127.0.0.1/storage/v1/b", 400),
        ("http://[/storage/v1/b", 400),
        ("*", 400),
    ],
)
def test_absolute_targets_make_it_a_proxy_for_gcloud(talk: Talk, target: str, expected: int):
    head = f"GET {target} HTTP/1.1\r\nHost: anything.example\r\nConnection: close\r\n\r\n"
    assert status(talk(head.encode())) == expected


def test_it_listens_on_loopback_alone(platform: Platform):
    listener = platform._server._listener
    assert listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
        ),
        (
            (
                b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            400,
        ),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
        (b"GET /%ff/b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
    ],
)
def test_malformed_heads_are_refused(talk: Talk, sent: bytes, expected: int):
    assert status(talk(sent)) == expected


def test_chunked_bodies_are_taken(http: requests.Session, url: str):
    answer = http.post(
        f"{url}/upload/storage/v1/b/local-models/o?uploadType=media&name=x",
        data=iter([b"one ", b"two"]),
    )
    assert (answer.status_code, answer.json()["size"]) == (200, "7")


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"-1\r\n", b"3\r\nabcdef\r\n0\r\n\r\n", b"g" * 9000])
def test_broken_chunks_store_nothing(talk: Talk, http: requests.Session, url: str, chunks: bytes):
    answer = talk(
        b"POST /upload/storage/v1/b/local-models/o?uploadType=media&name=x HTTP/1.1\r\n"
        b"Host: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    )
    assert status(answer) == 400
    assert http.get(f"{url}/storage/v1/b/local-models/o/x").status_code == 404


def test_a_body_shorter_than_declared_stores_nothing(http: requests.Session, url: str):
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /upload/storage/v1/b/local-models/o?uploadType=media&name=x HTTP/1.1\r\n"
            b"Host: localhost\r\nContent-Length: 1000000000000\r\n\r\nshort"
        )
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert http.get(f"{url}/storage/v1/b/local-models/o/x").status_code == 404


def test_one_connection_carries_many_requests(talk: Talk):
    one = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert talk(one + one + last).count(b"HTTP/1.1 200 OK") == 3


def test_a_client_that_waits_for_continue_gets_it(talk: Talk):
    answer = talk(
        b"POST /upload/storage/v1/b/local-models/o?uploadType=media&name=x HTTP/1.1\r\n"
        b"Host: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok"
    )
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_answers_cannot_be_mistaken_for_pages(
    http: requests.Session, url: str, store: Callable[..., requests.Response]
):
    store("page", b"<script>alert(1)</script>")
    answer = http.get(f"{url}/storage/v1/b/local-models/o/page?alt=media")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == "attachment"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_stored_text_cannot_add_header_fields(http: requests.Session, url: str):
    part = json.dumps({"name": "x", "contentType": "text/plain\r\nX-Evil: 1"})
    http.post(
        f"{url}/upload/storage/v1/b/local-models/o?uploadType=multipart",
        headers={"Content-Type": "multipart/related; boundary=b"},
        data=f"--b\r\n\r\n{part}\r\n--b\r\n\r\nhi\r\n--b--",
    ).raise_for_status()
    answer = http.get(f"{url}/storage/v1/b/local-models/o/x?alt=media")
    assert "X-Evil" not in answer.headers
    assert answer.content == b"hi"


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff", b'{"a":' * 100_000, b'"text"'])
def test_bodies_that_are_no_json_object_are_refused(http: requests.Session, url: str, body: bytes):
    answer = http.post(f"{url}/storage/v1/b", data=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "invalid"


def test_metadata_above_a_megabyte_is_refused(http: requests.Session, url: str):
    body = b'{"name": "' + b"x" * (1 << 20) + b'"}'
    assert http.post(f"{url}/storage/v1/b", data=body).status_code == 413


def test_compressed_metadata_is_refused(http: requests.Session, url: str):
    headers = {"Content-Encoding": "gzip"}
    assert http.post(f"{url}/storage/v1/b", data=b"x", headers=headers).status_code == 415


def test_an_interceptor_sees_the_method_and_may_answer_or_cut(
    platform: Platform, http: requests.Session, url: str
):
    seen: list[str] = []

    def interceptor(request: Request, call: Call) -> Response:
        seen.append(request.api_method)
        if len(seen) == 1:
            raise Problem(Code.UNAVAILABLE, "Come back later.")
        if len(seen) == 2:
            raise CutConnection
        return call(request)

    platform.application.interceptor = interceptor
    answer = http.get(f"{url}/storage/v1/b")
    assert answer.json()["error"]["errors"][0]["reason"] == "backendError"
    with pytest.raises(requests.ConnectionError):
        http.get(f"{url}/storage/v1/b")
    assert http.get(f"{url}/storage/v1/b").status_code == 200
    assert seen == ["storage.buckets.list"] * 3


def test_closing_ends_idle_connections_at_once(platform: Platform, url: str):
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")
        platform.close()
        with suppress(ConnectionResetError):
            assert idle.recv(1) == b""
