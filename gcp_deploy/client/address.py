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
PREDICT_ROUTE = "predict"
"""What our serving image calls its route, below ``invoke``."""


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
    dedicated: bool = False
    deployed: Mapping[str, str] = field(default_factory=dict)
    """For each version the deployed model that serves it."""
    default: str = ""
    """The default version of the legacy service as last read."""

    def of_version(self, version: str, model: str) -> str:
        """Return the URL that asks one version of *model* directly, also at 0 %."""
        if version not in self.deployed:
            there = ", ".join(sorted(self.deployed)) or "none"
            raise NotFound(
                f"version {model}@{version} is not deployed; deployed: {there}",
                hint="gcp-deploy versions",
            )
        if not self.dedicated:
            raise UsageError(
                f"version {model}@{version} cannot be asked directly on a shared endpoint",
                hint="a dedicated endpoint has a way to one version; else ask without a version",
            )
        return f"{self.url}/deployedModels/{self.deployed[version]}/invoke/{PREDICT_ROUTE}"


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
    deployed = {}
    split = endpoint.get("trafficSplit") or {}
    for one in sorted(endpoint.get("deployedModels") or [], key=lambda d: split.get(d["id"], 0)):
        deployed[str(one.get("modelVersionId", ""))] = str(one["id"])
    return Address(
        url=base.endpoint(model).replace(base.url, root, 1),
        limit=DEDICATED_LIMIT if dedicated else SHARED_LIMIT,
        dedicated=dedicated,
        deployed=deployed,
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
