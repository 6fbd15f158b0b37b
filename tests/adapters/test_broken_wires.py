"""Real sockets that break in real ways: what requests and urllib3 raise then is ours to know."""

import contextlib
import re
import socket
import struct
import threading

import pytest

from gcp_deploy.domain.names import Digest
from gcp_deploy.domain.release import Recipe, Runtime, RuntimeKind, VersionSpec
from gcp_deploy.errors import TemporaryError

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"
GOOD = HEAD + b"Content-Length: 2\r\n\r\n{}"
RESET = b"reset"
SPEC = VersionSpec(
    "churn",
    "gs://b/a/",
    Digest("ab" * 32),
    Recipe(Runtime(RuntimeKind.SERVING_IMAGE, "image:1"), "n1-standard-2"),
)
# What is sent, and whether the request is known not to be under way any more.
BROKEN = {
    "closed at once": (b"", False),
    "reset": (RESET, False),
    "no HTTP": (b"220 smtp ready\r\n", False),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Le", True),
    "half a body": (HEAD + b'Content-Length: 100\r\n\r\n{"name": "x"', True),
    "half a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n10\r\n{", True),
    "no gzip": (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", True),
    "half JSON": (HEAD + b'Content-Length: 5\r\n\r\n{"a":', True),
    "nothing in it": (HEAD + b"Content-Length: 0\r\n\r\n", True),
}


@pytest.fixture
def wire():
    """Answer one connection after the other with the bytes given; return the address."""
    with contextlib.ExitStack() as stack:

        def serve(*answers):
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=talk, args=(server, answers), daemon=True)
            thread.start()
            stack.callback(thread.join, 5)
            return f"http://127.0.0.1:{server.getsockname()[1]}"

        yield serve


def talk(server, answers):
    for answer in answers:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(5)
            request = b""
            while not whole(request):
                request += connection.recv(65536)
            if answer == RESET:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            else:
                connection.sendall(answer)


def whole(request):
    """Tell whether all is read: closing with unread bytes would reset the connection."""
    head, found, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return found and len(body) >= (int(length.group(1)) if length else 0)


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("ask", ["api", "storage"])
def test_a_break_of_any_kind_is_absorbed_by_what_only_reads(wire, ports, clock, broken, ask):
    url = wire(BROKEN[broken][0], GOOD)
    platform = ports(aiplatform_url=url, storage_url=url)
    assert (platform.registry.models() if ask == "api" else platform.store.names("")) == ()
    assert clock.slept == [1]


@pytest.mark.parametrize("broken", [name for name, (_, over) in BROKEN.items() if not over])
def test_a_write_that_may_still_arrive_is_left_to_the_caller(wire, ports, broken):
    with pytest.raises(TemporaryError) as caught:
        ports(aiplatform_url=wire(BROKEN[broken][0])).registry.register(SPEC, new_model=False)
    assert not caught.value.answered


@pytest.mark.parametrize("broken", [name for name, (_, over) in BROKEN.items() if over])
def test_a_write_whose_answer_broke_is_looked_for_and_then_sent_again(wire, ports, broken):
    url = wire(BROKEN[broken][0], GOOD, GOOD, HEAD + b'Content-Length: 13\r\n\r\n{"name": "o"}')
    assert ports(aiplatform_url=url).registry.register(SPEC, new_model=False) == "o"


def test_where_nobody_listens_that_is_said(ports):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(TemporaryError, match=r"no answer from 127.*: nobody listens there"):
        ports(aiplatform_url=url).registry.models()
