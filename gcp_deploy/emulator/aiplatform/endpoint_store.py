"""Endpoints as they are stored: the resource, and the deployments under way."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.aiplatform.place import Place
from gcp_deploy.emulator.problems import not_found

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

KIND = "aiplatform.endpoint"


@dataclass(frozen=True, slots=True)
class StoredEndpoint:
    """An endpoint."""

    place: Place
    id: str
    resource: Mapping[str, Any]
    """The Endpoint resource without name, etag, deployedModels, trafficSplit and host."""
    deployed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """DeployedModel resources by id, in the order of their deployment."""
    split: Mapping[str, int] = field(default_factory=dict)
    pending: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """DeployedModel resources that are being deployed, by id."""
    etag: str = ""

    @property
    def name(self) -> str:
        """The resource name."""
        return self.place.endpoint(self.id)

    @property
    def dedicated(self) -> bool:
        """Whether it is asked under a host of its own."""
        return self.resource.get("dedicatedEndpointEnabled") is True

    def changed(self, now: str) -> "StoredEndpoint":
        """Return the endpoint with a new update time."""
        return replace(self, resource={**self.resource, "updateTime": now})

    def attach(self, deployed: Mapping[str, Any], split: Mapping[str, int]) -> "StoredEndpoint":
        """Return the endpoint with a pending model deployed."""
        name = str(deployed["id"])
        return replace(
            self.give_up(name), deployed={**self.deployed, name: deployed}, split=dict(split)
        )

    def give_up(self, name: str) -> "StoredEndpoint":
        """Return the endpoint without the pending model of that id."""
        pending = {key: value for key, value in self.pending.items() if key != name}
        return replace(self, pending=pending)

    def detach(self, name: str, split: Mapping[str, int]) -> "StoredEndpoint":
        """Return the endpoint without the deployed model of that id."""
        deployed = {key: value for key, value in self.deployed.items() if key != name}
        return replace(self, deployed=deployed, split=dict(split))


def read(platform: "Platform", place: Place, endpoint: str) -> StoredEndpoint | None:
    """Return the endpoint, or None."""
    document = platform.state.get(KIND, place.key(endpoint))
    return None if document is None else _parse(document.body, document.etag)


def read_all(platform: "Platform", prefix: str = "") -> list[StoredEndpoint]:
    """Return the endpoints whose keys begin with *prefix*, newest first."""
    documents = platform.state.list(KIND, prefix=prefix)
    documents.sort(key=lambda document: -document.created)
    return [_parse(document.body, document.etag) for document in documents]


def find(platform: "Platform", place: Place, endpoint: str) -> StoredEndpoint:
    """Return the endpoint.

    Raises:
        Problem: 404 NOT_FOUND.
    """
    found = read(platform, place, endpoint)
    if found is None:
        raise not_found(f"Endpoint `{place.endpoint(endpoint)}` not found.")
    return found


def write(platform: "Platform", endpoint: StoredEndpoint) -> StoredEndpoint:
    """Store the endpoint and return it with its new etag."""
    body = {
        "number": endpoint.place.number,
        "location": endpoint.place.location,
        "id": endpoint.id,
        "resource": dict(endpoint.resource),
        "deployed": {name: dict(one) for name, one in endpoint.deployed.items()},
        "split": dict(endpoint.split),
        "pending": {name: dict(one) for name, one in endpoint.pending.items()},
    }
    return replace(
        endpoint, etag=platform.state.put(KIND, endpoint.place.key(endpoint.id), body).etag
    )


def remove(platform: "Platform", endpoint: StoredEndpoint) -> None:
    """Forget the endpoint."""
    platform.state.delete(KIND, endpoint.place.key(endpoint.id))


def deployments_of(platform: "Platform", model: str) -> list[tuple[str, str, str]]:
    """Return (endpoint name, deployed model id, version) of all that stand on *model*.

    *model* is a resource name without version. Those under way count too.
    """
    return [
        (endpoint.name, str(one["id"]), str(one["modelVersionId"]))
        for endpoint in read_all(platform)
        for one in (*endpoint.deployed.values(), *endpoint.pending.values())
        if one["model"] == model
    ]


def _parse(body: Mapping[str, Any], etag: str) -> StoredEndpoint:
    return StoredEndpoint(
        place=Place(body["number"], body["location"]),
        id=body["id"],
        resource=body["resource"],
        deployed=body["deployed"],
        split=body["split"],
        pending=body["pending"],
        etag=etag,
    )
