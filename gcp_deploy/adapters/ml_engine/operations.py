"""Long-running operations of ``ml`` v1 (port ``Operations``)."""

from gcp_deploy.adapters.calls import Call
from gcp_deploy.adapters.google_api import GoogleApi
from gcp_deploy.adapters.ml_engine import wire
from gcp_deploy.adapters.resources import last
from gcp_deploy.domain.operations import Operation
from gcp_deploy.errors import UsageError


class ProjectOperations:
    """The operations of a project."""

    def __init__(self, api: GoogleApi, project: str) -> None:
        self._api = api
        self._project = project

    def running(self, model: str) -> tuple[str, ...]:
        """Return the names of those under way on the model."""
        collection = self._api.service.projects().operations()
        request = collection.list(name=f"projects/{self._project}", pageSize=100)
        call = Call(f"operations of {self._project}", "ml.operations.list")
        found = self._api.pages(request, collection.list_next, "operations", call)
        return tuple(
            str(one["name"])
            for one in found
            if not one.get("done")
            and last(str((one.get("metadata") or {}).get("modelName") or "")) == model
        )

    def get(self, name: str) -> Operation:
        """Return the operation as it is now; UsageError when *name* is no operation's."""
        try:
            request = self._api.service.projects().operations().get(name=name)
        except TypeError as error:  # the discovery document's pattern for names
            raise UsageError(
                f"not the name of an operation: {name!r}", hint="projects/PROJECT/operations/NAME"
            ) from error
        call = Call(f"operation {name}", "ml.operations.get")
        return wire.operation(self._api.run(request, call, key="name"))
