"""The refusal of Google's own host of the legacy service, which no longer serves."""

from urllib.parse import urlsplit

from gcp_deploy.errors import UsageError


def check_host(url: str) -> str:
    """Return *url*, or raise UsageError when it is empty or Google's own host.

    Source: Google Cloud, "AI Platform deprecations".
    """
    host = urlsplit(url).hostname or ""
    if not url or host == "ml.googleapis.com" or host.endswith("-ml.googleapis.com"):
        raise UsageError(
            "Google switched AI Platform Prediction (ml.googleapis.com) off on 2025-01-31",
            hint='use platform = "aiplatform", or an endpoint that speaks the protocol: '
            "gcp-deploy local up",
        )
    return url
