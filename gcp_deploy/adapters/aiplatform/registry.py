"""Models and versions in ``aiplatform`` v1 (port ``ModelRegistry``)."""

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
from gcp_deploy.domain.release import Capabilities, Version, VersionSpec
from gcp_deploy.errors import Conflict, NotFound, TemporaryError


class Registry:
    """The model registry of one project and region."""

    capabilities = Capabilities(endpoints=True, splits=True, first_is_default=False)

    def __init__(self, api: GoogleApi, place: Place, spacing: Spacing) -> None:
        self._api = api
        self._place = place
        self._spacing = spacing

    def models(self) -> tuple[str, ...]:
        """Return the ids of the models in the project and region, sorted."""
        call = Call(f"models in {self._place.parent}", "aiplatform.models.list")
        request = self._models.list(parent=self._place.parent, pageSize=100)
        found = self._api.pages(request, self._models.list_next, "models", call)
        return tuple(sorted({last(str(one["name"])) for one in found}))

    def versions(self, model: str) -> tuple[Version, ...]:
        """Return the versions, oldest first; none when there is no such model."""
        call = Call(f"model {model}", "aiplatform.models.list")
        request = self._models.listVersions(name=self._place.model(model), pageSize=100)
        try:
            pages = self._api.pages(request, self._models.listVersions_next, "models", call)
            found = [wire.version(one, model) for one in pages]
        except NotFound:
            return ()
        return tuple(sorted(found, key=lambda one: (one.created, one.version.zfill(19))))

    def register(self, spec: VersionSpec, *, new_model: bool) -> str:
        """Start ``models:upload``; return the operation. The first version becomes the default.

        A model's id is ours to choose, so that a new model is not made twice when an answer is
        lost: the second try finds it there. Conflict when somebody else has made it meanwhile.
        The number of a further version is not: after an answer that tells nothing we look first,
        and when none came at all, TemporaryError leaves that to the caller.
        """
        if new_model:
            return self._api.write(lambda: self._register_first(spec), lambda: None)
        return self._api.write(
            lambda: self._upload(spec, {"parentModel": self._place.model(spec.model)}),
            lambda: self._find(spec),
            Repeat.ANSWERED,
        )

    def _find(self, spec: VersionSpec) -> str | None:
        if any(one.identity == spec.identity for one in self.versions(spec.model)):
            return ""
        return running(self._api, self._place.model(spec.model), "UploadModel")

    def _register_first(self, spec: VersionSpec) -> str:
        try:
            return self._upload(spec, {"modelId": spec.model})
        except Conflict as error:
            found = self.versions(spec.model)
            if any(one.identity == spec.identity for one in found):
                return ""
            if found:
                raise
            raise TemporaryError(
                f"model {spec.model} is being created", hint="run the same command again"
            ) from error

    def _upload(self, spec: VersionSpec, where: dict[str, str]) -> str:
        self._spacing.wait()
        body = {**where, "model": wire.model_body(spec)}
        answer = self._api.run(
            self._models.upload(parent=self._place.parent, body=body),
            Call(f"model {spec.model}", "aiplatform.models.upload", safe=False),
            key="name",
        )
        return str(answer["name"])

    def set_default(self, model: str, version: str) -> None:
        """Move the alias ``default`` to *version*. It moves no traffic."""
        self._api.run(
            self._models.mergeVersionAliases(
                name=self._place.model(model, version), body={"versionAliases": ["default"]}
            ),
            Call(f"version {model}@{version}", "aiplatform.models.update"),
        )

    def delete(self, model: str, version: str) -> str:
        """Start to delete the version, with the model when it is the last; return the operation.

        ``deleteVersion`` refuses the only version of a model.
        """
        numbers = {one.version for one in self.versions(model)}
        if version not in numbers:
            raise NotFound(f"version {model}@{version} does not exist", hint="gcp-deploy versions")
        if len(numbers) == 1:
            request = self._models.delete(name=self._place.model(model))
        else:
            request = self._models.deleteVersion(name=self._place.model(model, version))
        call = Call(f"version {model}@{version}", "aiplatform.models.delete", safe=False)
        return self._api.write(
            lambda: str(self._api.run(request, call, key="name")["name"]),
            lambda: self._find_deletion(model, version),
        )

    def _find_deletion(self, model: str, version: str) -> str | None:
        if version not in {one.version for one in self.versions(model)}:
            return ""
        return running(self._api, self._place.model(model), "Delete")

    @cached_property
    def _models(self) -> Any:
        return self._api.service.projects().locations().models()
