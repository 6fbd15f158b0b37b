"""The composition root: from settings to a context of ports. It alone knows all the rooms."""

import random
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from gcp_deploy.errors import UsageError
from gcp_deploy.settings.local import running_platform
from gcp_deploy.settings.model import Endpoints, Settings

if TYPE_CHECKING:  # each costs a command that does not need it its start-up time
    from gcp_deploy.app.context import Context
    from gcp_deploy.app.material import DeployRequest, GoldenFile
    from gcp_deploy.domain.release import Recipe
    from gcp_deploy.ports import Reporter


_PATIENCE = timedelta(minutes=5)
"""What a command may lose to failed tries and the waits between them."""
_PATIENCE_HERE = timedelta(seconds=20)
"""The same where the platform is on this machine: silence means that it is gone."""


@contextmanager
def platform_urls(settings: Settings) -> Iterator[Settings]:
    """Yield *settings* with the addresses of the embedded platform, where that is the target.

    A platform that ``local up`` started is used; else one is embedded here while the context
    lasts. Other targets, and addresses given by hand, stay as they are.
    """
    given = settings.endpoints
    if settings.platform != "local" or (
        given.storage_url and (given.aiplatform_url or given.ml_url)
    ):
        yield settings
        return
    if found := running_platform(settings.state_dir):
        words = {"project": found.project, "region": found.region, "bucket": found.bucket}
        yield _at(settings, found.urls, words)
        return
    from gcp_deploy.emulator.platform import Platform

    try:
        platform = Platform.open(settings.state_dir)
    except OSError as error:
        raise no_state(settings, error) from error
    with platform:
        platform.start()
        words = {
            "project": platform.project,
            "region": platform.region,
            "bucket": platform.bucket,
        }
        yield _at(settings, platform.urls, words)


def no_state(settings: Settings, error: OSError) -> UsageError:
    """Say that the state directory cannot be used, and how to choose another."""
    return UsageError(
        f"the embedded platform cannot keep its state in {settings.state_dir}: "
        f"{error.strerror or error}",
        hint="--state DIR, or GCP_DEPLOY_STATE_DIR",
    )


def _at(settings: Settings, urls: Mapping[str, str], known: Mapping[str, str]) -> Settings:
    """Point *settings* to a local platform; what nobody chose for us, the platform knows better."""
    chosen = {
        key: value
        for key, value in known.items()
        if settings.sources.get(key, "default") == "default"
    }
    given = settings.endpoints
    endpoints = Endpoints(
        storage_url=given.storage_url or urls["storage"],
        aiplatform_url=given.aiplatform_url or urls["aiplatform"],
        ml_url=given.ml_url or urls["ml"],
    )
    return replace(settings, endpoints=endpoints, **chosen)  # type: ignore[arg-type]  # all are str


@contextmanager
def connect(settings: Settings, *, reporter: "Reporter", timeout: timedelta) -> Iterator["Context"]:
    """Yield the context of the target, connected; the embedded platform is started if needed.

    Raises:
        Unauthenticated: there are no credentials for a cloud target.
        UsageError: an address is not one that tokens may go to, or the service is switched off.
    """
    from gcp_deploy.adapters.clock import SystemClock
    from gcp_deploy.adapters.connect import connect as connect_ports
    from gcp_deploy.adapters.git import GitRevisions
    from gcp_deploy.app.context import Context
    from gcp_deploy.sandbox.dry_run import LimitedSandbox
    from gcp_deploy.settings.environment import this_owner
    from gcp_deploy.settings.owner import is_dead

    clock = SystemClock()
    owner = this_owner()
    with (
        platform_urls(settings) as reachable,
        connect_ports(
            cast("Literal['aiplatform', 'ml-engine']", reachable.protocol),
            project=reachable.project,
            region=reachable.region,
            bucket=reachable.bucket,
            storage_url=reachable.endpoints.storage_url,
            aiplatform_url=reachable.endpoints.aiplatform_url,
            ml_url=reachable.endpoints.ml_url,
            impersonate=reachable.impersonate,
            quota_project=reachable.quota_project,
            dedicated=reachable.dedicated,
            deadline=min(timeout, _PATIENCE_HERE if reachable.platform == "local" else _PATIENCE),
            clock=clock,
            random=random.random,
        ) as ports,
    ):
        yield Context(
            platform=reachable.protocol,
            place=f"{reachable.protocol} in {reachable.project}, {reachable.region}",
            prefix=reachable.prefix,
            store=ports.store,
            registry=ports.registry,
            traffic=ports.traffic,
            predictor=ports.predictor,
            operations=ports.operations,
            sandbox=LimitedSandbox(
                trusted_modules=reachable.trusted_modules, import_path=(_project_root(reachable),)
            ),
            revisions=GitRevisions(Path.cwd()),
            clock=clock,
            reporter=reporter,
            actor=f"{ports.account}, {owner.actor}" if ports.account else owner.actor,
            owner=owner.owner,
            run=secrets.token_hex(8),
            recipe=_recipe(reachable),
            is_dead=is_dead,
        )


def deploy_request(
    settings: Settings,
    *,
    artifact: Path,
    model: str,
    golden: Path | None,
    promote: bool,
    wait: bool,
    timeout: timedelta,
    labels: Mapping[str, str],
    because: str,
) -> "DeployRequest":
    """Open and inspect *artifact*, and say how it is to be served. Nothing is connected to yet.

    The file is opened here and nowhere else: what is inspected is what is uploaded.

    Raises:
        UsageError: a file is missing or no file, or a name breaks a rule.
        ArtifactError: the artifact is unreadable, unsafe, needs trust, or is not fitted.
        RuntimeSunset: the prebuilt image asked for is gone.
    """
    from gcp_deploy.adapters.clock import SystemClock
    from gcp_deploy.app.preparing import prepare

    request = prepare(
        settings,
        artifact,
        model=model,
        labels=labels,
        recipe=_recipe(settings),
        today=SystemClock().now().date(),
    )
    return replace(
        request,
        golden=_golden(golden) if golden else None,
        promote=promote,
        wait=wait,
        timeout=timeout,
        because=because,
    )


def _golden(path: Path) -> "GoldenFile":
    from gcp_deploy.app.preparing import read_golden

    return read_golden(path)


def _recipe(settings: Settings) -> "Recipe":
    from gcp_deploy.domain.release import Recipe, Runtime, RuntimeKind

    return Recipe(
        runtime=Runtime(RuntimeKind(settings.runtime), settings.image),
        machine_type=settings.machine_type,
        min_replicas=settings.min_replicas,
        max_replicas=max(settings.min_replicas, settings.max_replicas),
        service_account=settings.service_account,
    )


def _project_root(settings: Settings) -> Path:
    """Where the project's own modules are imported from: beside the settings file, else here."""
    return settings.settings_file.parent if settings.settings_file else Path.cwd()
