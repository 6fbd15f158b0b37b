"""``gcp-deploy promote``."""

from typing import Annotated

import typer

from gcp_deploy.cli import completion
from gcp_deploy.cli.arguments import TIMEOUT, Because, Timeout
from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared


@command(
    "promote",
    examples="""
    gcp-deploy promote
    gcp-deploy promote 2 --model churn
    gcp-deploy promote 2 --because "ticket 4711: better on new customers"
    """,
)
def promote(
    shared: Shared,
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="VERSION",
            help="The version; without one, the newest verified candidate.",
            autocompletion=completion.versions,
        ),
    ] = None,
    *,
    because: Because = "",
    timeout: Timeout = TIMEOUT,
) -> None:
    """Make a version the default: alias and traffic move together, and both are read back.

    Exit codes: 0 done or unchanged, 4 the version was never verified (--because overrules),
    6 somebody else is at work, 8 it did not come to serve and the old default serves as before.
    """
    from gcp_deploy.app import promoting
    from gcp_deploy.cli.results import show
    from gcp_deploy.cli.session import connected

    with connected(shared, timeout=timeout) as session:
        moved = promoting.promote(
            session.context, session.model, version, because=because, timeout=session.timeout
        )
        show(session, moved)
