"""``gcp-deploy history``."""

from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared


@command(
    "history",
    examples="""
    gcp-deploy history
    gcp-deploy history --model churn --output json
    """,
)
def history(shared: Shared) -> None:
    """Show the release log: what was done, when, by whom and why.

    The chain of hashes is verified; a log that was changed by hand ends in exit code 6. The JSON
    has every event, the table those that changed something.
    """
    from gcp_deploy.app import watching
    from gcp_deploy.cli.results import show
    from gcp_deploy.cli.session import connected

    with connected(shared) as session:
        show(session, watching.history(session.context, session.model))
