"""The model as its own endpoint in ``ml`` v1 (port ``Traffic``)."""

from collections.abc import Mapping

from gcp_deploy.adapters.ml_engine import wire
from gcp_deploy.adapters.ml_engine.models import Models
from gcp_deploy.adapters.resources import last
from gcp_deploy.domain import split as splits
from gcp_deploy.domain.release import Endpoint, Recipe, Version
from gcp_deploy.errors import Conflict, NotFound, TemporaryError, UsageError


class ModelTraffic:
    """Everything goes to the default version; there is nothing to create or to attach."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def read(self, model: str) -> Endpoint | None:
        """Return the model as it is now, or None."""
        answer = self._models.get(model)
        if answer is None:
            return None
        return wire.endpoint(answer, self._models.versions(model), model)

    def create(self, model: str) -> str:
        """Do nothing: a model is there as soon as it has a version. *model* is not looked at."""
        del model
        return ""

    def deploy(self, endpoint: Endpoint, version: Version, recipe: Recipe) -> str:
        """Do nothing: a registered version already serves those who name it."""
        del endpoint, version, recipe
        return ""

    def write_split(self, endpoint: Endpoint, split: Mapping[str, int]) -> Endpoint:
        """Make the one version in *split* the default, and read it back.

        UsageError when traffic is to be shared; Conflict when the default moved since *endpoint*
        was read. ``setDefault`` knows no etag: what is between our two reads is the lease's to
        guard.
        """
        wanted = splits.check(split)
        if len(wanted) != 1:
            raise UsageError(
                f"ml-engine has no canary: one version gets everything, not {dict(wanted)}",
                hint="promote the version, or use a target with platform aiplatform",
            )
        model, (version,) = last(endpoint.name), wanted
        now = self._there(model)
        if dict(now.split) == wanted:
            return now
        if dict(now.split) != dict(endpoint.split):
            raise Conflict(
                f"the default of model {model} was changed by somebody else meanwhile, "
                f"to {now.sole_version or 'none'}",
                hint="gcp-deploy status shows what is there now; then run the command again",
            )
        self._models.set_default(model, version)
        now = self._there(model)
        if dict(now.split) != wanted:
            raise TemporaryError(
                f"model {model}: the default was set to {version}, and reads as "
                f"{now.sole_version or 'none'}",
                hint="run the same command again",
            )
        return now

    def undeploy(self, endpoint: Endpoint, deployed_model: str) -> str:
        """Do nothing: only deleting a version takes it off."""
        del endpoint, deployed_model
        return ""

    def _there(self, model: str) -> Endpoint:
        now = self.read(model)
        if now is None:
            raise NotFound(f"model {model} does not exist", hint="gcp-deploy deploy")
        return now
