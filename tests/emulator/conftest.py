"""A running platform on an empty state directory, and ways to talk to it."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from gcp_deploy.emulator.platform import Platform


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with Platform.open(tmp_path / "state") as platform:
        platform.start()
        yield platform


@pytest.fixture
def url(platform: Platform) -> str:
    return platform.urls["storage"]


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def talk(url: str) -> Callable[[bytes], bytes]:
    """Send raw bytes on a connection of their own, and read until the server closes it."""

    def talk(sent: bytes) -> bytes:
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(sent)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        return answer

    return talk


@pytest.fixture
def store(http: requests.Session, url: str) -> Callable[..., requests.Response]:
    """Upload an object by media."""

    def store(name: str, content: bytes = b"content", **query: str) -> requests.Response:
        return http.post(
            f"{url}/upload/storage/v1/b/local-models/o",
            params={"uploadType": "media", "name": name, **query},
            data=content,
        )

    return store
