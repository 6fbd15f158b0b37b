"""Endpoints in ``aiplatform`` v1 (port ``Traffic``)."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from gcp_deploy.adapters.aiplatform import wire
from gcp_deploy.adapters.aiplatform.operations import running
from gcp_deploy.adapters.aiplatform.place import Place
from gcp_deploy.adapters.calls import Call
from gcp_deploy.adapters.google_api import GoogleApi
from gcp_deploy.adapters.resources import last
from gcp_deploy.adapters.retries import Repeat
from gcp_deploy.adapters.spacing import Spacing
from gcp_deploy.domain import split as splits
from gcp_deploy.domain.names import endpoint_id
from gcp_deploy.domain.release import MODEL_LABEL, Endpoint, Recipe, Version
from gcp_deploy.errors import Conflict, NotFound, TemporaryError


class EndpointTraffic:
    """The endpoints of one project and region: one for each model, named like it."""

    def __init__(
        self, api: GoogleApi, place: Place, spacing: Spacing, *, dedicated: bool = True
    ) -> None:
        self._api = api
        self._place = place
        self._spacing = spacing
        self._dedicated = dedicated

    def read(self, model: str) -> Endpoint | None:
        """Return the endpoint as it is now, or None; Conflict when it is another model's."""
        call = Call(f"endpoint {endpoint_id(model)}", "aiplatform.endpoints.get")
        try:
            answer = self._api.run(
                self._endpoints.get(name=self._place.endpoint(model)), call, key="name"
            )
        except NotFound:
            return None
        owner = (answer.get("labels") or {}).get(MODEL_LABEL, model)
        if owner != model:
            raise Conflict(
                f"endpoint {endpoint_id(model)} belongs to the model {owner}, not to {model}",
                hint="the names differ in '-' and '_' only: choose another --model",
            )
        return wire.endpoint(answer, model)

    def create(self, model: str) -> str:
        """Start to create the endpoint; return the operation. Already there is success.

        Its id is ours to choose, so that it is not made twice when an answer is lost.
        """
        return self._api.write(lambda: self._create(model), lambda: None)

    def _create(self, model: str) -> str:
        call = Call(f"endpoint {endpoint_id(model)}", "aiplatform.endpoints.create", safe=False)
        request = self._endpoints.create(
            parent=self._place.parent,
            endpointId=endpoint_id(model),
            body=wire.endpoint_body(model, dedicated=self._dedicated),
        )
        try:
            return str(self._api.run(request, call, key="name")["name"])
        except Conflict as error:
            if self.read(model) is not None:
                return ""
            raise TemporaryError(
                f"{call.what} is being created",
                hint="run the same command again",
            ) from error

    def deploy(self, endpoint: Endpoint, version: Version, recipe: Recipe) -> str:
        """Start to attach *version* at 0 %; return the operation.

        After an answer that tells nothing we look before trying again; when none came at all,
        TemporaryError leaves that to the caller.
        """
        what = f"version {version.model}@{version.version} on endpoint {last(endpoint.name)}"
        call = Call(what, "aiplatform.endpoints.deploy", safe=False)
        body = wire.deployment_body(self._place.model(version.model), version, recipe)
        request = self._endpoints.deployModel(endpoint=endpoint.name, body=body)

        def write() -> str:
            self._spacing.wait()
            return str(self._api.run(request, call, key="name")["name"])

        def find() -> str | None:
            if self._now(endpoint, version.model).of_version(version.version):
                return ""
            return running(self._api, endpoint.name, "DeployModel")

        return self._api.write(write, find, Repeat.ANSWERED)

    def write_split(self, endpoint: Endpoint, split: Mapping[str, int]) -> Endpoint:
        """Write the whole split; Conflict when the endpoint changed since it was read.

        The etag makes the write safe to repeat once the endpoint was looked at: either our split
        stands there, or the etag tells whether somebody else's does.
        """
        wanted = splits.check(split)
        model = self._model_of(endpoint)

        def find() -> Endpoint | None:
            now = self._now(endpoint, model)
            if splits.check(now.split) == wanted:
                return now
            if now.etag != endpoint.etag:
                raise _changed(endpoint)
            return None

        return self._api.write(lambda: self._patch(endpoint, wanted, model), find)

    def undeploy(self, endpoint: Endpoint, deployed_model: str) -> str:
        """Start to detach a deployed model that has no traffic; return the operation."""
        what = f"deployed model {deployed_model} on endpoint {last(endpoint.name)}"
        call = Call(what, "aiplatform.endpoints.undeploy", safe=False)
        request = self._endpoints.undeployModel(
            endpoint=endpoint.name, body={"deployedModelId": deployed_model}
        )

        def find() -> str | None:
            now = self._now(endpoint, self._model_of(endpoint))
            if deployed_model not in {one.id for one in now.deployed}:
                return ""
            return running(self._api, endpoint.name, "UndeployModel")

        return self._api.write(lambda: str(self._api.run(request, call, key="name")["name"]), find)

    def _patch(self, endpoint: Endpoint, wanted: Mapping[str, int], model: str) -> Endpoint:
        body: dict[str, Any] = {"trafficSplit": dict(wanted)}
        if endpoint.etag:
            body["etag"] = endpoint.etag
        call = Call(f"endpoint {last(endpoint.name)}", "aiplatform.endpoints.update", safe=False)
        request = self._endpoints.patch(name=endpoint.name, updateMask="trafficSplit", body=body)
        try:
            return wire.endpoint(self._api.run(request, call, key="name"), model)
        except Conflict as error:
            # The request may have been delivered twice: then the second answer is the refusal.
            now = self._now(endpoint, model)
            if splits.check(now.split) == wanted:
                return now
            raise _changed(endpoint) from error

    def _now(self, endpoint: Endpoint, model: str) -> Endpoint:
        call = Call(f"endpoint {last(endpoint.name)}", "aiplatform.endpoints.get")
        request = self._endpoints.get(name=endpoint.name)
        return wire.endpoint(self._api.run(request, call, key="name"), model)

    def _model_of(self, endpoint: Endpoint) -> str:
        """Our model is the one whose versions stand there by their bare number."""
        ours = [one.model for one in endpoint.deployed if "@" not in one.version and one.model]
        return ours[0] if ours else last(endpoint.name)

    @cached_property
    def _endpoints(self) -> Any:
        return self._api.service.projects().locations().endpoints()


def _changed(endpoint: Endpoint) -> Conflict:
    return Conflict(
        f"endpoint {last(endpoint.name)} was changed by somebody else meanwhile",
        hint="gcp-deploy status shows what is there now; then run the command again",
    )
