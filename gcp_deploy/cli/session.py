"""What a command works with: settings, the ports of its target, and the model it is about."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from gcp_deploy.cli.arguments import TIMEOUT
from gcp_deploy.cli.options import Shared
from gcp_deploy.domain import durations
from gcp_deploy.settings.model import Settings

if TYPE_CHECKING:  # the ports cost predict, which needs none of them, a tenth of its time
    from gcp_deploy.app.context import Context


@dataclass(frozen=True, slots=True)
class Session:
    """A connection to the target, while the command lasts."""

    settings: Settings
    context: "Context"
    timeout: timedelta
    again: str
    """The options that reach the same target in another command."""

    @property
    def model(self) -> str:
        """The model of the settings, else the only one there is."""
        from gcp_deploy.app import watching

        return self.settings.model or watching.only_model(self.context)


def load_settings(shared: Shared, *, require: Collection[str] | None = None) -> Settings:
    """Return the settings of this process, with the options that were given on top.

    *require* names what the target has to have, when it is less than every command needs.
    """
    from gcp_deploy.settings.environment import load_here
    from gcp_deploy.settings.load import NEEDED

    return load_here(shared.flags(), require=NEEDED if require is None else require)


@contextmanager
def connected(
    shared: Shared, *, timeout: str = TIMEOUT, settings: Settings | None = None
) -> Iterator[Session]:
    """Connect to the target; an interruption carries a note of what was being done."""
    from gcp_deploy import wiring
    from gcp_deploy.cli.reporter import reporter_for

    patience = durations.parse(timeout)
    settings = settings or load_settings(shared)
    reporter = reporter_for(shared)
    try:
        with wiring.connect(settings, reporter=reporter, timeout=patience) as context:
            yield Session(settings, context, patience, shared.again())
    except BaseException as error:
        if not isinstance(error, Exception) and reporter.doing:
            error.add_note(reporter.doing)
        raise
