"""``gcp-deploy operations``."""

from typing import Annotated

import typer

from gcp_deploy.cli import completion
from gcp_deploy.cli.arguments import TIMEOUT, Timeout
from gcp_deploy.cli.command import command, group
from gcp_deploy.cli.options import Shared


@command(
    "wait",
    examples="""
    gcp-deploy operations wait projects/123/locations/us-central1/operations/456
    gcp-deploy operations wait projects/123/locations/us-central1/operations/456 --timeout 1h
    """,
)
def wait(
    shared: Shared,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The operation, as deploy and status show it.",
            autocompletion=completion.operations,
        ),
    ],
    *,
    timeout: Timeout = TIMEOUT,
) -> None:
    """Wait until an operation is done.

    Exit codes: 0 it ended well, 8 it failed, 124 it is still running after --timeout.
    """
    from gcp_deploy.app import waiting
    from gcp_deploy.cli.results import show
    from gcp_deploy.cli.session import connected

    with connected(shared, timeout=timeout) as session:
        show(session, waiting.wait(session.context, name, timeout=session.timeout))


operations = group("operations", "Wait for something that is still running.", wait)
