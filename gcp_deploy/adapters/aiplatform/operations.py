"""Long-running operations of ``aiplatform`` v1 (port ``Operations``)."""

from collections.abc import Iterator
from typing import Any

from gcp_deploy.adapters.aiplatform import wire
from gcp_deploy.adapters.aiplatform.place import Place
from gcp_deploy.adapters.calls import Call
from gcp_deploy.adapters.google_api import GoogleApi
from gcp_deploy.adapters.resources import last
from gcp_deploy.domain.operations import Operation
from gcp_deploy.errors import NotFound, UsageError


def running(api: GoogleApi, parent: str, kind: str) -> str | None:
    """Return a running operation of *kind*, such as ``DeployModel``, under *parent*, or None."""
    return next(_under_way(api, parent, f".{kind}"), None)


def _under_way(api: GoogleApi, parent: str, kind: str) -> Iterator[str]:
    locations = api.service.projects().locations()
    resource = locations.models() if "/models/" in parent else locations.endpoints()
    collection = resource.operations()
    call = Call(f"operations of {last(parent)}")
    request = collection.list(name=parent, pageSize=100)
    try:
        for one in api.pages(request, collection.list_next, "operations", call):
            operation = wire.operation(one)
            whose = str((one.get("metadata") or {}).get("@type") or "")
            if not operation.done and whose.endswith(f"{kind}OperationMetadata"):
                yield operation.name
    except NotFound:
        return


class RegionOperations:
    """The operations of a region: of models, of endpoints, and without a parent."""

    def __init__(self, api: GoogleApi, place: Place) -> None:
        self._api = api
        self._place = place

    def running(self, model: str) -> tuple[str, ...]:
        """Return the names of those under way on the model and its endpoint."""
        parents = (self._place.model(model), self._place.endpoint(model))
        return tuple(name for parent in parents for name in _under_way(self._api, parent, ""))

    def get(self, name: str) -> Operation:
        """Return the operation as it is now; UsageError when *name* is no operation's."""
        locations = self._api.service.projects().locations()
        collection: Any = locations
        if "/models/" in name:
            collection = locations.models()
        elif "/endpoints/" in name:
            collection = locations.endpoints()
        try:
            request = collection.operations().get(name=name)
        except TypeError as error:  # the discovery document's pattern for names
            raise UsageError(
                f"not the name of an operation: {name!r}",
                hint="projects/PROJECT/locations/REGION/…/operations/NUMBER",
            ) from error
        return wire.operation(self._api.run(request, Call(f"operation {name}"), key="name"))
