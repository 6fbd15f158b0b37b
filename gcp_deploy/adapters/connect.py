"""All ports of one platform, built from plain arguments."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Self

from gcp_deploy.adapters import identity
from gcp_deploy.adapters.aiplatform.place import Place
from gcp_deploy.adapters.gcs.bucket import GOOGLE, Bucket
from gcp_deploy.adapters.gcs.store import GcsStore
from gcp_deploy.adapters.google_api import GoogleApi
from gcp_deploy.adapters.http import Session, Timeouts, session
from gcp_deploy.adapters.retries import Budget, Retrier
from gcp_deploy.adapters.spacing import Spacing
from gcp_deploy.ports import ArtifactStore, Clock, ModelRegistry, Operations, Predictor, Traffic

_ON_LOOPBACK = Timeouts(connect=5.0, read=30.0)
"""A local platform that is silent for longer has stopped."""
_SPACING = 2.0
"""Seconds between uploads and deployments at Google's own host."""


@dataclass(frozen=True, slots=True)
class Ports:
    """One platform, behind the ports."""

    store: ArtifactStore
    registry: ModelRegistry
    traffic: Traffic
    predictor: Predictor
    operations: Operations
    account: str
    """The e-mail address of who asks, or ``""`` when the credentials do not say."""
    sessions: tuple[Session, ...] = ()

    def close(self) -> None:
        """Let go of the connections. The ports can be used again; then they connect again."""
        for one in self.sessions:
            one.close()  # type: ignore[no-untyped-call] # google-auth is typed in part

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Line:
    """What every call needs."""

    clock: Clock
    retrier: Retrier
    local: Session
    cloud: Session | None

    @property
    def sessions(self) -> tuple[Session, ...]:
        """All sessions, to be closed."""
        return (self.local,) if self.cloud is None else (self.local, self.cloud)

    def to(self, url: str) -> Session:
        """Return the session for *url*: no token leaves for loopback."""
        if self.cloud is None or identity.is_loopback(url):
            return self.local
        return self.cloud


def connect(
    platform: Literal["aiplatform", "ml-engine"],
    *,
    project: str,
    region: str,
    bucket: str,
    storage_url: str = "",
    aiplatform_url: str = "",
    ml_url: str = "",
    impersonate: str = "",
    quota_project: str = "",
    dedicated: bool = True,
    deadline: timedelta,
    clock: Clock,
    random: Callable[[], float],
) -> Ports:
    """Return the ports of *platform*.

    Addresses override Google's own; when all that are used are on loopback, no credentials are
    asked for. *deadline* is what the command may lose to failed tries and the waits after them,
    over all its calls. *random* returns a number in [0, 1), for jitter.

    Raises UsageError for an address where no token may go, and for AI Platform Prediction at
    Google, which is switched off; Unauthenticated without credentials.
    """
    place = Place(project, region)
    storage = identity.check_address(storage_url or GOOGLE)
    api = _api_address(platform, region, aiplatform_url, ml_url)
    line, account = _line(
        (storage, api), impersonate, quota_project, Retrier(clock, Budget(deadline), random), clock
    )
    store = GcsStore(
        Bucket(
            bucket,
            project=project,
            region=region,
            url=storage,
            session=line.to(storage),
            retrier=line.retrier,
            clock=clock,
        )
    )
    if platform == "ml-engine":
        return _ml_engine(line, store, url=api, place=place, account=account)
    return _aiplatform(line, store, url=api, place=place, account=account, dedicated=dedicated)


def _api_address(platform: str, region: str, aiplatform_url: str, ml_url: str) -> str:
    if platform == "ml-engine":
        from gcp_deploy.domain.switched_off import check_host

        return identity.check_address(check_host(ml_url))
    return identity.check_address(aiplatform_url or f"https://{region}-aiplatform.googleapis.com")


def _line(
    addresses: tuple[str, ...], impersonate: str, quota_project: str, retrier: Retrier, clock: Clock
) -> tuple[_Line, str]:
    local = session(identity.NoCredentials(), _ON_LOOPBACK)
    if all(identity.is_loopback(one) for one in addresses):
        return _Line(clock, retrier, local, None), ""
    who = identity.credentials(impersonate=impersonate, quota_project=quota_project)
    account = impersonate or identity.account(who)
    return _Line(clock, retrier, local, session(who)), account


def _aiplatform(
    line: _Line, store: ArtifactStore, *, url: str, place: Place, account: str, dedicated: bool
) -> Ports:
    from gcp_deploy.adapters.aiplatform.operations import RegionOperations
    from gcp_deploy.adapters.aiplatform.predictor import EndpointPredictor
    from gcp_deploy.adapters.aiplatform.registry import Registry
    from gcp_deploy.adapters.aiplatform.traffic import EndpointTraffic

    api = GoogleApi("aiplatform", url, session=line.to(url), retrier=line.retrier, clock=line.clock)
    spacing = Spacing(line.clock, 0.0 if identity.is_loopback(url) else _SPACING)
    return Ports(
        store=store,
        registry=Registry(api, place, spacing),
        traffic=EndpointTraffic(api, place, spacing, dedicated=dedicated),
        predictor=EndpointPredictor(api),
        operations=RegionOperations(api, place),
        account=account,
        sessions=line.sessions,
    )


def _ml_engine(line: _Line, store: ArtifactStore, *, url: str, place: Place, account: str) -> Ports:
    from gcp_deploy.adapters.ml_engine.models import Models
    from gcp_deploy.adapters.ml_engine.operations import ProjectOperations
    from gcp_deploy.adapters.ml_engine.predictor import ModelPredictor
    from gcp_deploy.adapters.ml_engine.traffic import ModelTraffic

    api = GoogleApi("ml", url, session=line.to(url), retrier=line.retrier, clock=line.clock)
    models = Models(api, place.project, place.region)
    return Ports(
        store=store,
        registry=models,
        traffic=ModelTraffic(models),
        predictor=ModelPredictor(api),
        operations=ProjectOperations(api, place.project),
        account=account,
        sessions=line.sessions,
    )
