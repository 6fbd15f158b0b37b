"""What ``plan`` and ``deploy`` have in common: from what was typed to a request."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gcp_deploy.app.material import DeployRequest
from gcp_deploy.cli.arguments import TIMEOUT
from gcp_deploy.cli.failures import naming
from gcp_deploy.cli.options import Shared
from gcp_deploy.cli.results import show
from gcp_deploy.cli.session import Session, connected
from gcp_deploy.domain import durations, names
from gcp_deploy.errors import BadName
from gcp_deploy.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed, still as text."""

    artifact: str
    promote: bool
    golden: str | None
    labels: Sequence[str]
    because: str
    timeout: str = TIMEOUT
    wait: bool = True


def planned(shared: Shared, wish: Wish) -> bool:
    """Show the plan; return whether there is anything to do."""
    from gcp_deploy.app import deploying

    with _asked(shared, wish) as (session, request):
        plan = deploying.plan(session.context, request)
        for warning in plan.warnings:
            session.context.reporter.warn(warning)
        show(session, plan)
    return bool(plan.steps)


def deployed(shared: Shared, wish: Wish) -> None:
    """Deploy, and show what came of it."""
    from gcp_deploy.app import deploying

    with _asked(shared, wish) as (session, request):
        show(session, deploying.deploy(session.context, request))


@contextmanager
def _asked(shared: Shared, wish: Wish) -> Iterator[tuple[Session, DeployRequest]]:
    """Check what was typed before anything is connected to."""
    from gcp_deploy import wiring
    from gcp_deploy.cli.session import load_settings

    settings = load_settings(shared)
    with naming(wish.artifact):
        request = wiring.deploy_request(
            settings,
            artifact=Path(wish.artifact),
            model=model_name(settings, wish.artifact),
            golden=Path(wish.golden) if wish.golden else None,
            promote=wish.promote,
            wait=wish.wait,
            timeout=durations.parse(wish.timeout),
            labels=read_labels(wish.labels),
            because=wish.because,
        )
    with connected(shared, timeout=wish.timeout, settings=settings) as session:
        yield session, request


def model_name(settings: Settings, artifact: str) -> str:
    """Return the model of the settings, else one named after the file."""
    return settings.model or names.model_from_file(Path(artifact).stem, settings.protocol)


def read_labels(words: Sequence[str]) -> dict[str, str]:
    """Read ``key=value`` words; raise BadName at the first that is no label."""
    labels: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise BadName(f"not a label: {word!r}", hint="--labels KEY=VALUE")
        names.check_label(key, value)
        labels[key] = value
    return labels
