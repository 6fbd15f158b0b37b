"""Which API is asked, by the settings."""

from dataclasses import replace

from gcp_deploy.client.address import Base
from gcp_deploy.domain import names
from gcp_deploy.domain.switched_off import check_host
from gcp_deploy.errors import UsageError
from gcp_deploy.settings.checks import url as checked_url
from gcp_deploy.settings.environment import load_here
from gcp_deploy.settings.local import running_platform
from gcp_deploy.settings.model import Settings


def settings_of(
    *, model: str | None, target: str | None, project: str | None, region: str | None
) -> Settings:
    """Return the settings of this process, with what the application said on top."""
    said = {"model": model, "target": target, "project": project, "region": region}
    return load_here(said, require=("project", "region"))


def base_of(settings: Settings, endpoint_url: str | None = None) -> Base:
    """Return the API to ask: an override, the running embedded platform, or Google's.

    UsageError when the embedded platform is not running, and for the legacy service at Google's.
    """
    legacy = settings.protocol == names.ML_ENGINE
    override = settings.endpoints.ml_url if legacy else settings.endpoints.aiplatform_url
    if endpoint_url:
        try:
            override = checked_url(endpoint_url)
        except ValueError as error:
            raise UsageError(f"endpoint_url {endpoint_url!r} is not {error}") from error
    base = Base(settings.protocol, override, settings.project, settings.region)
    if not override and settings.platform == "local":
        return _embedded(settings, base)
    if legacy:
        check_host(override)
    if override:
        return base
    return replace(base, url=f"https://{settings.region}-aiplatform.googleapis.com")


def _embedded(settings: Settings, base: Base) -> Base:
    running = running_platform(settings.state_dir)
    if running is None:
        raise UsageError(
            f"no embedded platform is running on {settings.state_dir}", hint="gcp-deploy local up"
        )
    service = "ml" if settings.protocol == names.ML_ENGINE else "aiplatform"
    found = replace(base, url=running.urls[service])
    # What was not chosen for us in particular, the running platform knows better.
    if settings.sources.get("project", "default") == "default":
        found = replace(found, project=running.project)
    if settings.sources.get("region", "default") == "default":
        found = replace(found, region=running.region)
    return found
