"""``gcp-deploy status``."""

from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared


@command(
    "status",
    examples="""
    gcp-deploy status
    gcp-deploy status --model churn --output json
    """,
)
def status(shared: Shared) -> None:
    """Show on one screen what is served: the default, its candidates, who works on it.

    Where registry, traffic and release log do not agree, it says so.
    """
    from gcp_deploy.app import watching
    from gcp_deploy.cli.results import show
    from gcp_deploy.cli.session import connected

    with connected(shared) as session:
        show(session, watching.status(session.context, session.model))
