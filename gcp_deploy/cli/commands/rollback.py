"""``gcp-deploy rollback``."""

from typing import Annotated

import typer

from gcp_deploy.cli import completion
from gcp_deploy.cli.arguments import TIMEOUT, Because, Timeout
from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared


@command(
    "rollback",
    examples="""
    gcp-deploy rollback
    gcp-deploy rollback --to 1 --because "version 2 times out"
    """,
)
def rollback(
    shared: Shared,
    *,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="VERSION",
            help="An earlier default; without it, the one before.",
            autocompletion=completion.versions,
        ),
    ] = None,
    because: Because = "",
    timeout: Timeout = TIMEOUT,
) -> None:
    """Make the previous default the default again.

    Exit codes: 0 done or unchanged, 6 somebody else is at work, 7 there is nothing to go back to
    and nothing was touched, 8 the earlier version does not answer as it should.
    """
    from gcp_deploy.app import promoting
    from gcp_deploy.cli.results import show
    from gcp_deploy.cli.session import connected

    with connected(shared, timeout=timeout) as session:
        moved = promoting.rollback(
            session.context, session.model, to, because=because, timeout=session.timeout
        )
        show(session, moved)
