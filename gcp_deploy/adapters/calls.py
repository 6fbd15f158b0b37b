"""One call of a service, as a value."""

from dataclasses import dataclass

from gcp_deploy.errors import TemporaryError


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a service, as far as its failure needs to be told."""

    what: str
    """The thing it is about, such as ``model churn``."""
    permission: str = ""
    """The IAM permission it needs."""
    safe: bool = True
    """Repeating it does no harm."""
    instances: bool = False
    """It carries rows to predict, so that a refusal is about them."""


class NotBegun(TemporaryError):
    """The service asked to come back later before it did anything: repeating does no harm."""
