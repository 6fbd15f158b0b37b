"""One method between the client and the network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import urllib3

from gcp_deploy.errors import TemporaryError, UsageError

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer that are read; the services answer with at most 10 MB."""
CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of HTTP; the names of *headers* are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Transport(Protocol):
    """Sends one request, once, without following redirects."""

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> Reply:
        """Return the answer, whatever its status; TemporaryError when none came in *timeout* s."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Urllib3Transport:
    """Connections that are kept alive and shared by threads.

    *pool_size* is how many connections to one host are kept. Proxies are not read from the
    environment: give a ``urllib3.ProxyManager`` as *pool*.
    """

    def __init__(self, pool: urllib3.PoolManager | None = None, *, pool_size: int = 10) -> None:
        self._pool = pool or urllib3.PoolManager(maxsize=pool_size, retries=False)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> Reply:
        """See :class:`Transport`."""
        wait = urllib3.Timeout(total=timeout, connect=min(timeout, CONNECT_SECONDS))
        try:
            response = self._pool.urlopen(
                method,
                url,
                body=body,
                headers=headers,
                timeout=wait,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                data = response.read(MAX_ANSWER + 1, decode_content=True)
            finally:
                if len(response.headers) and response.length_remaining:
                    response.close()
                response.release_conn()
        except urllib3.exceptions.SSLError as error:
            raise _untrusted(url, error) from error
        except urllib3.exceptions.HTTPError as error:
            raise no_answer(url, error) from error
        return Reply(
            response.status, bounded(url, data), {k.lower(): v for k, v in response.headers.items()}
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


class RequestsTransport:
    """The same on a ``requests.Session``, for those who fake or customise that."""

    def __init__(self, session: Any = None) -> None:
        import requests

        self._errors = requests.exceptions
        self._session = session or requests.Session()

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> Reply:
        """See :class:`Transport`."""
        wait = (min(timeout, CONNECT_SECONDS), timeout)
        try:
            response = self._session.request(
                method, url, headers=headers, data=body, timeout=wait, allow_redirects=False
            )
        except self._errors.SSLError as error:
            raise _untrusted(url, error) from error
        except self._errors.RequestException as error:
            raise no_answer(url, error) from error
        names = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, bounded(url, response.content), names)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def bounded(url: str, data: bytes) -> bytes:
    """Return *data* unless it is longer than any service answers."""
    if len(data) > MAX_ANSWER:
        raise UsageError(f"{_host(url)}: the answer is longer than {MAX_ANSWER} bytes")
    return data


def no_answer(url: str, error: Exception) -> TemporaryError:
    """Return the error for a question that nobody answered."""
    return TemporaryError(f"no answer from {_host(url)}: {type(error).__name__}", answered=False)


def _untrusted(url: str, error: Exception) -> UsageError:
    return UsageError(
        f"{_host(url)}: its certificate is not trusted: {type(error).__name__}",
        hint="behind a proxy that replaces certificates, give a pool with its CA",
    )


def _host(url: str) -> str:
    return urllib3.util.parse_url(url).netloc or "the service"
