"""Gathering: what is registered, served and stored, as one value."""

from concurrent.futures import ThreadPoolExecutor

from gcp_deploy.app.context import Context
from gcp_deploy.domain.release import Observed, Version
from gcp_deploy.errors import BadName, NotFound, UsageError


def observe(
    context: Context, model: str, *, artifact_name: str = "", golden_name: str = ""
) -> Observed:
    """Read the state of *model*, and whether the two named objects are in the bucket."""
    with ThreadPoolExecutor(4) as pool:
        versions = pool.submit(context.registry.versions, model)
        endpoint = pool.submit(context.traffic.read, model)
        artifact = pool.submit(_stored, context, artifact_name)
        golden = pool.submit(_stored, context, golden_name)
        return Observed(versions.result(), endpoint.result(), artifact.result(), golden.result())


def _stored(context: Context, name: str) -> bool:
    return bool(name) and context.store.stat(name) is not None


def must_exist(model: str, observed: Observed) -> None:
    """Raise NotFound when the model has no versions."""
    if not observed.versions:
        raise NotFound(
            f"there is no model {model}", hint=f"gcp-deploy deploy ARTIFACT --model {model}"
        )


def check_chosen(name: str | None) -> None:
    """Raise BadName for an empty name.

    Whoever leaves a version out lets us choose; an empty variable of a script must not do so.
    """
    if name is not None and not name.strip():
        raise BadName(
            "the name of the version is empty", hint="'gcp-deploy versions' shows what there is"
        )


def find_version(model: str, observed: Observed, name: str) -> Version:
    """Return the version of that name, or NotFound with the names there are."""
    must_exist(model, observed)
    version = observed.find(name)
    if version is None:
        names = ", ".join(one.version for one in observed.versions)
        raise NotFound(f"{model} has no version {name}; it has {names}")
    return version


def only_model(context: Context) -> str:
    """Return the one model that was deployed here, for commands that name none."""
    prefix = f"{context.prefix}/" if context.prefix else ""
    names = context.store.folders(prefix)
    if len(names) == 1:
        return names[0]
    if names:
        raise UsageError(
            f"which model? there are {', '.join(names)}",
            hint='--model NAME, or model = "NAME" in gcp-deploy.toml',
        )
    raise NotFound("nothing was deployed here yet", hint="gcp-deploy deploy ARTIFACT")
