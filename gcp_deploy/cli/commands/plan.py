"""``gcp-deploy plan``."""

import typer

from gcp_deploy.cli.arguments import Artifact, Because, DetailedExitCode, Golden, Labels, Promote
from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared
from gcp_deploy.errors import ExitCode


@command(
    "plan",
    examples="""
    gcp-deploy plan model.joblib
    gcp-deploy plan model.joblib --model churn --promote
    gcp-deploy plan model.joblib --detailed-exitcode --output json
    """,
)
def plan(
    shared: Shared,
    artifact: Artifact,
    *,
    promote: Promote = False,
    golden: Golden = None,
    labels: Labels = None,
    because: Because = "",
    detailed_exitcode: DetailedExitCode = False,
) -> None:
    """Show the steps that deploy would take now, and change nothing.

    Exit codes: 0 shown; with --detailed-exitcode 0 means unchanged and 10 that there are steps.
    """
    from gcp_deploy.cli.requests import Wish, planned

    wish = Wish(artifact, promote=promote, golden=golden, labels=labels or [], because=because)
    changes = planned(shared, wish)
    if changes and detailed_exitcode:
        raise typer.Exit(ExitCode.CHANGES)
