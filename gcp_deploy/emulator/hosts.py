"""Who may talk to the platform: this machine, and no web page.

Listening on loopback is not enough: a web page can make its visitor's browser send requests to
127.0.0.1, under its own host name when its DNS changes its mind (rebinding), or across origins.
So every request is checked before anything else: the host it names, and where it comes from.
"""

import re
from urllib.parse import urlsplit

from gcp_deploy.emulator.messages import Headers
from gcp_deploy.emulator.problems import Code, Problem

_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)

# Clients that use the platform as their HTTP proxy name hosts of their own making: names under the
# reserved .test domain, and the loopback address behind the region that gcloud puts before it. No
# web page can send this form of target unless its browser was set up to use the proxy.
_PROXIED = re.compile(
    r"(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*\.test|[a-z0-9-]+-(?:127\.0\.0\.1|localhost))(?::\d{1,5})?",
    re.IGNORECASE,
)


def authority(target: str, headers: Headers) -> tuple[str, str]:
    """Return the host the request is for, and its target in origin form.

    Raises:
        Problem: 400 when there is not exactly one Host, 421 when it is not ours, 403 when a web
            page of another origin sent the request.
    """
    hosts = headers.all("host")
    if len(hosts) != 1:
        raise Problem(Code.INVALID_ARGUMENT, "A request names exactly one Host.")
    host, proxied = hosts[0].strip(), False
    if not target.startswith("/"):
        host, target = _absolute(target)
        proxied = True
    if not (_LOOPBACK.fullmatch(host) or (proxied and _PROXIED.fullmatch(host))):
        raise Problem(
            Code.PERMISSION_DENIED,
            "This server answers to 127.0.0.1, localhost and [::1] only.",
            http_status=421,
        )
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") or not (
        set(headers.all("origin")) <= {f"http://{host}"}
    ):
        raise Problem(Code.PERMISSION_DENIED, "Requests of other web origins are refused.")
    return host, target


def _absolute(target: str) -> tuple[str, str]:
    try:
        parts = urlsplit(target)
    except ValueError as error:
        raise Problem(Code.INVALID_ARGUMENT, "The request target is malformed.") from error
    if parts.scheme != "http" or "@" in parts.netloc:
        raise Problem(Code.INVALID_ARGUMENT, "The request target is malformed.")
    query = f"?{parts.query}" if parts.query else ""
    return parts.netloc, (parts.path or "/") + query
