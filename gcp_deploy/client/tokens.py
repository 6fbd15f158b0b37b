"""Who we are, said only to Google's own hosts over https."""

from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from gcp_deploy.errors import Unauthenticated

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_HOSTS = (".googleapis.com", ".prediction.vertexai.goog")
_LOGIN = "gcloud auth application-default login"


def may_have_token(url: str) -> bool:
    """Tell whether *url* is a host that our token may be sent to."""
    parts = urlsplit(url)
    plain = parts.username is None and parts.port in {None, 443}
    return parts.scheme == "https" and plain and (parts.hostname or "").endswith(_HOSTS)


class Tokens:
    """Access tokens, fetched when first needed and refreshed before they expire.

    Without *credentials* those of the application's environment are used (Application Default
    Credentials), or those of the service account *impersonate*.
    """

    def __init__(self, credentials: Any, *, impersonate: str = "", quota_project: str = "") -> None:
        self._credentials = credentials
        self._impersonate = impersonate
        self._quota_project = quota_project
        self._lock = Lock()

    def headers(self, url: str, *, stale: str = "") -> dict[str, str]:
        """Return the headers that identify us to *url*; none when it is not Google's.

        *stale* is the Authorization that was refused: another token is fetched then. Raises
        Unauthenticated.
        """
        if not may_have_token(url):
            return {}
        with self._lock:
            found = self._credentials = self._credentials or self._default()
            if not found.valid or (stale and stale == f"Bearer {found.token}"):
                self._refresh(found)
            if not found.token:  # anonymous credentials
                return {}
            headers = {"authorization": f"Bearer {found.token}"}
        quota = self._quota_project or getattr(found, "quota_project_id", None)
        return headers | ({"x-goog-user-project": quota} if quota else {})

    def _default(self) -> Any:
        import google.auth
        from google.auth import exceptions, impersonated_credentials

        try:
            source, _ = google.auth.default(scopes=[SCOPE])
        except exceptions.GoogleAuthError as error:
            raise Unauthenticated("no credentials for Google Cloud", hint=_LOGIN) from error
        if not self._impersonate:
            return source
        return impersonated_credentials.Credentials(source, self._impersonate, [SCOPE])

    @staticmethod
    def _refresh(found: Any) -> None:
        import urllib3
        from google.auth import exceptions
        from google.auth.transport.urllib3 import Request

        try:
            with urllib3.PoolManager() as pool:
                found.refresh(Request(pool))
        except exceptions.GoogleAuthError as error:
            raise Unauthenticated(
                f"credentials expired or withdrawn: {type(error).__name__}", hint=_LOGIN
            ) from error
