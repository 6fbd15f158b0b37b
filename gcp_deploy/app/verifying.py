"""Verifying: ask what is really served for the golden rows, before it may become the default."""

from gcp_deploy.app.context import Context
from gcp_deploy.domain import golden as golden_rows
from gcp_deploy.domain import split
from gcp_deploy.domain.golden import GoldenRows, differences
from gcp_deploy.domain.release import Endpoint, Version
from gcp_deploy.errors import Conflict, DeployFailed, GcpDeployError
from gcp_deploy.ports import Answer

# At a share of 1 % the candidate stays silent in 1,000 requests once in 23,000 tries.
_MOST_REQUESTS = 1000


def load_golden(context: Context, name: str) -> GoldenRows | None:
    """Return the golden rows stored as *name*; None for a version that has none."""
    return golden_rows.decode(context.store.read(name)) if name else None


def verify(context: Context, endpoint: Endpoint, version: Version, golden: GoldenRows) -> None:
    """Replay *golden* on the served *version*.

    On ml-engine a version is asked by its name. On aiplatform it is reached by its share alone
    (``predictRoute`` and ``invokeRoutePrefix`` exclude each other, and with the latter there is
    no ``predict``), so it gets the smallest share for as long as it takes to answer once, then
    none again.

    Raises:
        DeployFailed: it does not answer, or answers otherwise; traffic is what it was.
    """
    try:
        if not context.registry.capabilities.endpoints:
            answer = context.predictor.ask_version(
                endpoint, version.model, version, list(golden.instances)
            )
        else:
            answer = _ask_with_smallest_share(context, endpoint, version, golden)
    except GcpDeployError as error:
        if isinstance(error, DeployFailed) or error.exit_code in {5, 6, 75}:
            raise
        raise DeployFailed(
            f"{version.model}@{version.version} does not answer its golden rows: {error.message}",
            hint=error.hint,
        ) from error
    check_answer(version, golden, answer)


def check_answer(version: Version, golden: GoldenRows, answer: Answer) -> None:
    """Raise DeployFailed unless *answer* is that of *version*, with the golden predictions."""
    name = f"{version.model}@{version.version}"
    if answer.version and answer.version != version.version:
        raise DeployFailed(
            f"version {answer.version} answered instead of {name}",
            hint=f"gcp-deploy status -m {version.model}",
        )
    wrong = differences(golden.predictions, answer.predictions)
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise DeployFailed(
            f"{name} answers otherwise than its artifact: {wrong[0]}{more}",
            hint="is the runtime's scikit-learn that of the artifact? gcp-deploy inspect ARTIFACT",
        )


def _ask_with_smallest_share(
    context: Context, endpoint: Endpoint, version: Version, golden: GoldenRows
) -> Answer:
    deployed = endpoint.of_version(version.version)
    if deployed is None:
        raise Conflict(f"{version.model}@{version.version} is not deployed", hint="deploy it again")
    others = any(share for key, share in endpoint.split.items() if key != deployed.id)
    small = split.with_share(endpoint.split, deployed.id, 1 if others else 100)
    # A share left over from a run that died here is not what traffic shall go back to.
    home = split.with_share(endpoint.split, deployed.id, 0)
    shifted = context.traffic.write_split(endpoint, small)
    try:
        for _ in range(_MOST_REQUESTS):
            answer = context.predictor.predict(shifted, version.model, list(golden.instances))
            if answer.version == version.version:
                return answer
        raise DeployFailed(
            f"{version.model}@{version.version} did not answer one of {_MOST_REQUESTS} requests "
            f"at {small[deployed.id]} %",
            hint=f"gcp-deploy status -m {version.model}",
        )
    finally:
        context.traffic.write_split(shifted, home)
