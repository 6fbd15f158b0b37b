"""``gcp-deploy deploy``."""

from typing import Annotated

import typer

from gcp_deploy.cli.arguments import TIMEOUT, Artifact, Because, Golden, Labels, Promote, Timeout
from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared


@command(
    "deploy",
    examples="""
    gcp-deploy deploy model.joblib
    gcp-deploy deploy model.joblib --model churn --promote --because "weekly retraining"
    gcp-deploy deploy model.joblib --golden golden.json --labels team=growth --output json
    """,
)
def deploy(
    shared: Shared,
    artifact: Artifact,
    *,
    promote: Promote = False,
    golden: Golden = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the steps, take none: the same as plan.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until the version is verified.")
    ] = True,
    timeout: Timeout = TIMEOUT,
    labels: Labels = None,
    because: Because = "",
) -> None:
    """Upload an artifact, register it as a version, deploy it at 0 % and verify what is served.

    The first version of a model becomes the default; a later one waits as a candidate for
    promote, or is promoted at once with --promote. The same artifact again is unchanged. Killed
    at any moment, the same command goes on from there.

    Exit codes: 0 done or unchanged, 4 approval needed, 5 credentials or permission, 6 somebody
    else is at work, 8 failed and traffic is as before, 12 unsafe or unreadable artifact,
    13 runtime sunset, 75 try again, 124 still running.
    """
    from gcp_deploy.cli.requests import Wish, deployed, planned

    wish = Wish(
        artifact,
        promote=promote,
        golden=golden,
        labels=labels or [],
        because=because,
        timeout=timeout,
        wait=wait,
    )
    if dry_run:
        planned(shared, wish)
    else:
        deployed(shared, wish)
