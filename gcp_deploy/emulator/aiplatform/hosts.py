"""Which host a prediction came to: the shared one, or a dedicated endpoint's own.

Both are this platform's one port. ``127.0.0.1:PORT`` (and anything else a request may name) stands
for the shared host and for management; ``localhost:PORT`` stands for the dedicated hosts, and it is
what ``dedicatedEndpointDns`` says. The port is that of the request, so that links survive restarts
and proxies. Unlike the real thing, all dedicated endpoints share that one host, and it answers
management calls and shared endpoints too.
"""

from urllib.parse import urlsplit

from gcp_deploy.emulator.aiplatform.rules import Rules
from gcp_deploy.emulator.messages import Request

DEDICATED = "localhost"


def dedicated_dns(request: Request, rules: Rules) -> str:
    """Return the ``dedicatedEndpointDns`` of every dedicated endpoint."""
    port = urlsplit(request.base_url).port
    host = DEDICATED if port is None else f"{DEDICATED}:{port}"
    return f"http://{host}" if rules.dns_with_scheme else host


def is_dedicated(request: Request) -> bool:
    """Tell whether the request came to a dedicated host."""
    return urlsplit(request.base_url).hostname == DEDICATED
