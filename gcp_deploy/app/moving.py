"""Moving the default: traffic and alias together, read back, asked, or put back."""

from dataclasses import dataclass

from gcp_deploy.app.context import Context
from gcp_deploy.app.releaselog import Run
from gcp_deploy.app.verifying import check_answer
from gcp_deploy.domain import split
from gcp_deploy.domain.events import EventType
from gcp_deploy.domain.golden import GoldenRows
from gcp_deploy.domain.release import Endpoint, Version
from gcp_deploy.errors import Conflict, CredentialsError, DeployFailed, UsageError


@dataclass(frozen=True, slots=True)
class Moving:
    """A version that is to become the default."""

    model: str
    version: Version
    previous: str
    rollback: bool
    because: str
    git_sha: str
    golden: GoldenRows | None
    """None when the version has none, so that its answers cannot be compared."""


def make_default(context: Context, run: Run, moving: Moving) -> None:
    """Move traffic and alias to the version, and prove by asking that it serves.

    Raises:
        DeployFailed: it does not serve as wanted. A promotion is undone then; a rollback is not,
            because what it came from is worse.
    """
    name = moving.version.version
    before = _read(context, moving.model)
    alias_before = _registry_default(context, moving.model)
    run.record(EventType.DEFAULT_MOVING, version=name, data={"previous": moving.previous})
    try:
        _write(context, before, moving)
        _prove(context, moving)
    except (DeployFailed, UsageError, CredentialsError) as error:
        # Without an answer (TemporaryError) or after somebody else's change (Conflict) putting
        # things back would be guessing: the next run reads what is and goes on from there.
        if moving.rollback:
            raise
        _restore(context, before, alias_before, moving)
        if isinstance(error, CredentialsError):
            raise
        raise DeployFailed(
            f"{moving.model}@{name} did not become the default: {error.message}; "
            f"{moving.previous or 'nobody'} serves as before",
            hint=error.hint,
        ) from error
    run.record(
        EventType.ROLLED_BACK if moving.rollback else EventType.PROMOTED,
        version=name,
        because=moving.because,
        data={"previous": moving.previous, "git_sha": moving.git_sha},
    )


def _write(context: Context, endpoint: Endpoint, moving: Moving) -> None:
    name = moving.version.version
    deployed = endpoint.of_version(name)
    if deployed is None:
        raise Conflict(f"{moving.model}@{name} is not deployed", hint="run the command again")
    if endpoint.share(name) != 100:
        context.traffic.write_split(endpoint, split.all_to(deployed.id))
    if _registry_default(context, moving.model) != name:
        context.registry.set_default(moving.model, name)


def _prove(context: Context, moving: Moving) -> None:
    """Read both back, then ask the address applications ask."""
    name = moving.version.version
    endpoint = _read(context, moving.model)
    if endpoint.sole_version != name:
        shares = ", ".join(
            f"{one.version}: {endpoint.share(one.version)} %" for one in endpoint.deployed
        )
        raise DeployFailed(
            f"the service accepted the change, but traffic is {shares}",
            hint=f"gcp-deploy status -m {moving.model}",
        )
    if (found := _registry_default(context, moving.model)) != name:
        raise DeployFailed(
            f"the service accepted the change, but the registry's default is {found}",
            hint=f"gcp-deploy status -m {moving.model}",
        )
    if moving.golden:
        answer = context.predictor.predict(endpoint, moving.model, list(moving.golden.instances))
        check_answer(moving.version, moving.golden, answer)


def _restore(context: Context, before: Endpoint, alias_before: str, moving: Moving) -> None:
    """Put alias and traffic back to what they were."""
    now = _read(context, moving.model)
    if dict(now.split) != dict(before.split) and context.registry.capabilities.splits:
        context.traffic.write_split(now, before.split)
    if alias_before and alias_before != _registry_default(context, moving.model):
        context.registry.set_default(moving.model, alias_before)


def _read(context: Context, model: str) -> Endpoint:
    endpoint = context.traffic.read(model)
    if endpoint is None:
        raise Conflict(f"the endpoint of {model} is gone", hint="run the command again")
    return endpoint


def _registry_default(context: Context, model: str) -> str:
    versions = context.registry.versions(model)
    return next((one.version for one in versions if one.default), "")
