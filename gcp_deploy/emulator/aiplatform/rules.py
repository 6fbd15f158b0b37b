"""What can be set about this API's behaviour, kept in the state so that all processes agree."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

_KIND = "aiplatform.rules"
_KEY = "rules"


@dataclass(frozen=True, slots=True)
class Rules:
    """The switches, with what holds when nobody sets them."""

    dns_with_scheme: bool = False
    """``dedicatedEndpointDns`` begins with ``http://``: the documents show it both ways."""
    stage_seconds: float = 0.0
    """How long each stage of a deployment lasts at least."""
    invoke_alone: bool = True
    """The documented limits of ``invokeRoutePrefix``: not beside a ``predictRoute``, and no
    ``predict`` or ``rawPredict`` for such a model ("Use arbitrary custom routes")."""


def current(platform: "Platform") -> Rules:
    """Return the rules of this state."""
    document = platform.state.get(_KIND, _KEY)
    return Rules() if document is None else Rules(**document.body)


def change(platform: "Platform", rules: Rules) -> None:
    """Let *rules* hold from now on."""
    platform.state.put(_KIND, _KEY, asdict(rules))
