"""``gcp-deploy when``."""

from typing import Annotated

import typer

from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared


@command(
    "when",
    examples="""
    gcp-deploy when 2h ago
    gcp-deploy when 2026-11-03 14:02
    gcp-deploy when 2026-11-03T14:02:00+01:00 --output json
    """,
)
def when(
    shared: Shared,
    time: Annotated[
        list[str],
        typer.Argument(metavar="TIME", help="RFC 3339, a date and time (UTC), or '2h ago'."),
    ],
) -> None:
    """Tell which version was the default at a time, since when, and by whose decision."""
    from gcp_deploy.app import watching
    from gcp_deploy.cli import times
    from gcp_deploy.cli.results import show
    from gcp_deploy.cli.session import connected

    with connected(shared) as session:
        moment = times.parse(" ".join(time), session.context.clock.now())
        show(session, watching.when(session.context, session.model, moment))
