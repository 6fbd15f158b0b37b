"""``gcp-deploy versions``."""

from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared


@command(
    "versions",
    examples="""
    gcp-deploy versions
    gcp-deploy versions --model churn --output json
    """,
)
def versions(shared: Shared) -> None:
    """List the versions of a model, oldest first, with their share of the traffic."""
    from gcp_deploy.app import watching
    from gcp_deploy.cli.results import show
    from gcp_deploy.cli.session import connected

    with connected(shared) as session:
        show(session, watching.versions(session.context, session.model))
