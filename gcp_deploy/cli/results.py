"""Show the outcome of a use case."""

from gcp_deploy.cli.documents import Outcome, document
from gcp_deploy.cli.render import write
from gcp_deploy.cli.session import Session
from gcp_deploy.cli.tables import lines


def show(session: Session, outcome: Outcome) -> None:
    """Write *outcome* to stdout, as the settings say."""
    write(session.settings.output, document(outcome), lines(outcome, again=session.again))
