"""One HTTP stack: google-auth's session on requests, for the storage and the discovery clients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httplib2
import requests
from google.auth.transport.requests import AuthorizedSession
from requests.adapters import HTTPAdapter

import gcp_deploy
from gcp_deploy.adapters.identity import Credentials, NoCredentials, is_google, is_loopback
from gcp_deploy.errors import TemporaryError, UsageError

USER_AGENT = f"gcp-deploy/{gcp_deploy.__version__}"
_LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes. Predictions end at 10 MB; more than this is not an answer to anything we ask."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for one try: to connect, and to wait for the next bytes of an answer."""

    connect: float = 10.0
    read: float = 60.0


class Session(AuthorizedSession):
    """Sends requests with a token, only to where the token may go, and follows no redirects."""

    def __init__(self, credentials: Credentials, timeouts: Timeouts) -> None:
        # A fresh token after the first 401; a second 401 is the answer.
        super().__init__(  # type: ignore[no-untyped-call] # google-auth is typed in part
            credentials, max_refresh_attempts=1
        )
        self._local = isinstance(credentials, NoCredentials)
        self._timeouts = (timeouts.connect, timeouts.read)
        self.headers["User-Agent"] = USER_AGENT
        # A proxy cannot reach our loopback.
        self.trust_env = not self._local
        # Else requests would put the password of a ~/.netrc in the place of the token.
        self.auth = _leave_as_it_is
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=8, max_retries=0))

    def request(  # type: ignore[override] # google-auth narrows requests' signature, so do we
        self,
        method: str,
        url: str,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> requests.Response:
        """Send one request, as :class:`requests.Session` does.

        Raises UsageError, and sends nothing, when *url* is not where this session may go.
        """
        allowed = is_loopback(url) if self._local else is_google(url)
        if not allowed:
            host = url.partition("://")[2].partition("/")[0]
            raise UsageError(
                f"nothing is sent to {host}",
                hint="a token goes to https://*.googleapis.com only, and none goes to loopback",
            )
        options |= {"allow_redirects": False, "timeout": self._timeouts}
        answer: requests.Response = super().request(  # type: ignore[no-untyped-call] # as above
            method, url, data=data, headers=dict(headers or {}), **options
        )
        return answer


class RequestsHttp:
    """The session, as google-api-python-client wants to see it (the face of ``httplib2.Http``)."""

    redirect_codes: frozenset[int] = frozenset()

    def __init__(self, session: Session) -> None:
        self._session = session

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> tuple[httplib2.Response, bytes]:
        """Send one request and return the answer, whatever its status."""
        with self._session.request(
            method,
            uri,
            data=body,
            headers={**(headers or {}), "user-agent": USER_AGENT},
            stream=True,
        ) as answer:
            content = bounded(answer)
        response = httplib2.Response(
            {key.lower(): value for key, value in answer.headers.items()}
            | {"status": str(answer.status_code)}
        )
        response.reason = answer.reason
        return response, content

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()  # type: ignore[no-untyped-call] # as above


def session(credentials: Credentials, timeouts: Timeouts | None = None) -> Session:
    """Return a session for *credentials*; for NoCredentials one that speaks to loopback only."""
    return Session(credentials, timeouts or Timeouts())


def bounded(answer: requests.Response) -> bytes:
    """Return the content of *answer*, as long as it is of a sane length."""
    content = bytearray()
    for piece in answer.iter_content(64 * 1024):
        content += piece
        if len(content) > _LARGEST_ANSWER:
            raise TemporaryError(f"an answer of more than {_LARGEST_ANSWER} bytes")
    return bytes(content)


def _leave_as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
