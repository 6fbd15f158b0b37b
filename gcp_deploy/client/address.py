"""Addresses: where a model is asked, on either protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from gcp_deploy.domain import names
from gcp_deploy.errors import NotFound, UsageError
from gcp_deploy.settings.checks import is_loopback

SHARED_LIMIT = 1_500_000
"""Bytes of a request on a shared endpoint and on the legacy service."""
DEDICATED_LIMIT = 10_000_000


@dataclass(frozen=True, slots=True)
class Base:
    """The root of an API and the project in it."""

    protocol: str
    url: str
    project: str
    region: str

    @property
    def parent(self) -> str:
        """The URL under which models (and endpoints) lie."""
        where = f"{self.url}/v1/projects/{quote(self.project, safe=':')}"
        legacy = self.protocol == names.ML_ENGINE
        return where if legacy else f"{where}/locations/{quote(self.region)}"

    def model(self, model: str) -> str:
        """The URL of a model."""
        return f"{self.parent}/models/{quote(model, safe='@')}"

    def endpoint(self, model: str) -> str:
        """The URL of the endpoint that serves *model* on aiplatform."""
        return f"{self.parent}/endpoints/{quote(names.endpoint_id(model))}"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a model is asked."""

    url: str
    """Without ``:predict``."""
    limit: int
    shares: Mapping[str, int] = field(default_factory=dict)
    """For each deployed version its percent of the traffic."""
    default: str = ""
    """The default version of the legacy service as last read."""

    def check_reachable(self, version: str, model: str) -> None:
        """Raise unless *version* gets traffic: on aiplatform a version is reached by its share.

        NotFound when it is not deployed, UsageError when it is at 0 %.
        """
        if version not in self.shares:
            there = ", ".join(sorted(self.shares)) or "none"
            raise NotFound(
                f"version {model}@{version} is not deployed; deployed: {there}",
                hint="gcp-deploy versions",
            )
        if not self.shares[version]:
            raise UsageError(
                f"version {model}@{version} has no traffic, and aiplatform reaches a version only "
                "by its share",
                hint=f"gcp-deploy promote {version}",
            )


def of_endpoint(base: Base, model: str, endpoint: Mapping[str, Any]) -> Address:
    """Read the Endpoint resource; its dedicated host comes with or without a scheme.

    Where the API itself is overridden on this machine, its emulator stands for all hosts.
    """
    host = str(endpoint.get("dedicatedEndpointDns") or "")
    dedicated = bool(host) and endpoint.get("dedicatedEndpointEnabled", True) is not False
    root = base.url
    if dedicated:
        host = host if "://" in host else f"{_scheme(host)}://{host}"
        if not _local(base.url) or _local(host):
            root = host.rstrip("/")
    shares: dict[str, int] = {}
    split = endpoint.get("trafficSplit") or {}
    for one in endpoint.get("deployedModels") or []:
        version = str(one.get("modelVersionId", ""))
        shares[version] = shares.get(version, 0) + int(split.get(str(one["id"]), 0))
    return Address(
        url=base.endpoint(model).replace(base.url, root, 1),
        limit=DEDICATED_LIMIT if dedicated else SHARED_LIMIT,
        shares=shares,
    )


def of_model(base: Base, model: str, resource: Mapping[str, Any]) -> Address:
    """Read the legacy Model resource."""
    return Address(base.model(model), SHARED_LIMIT, default=default_version(resource))


def default_version(resource: Mapping[str, Any]) -> str:
    """Return the name of the default version in a legacy Model resource, or ``""``."""
    name = (resource.get("defaultVersion") or {}).get("name", "")
    return str(name).rpartition("/")[2]


def _local(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")


def _scheme(host: str) -> str:
    return "http" if _local(f"//{host}") else "https"
