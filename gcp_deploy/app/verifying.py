"""Verifying: ask what is really served for the golden rows, before it may become the default."""

from gcp_deploy.app.context import Context
from gcp_deploy.app.releaselog import Run
from gcp_deploy.domain import golden as golden_rows
from gcp_deploy.domain import split
from gcp_deploy.domain.events import EventType
from gcp_deploy.domain.golden import GoldenRows, differences
from gcp_deploy.domain.release import Endpoint, Version
from gcp_deploy.errors import Conflict, DeployFailed, GcpDeployError
from gcp_deploy.ports import Answer

# At a share of 1 % the candidate stays silent in 1,000 requests once in 23,000 tries.
_MOST_REQUESTS = 1000


def load_golden(context: Context, name: str) -> GoldenRows | None:
    """Return the golden rows stored as *name*; None for a version that has none."""
    return golden_rows.decode(context.store.read(name)) if name else None


def verify(
    context: Context, run: Run, endpoint: Endpoint, version: Version, golden: GoldenRows
) -> None:
    """Replay *golden* on the served *version*.

    On ml-engine a version is asked by its name. On aiplatform it is reached by its share alone
    (``predictRoute`` and ``invokeRoutePrefix`` exclude each other, and with the latter there is
    no ``predict``): one without traffic gets the smallest share for as long as it takes to
    answer once, then none again; one that has traffic keeps what it has.

    Raises:
        DeployFailed: it does not answer, or answers otherwise; traffic is what it was.
    """
    try:
        if not context.registry.capabilities.endpoints:
            answer = context.predictor.ask_version(
                endpoint, version.model, version, list(golden.instances)
            )
        else:
            answer = _ask_by_share(context, run, endpoint, version, golden)
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


def _ask_by_share(
    context: Context, run: Run, endpoint: Endpoint, version: Version, golden: GoldenRows
) -> Answer:
    """Ask a version of aiplatform: by the share it has, else by one that is lent to it.

    The loan is recorded before it is made, so that a run that dies here leaves nothing behind
    that the next one does not know how to take back.
    """
    deployed = endpoint.of_version(version.version)
    if deployed is None:
        raise Conflict(f"{version.model}@{version.version} is not deployed", hint="deploy it again")
    if endpoint.share(version.version):
        return _ask_until_it_answers(context, endpoint, version, golden)
    home = {key: share for key, share in endpoint.split.items() if share}
    lent = split.with_share(home, deployed.id, 1 if home else 100)
    run.record(EventType.SHARE_LENT, version=version.version, data={"lent": lent, "home": home})
    shifted = context.traffic.write_split(endpoint, lent)
    try:
        return _ask_until_it_answers(context, shifted, version, golden)
    finally:
        context.traffic.write_split(shifted, home)


def _ask_until_it_answers(
    context: Context, endpoint: Endpoint, version: Version, golden: GoldenRows
) -> Answer:
    for _ in range(_MOST_REQUESTS):
        answer = context.predictor.predict(endpoint, version.model, list(golden.instances))
        if answer.version == version.version:
            return answer
    raise DeployFailed(
        f"{version.model}@{version.version} did not answer one of {_MOST_REQUESTS} requests "
        f"at {endpoint.share(version.version)} %",
        hint=f"gcp-deploy status -m {version.model}",
    )
