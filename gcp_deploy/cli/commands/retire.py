"""``gcp-deploy retire``."""

from typing import Annotated

import typer

from gcp_deploy.cli import completion
from gcp_deploy.cli.arguments import TIMEOUT, Because, Timeout
from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared


@command(
    "retire",
    examples="""
    gcp-deploy retire
    gcp-deploy retire 1 --delete --because "trained on wrong labels"
    """,
)
def retire(
    shared: Shared,
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="VERSION",
            help="The version; without one, all that nobody needs.",
            autocompletion=completion.versions,
        ),
    ] = None,
    *,
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove it from the registry too.")
    ] = False,
    because: Because = "",
    timeout: Timeout = TIMEOUT,
) -> None:
    """Undeploy versions that neither serve, nor are candidates, nor are needed by a rollback.

    The artifact stays in the bucket. Exit codes: 0 done or unchanged, 4 a rollback would need it
    (--because overrules), 6 it has traffic, or somebody else is at work.
    """
    from gcp_deploy.app import retiring
    from gcp_deploy.cli.results import show
    from gcp_deploy.cli.session import connected

    with connected(shared, timeout=timeout) as session:
        retired = retiring.retire(
            session.context,
            session.model,
            version,
            delete=delete,
            because=because,
            timeout=session.timeout,
        )
        show(session, retired)
