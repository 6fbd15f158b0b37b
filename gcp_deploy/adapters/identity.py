"""Who we are: Application Default Credentials, impersonation, and where a token may go."""

import ipaddress
import warnings
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

import google.auth
import google.auth.credentials
import google.auth.exceptions
import google.auth.impersonated_credentials

from gcp_deploy.adapters.answers import unauthenticated
from gcp_deploy.errors import UsageError

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_GOOGLE = (".googleapis.com", ".prediction.vertexai.goog")
"""The services, and the dedicated hosts of endpoints."""


class Credentials(Protocol):
    """What :mod:`google.auth` calls credentials, as far as we look inside."""

    token: str | None


class NoCredentials(google.auth.credentials.AnonymousCredentials):
    """For loopback: nothing is sent.

    A 401 is answered like an expired token, by asking once more, so that a local platform that
    imitates expiry meets what it would meet in the cloud.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # google-auth is typed in part

    def refresh(self, request: object) -> None:
        """Nothing is there to be refreshed."""


def credentials(*, impersonate: str = "", quota_project: str = "") -> Credentials:
    """Return the Application Default Credentials, or those of the account *impersonate*.

    Raises Unauthenticated when there are none.
    """
    try:
        with warnings.catch_warnings():
            # Without a quota project it warns; what is then refused is told with its own hint.
            warnings.simplefilter("ignore", UserWarning)
            source, _ = google.auth.default(scopes=[SCOPE], quota_project_id=quota_project or None)
    except google.auth.exceptions.GoogleAuthError as error:
        raise unauthenticated(error) from error
    if not impersonate:
        return source
    return google.auth.impersonated_credentials.Credentials(
        source_credentials=source,
        target_principal=impersonate,
        target_scopes=[SCOPE],
        quota_project_id=quota_project or None,
    )


def account(who: Credentials) -> str:
    """Return the e-mail address of the account, or ``""`` when the credentials do not say."""
    for name in ("service_account_email", "signer_email", "account"):
        found = getattr(who, name, "")
        if isinstance(found, str) and "@" in found:
            return found
    return ""


def is_loopback(url: str) -> bool:
    """Tell whether *url* stays on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_google(url: str) -> bool:
    """Tell whether *url* is a service of Google's, over TLS."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    plain = parts.username is None and parts.password is None and parts.port in {None, 443}
    return parts.scheme == "https" and plain and host.endswith(_GOOGLE)


def check_address(url: str, allowed: Sequence[str] = ("http", "https")) -> str:
    """Return the base address *url* without a trailing slash.

    UsageError unless it is Google's over https or on loopback: nobody else gets our token.
    """
    parts = urlsplit(url)
    if parts.scheme not in allowed or not parts.hostname:
        raise UsageError(
            f"not an address of a service: {url!r}", hint="such as http://127.0.0.1:9000"
        )
    if not (is_loopback(url) or is_google(url)):
        raise UsageError(
            f"no token is sent to {parts.hostname}",
            hint="https://*.googleapis.com, or an address on loopback such as http://127.0.0.1:9000",
        )
    return url.rstrip("/")
