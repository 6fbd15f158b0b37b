"""Online predictions in ``aiplatform`` v1 (port ``Predictor``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gcp_deploy.adapters.aiplatform import wire
from gcp_deploy.adapters.answers import unreadable
from gcp_deploy.adapters.calls import Call
from gcp_deploy.adapters.google_api import GoogleApi
from gcp_deploy.adapters.instances import body_of, predictions_of
from gcp_deploy.adapters.resources import last
from gcp_deploy.domain.release import Endpoint, Version
from gcp_deploy.errors import UsageError
from gcp_deploy.ports import Answer

_PERMISSION = "aiplatform.endpoints.predict"


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """The bytes of the container's answer, and who gave it."""

    body: bytes
    content_type: str
    version: str
    deployed_model: str


class EndpointPredictor:
    """Asks endpoints, on their dedicated host when they have one."""

    def __init__(self, api: GoogleApi) -> None:
        self._api = api

    def predict(self, endpoint: Endpoint, model: str, instances: Sequence[Any]) -> Answer:
        """Ask the address applications ask: the split decides who answers."""
        call = self._call(f"endpoint {last(endpoint.name)} of {model}")
        request = self._endpoints.predict(endpoint=endpoint.name, body=body_of(instances))
        answer = self._api.run(request, call, host=endpoint.host, key="predictions")
        return wire.answer_of(answer, predictions_of(answer, len(instances), call))

    def ask_version(
        self,
        endpoint: Endpoint,  # noqa: ARG002 -- the port's
        model: str,
        version: Version,
        instances: Sequence[Any],  # noqa: ARG002 -- the port's
    ) -> Answer:
        """Raise UsageError: a version without a share cannot be asked here.

        The ``deployedModels/ID/invoke`` routes need ``invokeRoutePrefix``, which excludes
        ``predictRoute`` and with it ``predict`` (discovery document, ``ModelContainerSpec``).
        """
        raise UsageError(
            f"version {model}@{version.version} cannot be asked alone: aiplatform reaches a "
            "version by its share of the traffic",
            hint="give it a share of 1 %, or make it the default",
        )

    def raw_predict(
        self, endpoint: Endpoint, body: bytes, *, content_type: str = "application/json"
    ) -> RawAnswer:
        """Send *body* to the container as it is; numbers come back as the container wrote them."""
        call = self._call(f"endpoint {last(endpoint.name)}")
        url = self._api.url(endpoint.name, "rawPredict", host=endpoint.host)
        content, headers = self._api.send(url, body, content_type, call)
        if not content:
            raise unreadable(call, "nothing")
        return RawAnswer(
            body=content,
            content_type=str(headers.get("content-type", "")),
            version=str(headers.get("x-vertex-ai-model-version-id", "")),
            deployed_model=str(headers.get("x-vertex-ai-deployed-model-id", "")),
        )

    @staticmethod
    def _call(what: str) -> Call:
        return Call(what, _PERMISSION, instances=True)

    @cached_property
    def _endpoints(self) -> Any:
        return self._api.service.projects().locations().endpoints()
