"""Online predictions in ``ml`` v1 (port ``Predictor``)."""

from collections.abc import Sequence
from typing import Any

from gcp_deploy.adapters.calls import Call
from gcp_deploy.adapters.google_api import GoogleApi
from gcp_deploy.adapters.instances import body_of, predictions_of
from gcp_deploy.domain.release import Endpoint, Version
from gcp_deploy.ports import Answer


class ModelPredictor:
    """Asks a model, or one version of it. The service does not say who answered."""

    def __init__(self, api: GoogleApi) -> None:
        self._api = api

    def predict(self, endpoint: Endpoint, model: str, instances: Sequence[Any]) -> Answer:
        """Ask the model; it is its default version that answers, as *endpoint* was read."""
        call = Call(f"model {model}", "ml.models.predict", instances=True)
        predictions = self._ask(endpoint.name, instances, call)
        default = endpoint.sole_version
        return Answer(predictions, model, default, default)

    def ask_version(
        self, endpoint: Endpoint, model: str, version: Version, instances: Sequence[Any]
    ) -> Answer:
        """Ask one version by its name."""
        call = Call(f"version {model}/{version.version}", "ml.versions.predict", instances=True)
        name = f"{endpoint.name}/versions/{version.version}"
        predictions = self._ask(name, instances, call)
        return Answer(predictions, model, version.version, version.version)

    def _ask(self, name: str, instances: Sequence[Any], call: Call) -> list[Any]:
        request = self._api.service.projects().predict(name=name, body=body_of(instances))
        answer = self._api.run(request, call, key="predictions")
        return predictions_of(answer, len(instances), call)
