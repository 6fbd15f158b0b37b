"""Models and versions in ``ml`` v1 (port ``ModelRegistry``)."""

from functools import cached_property
from typing import Any

from gcp_deploy.adapters.calls import Call
from gcp_deploy.adapters.google_api import GoogleApi, Json
from gcp_deploy.adapters.ml_engine import wire
from gcp_deploy.adapters.resources import last
from gcp_deploy.domain.release import Capabilities, Version, VersionSpec, VersionState
from gcp_deploy.errors import Conflict, NotFound, UsageError


class Models:
    """The models of one project."""

    capabilities = Capabilities(endpoints=False, splits=False, first_is_default=True)

    def __init__(self, api: GoogleApi, project: str, region: str) -> None:
        self._api = api
        self._parent = f"projects/{project}"
        self._region = region

    def models(self) -> tuple[str, ...]:
        """Return the names of the models in the project, sorted."""
        call = Call(f"models in {self._parent}", "ml.models.list")
        request = self._models.list(parent=self._parent, pageSize=100)
        found = self._api.pages(request, self._models.list_next, "models", call)
        return tuple(sorted(last(str(one["name"])) for one in found))

    def get(self, model: str) -> Json | None:
        """Return the ``Model``, or None."""
        call = Call(f"model {model}", "ml.models.get")
        try:
            return self._api.run(
                self._models.get(name=f"{self._parent}/models/{model}"), call, key="name"
            )
        except NotFound:
            return None

    def versions(self, model: str) -> tuple[Version, ...]:
        """Return the versions, oldest first; none when there is no such model."""
        call = Call(f"model {model}", "ml.versions.list")
        request = self._versions.list(parent=f"{self._parent}/models/{model}", pageSize=100)
        try:
            pages = self._api.pages(request, self._versions.list_next, "versions", call)
            found = [wire.version(one, model) for one in pages]
        except NotFound:
            return ()
        return tuple(sorted(found, key=lambda one: (one.created, one.version)))

    def register(self, spec: VersionSpec, *, new_model: bool) -> str:
        """Create the model when *new_model*, and start to create the version.

        The service makes the first version of a model its default. A version of that name is
        already there: success when it has our identity, else Conflict. As we choose the name, a
        lost answer is no trouble: the second try finds the version there.
        """
        if spec.recipe.runtime.image:
            raise UsageError(
                f"ml-engine serves a runtime version, not the image {spec.recipe.runtime.image}",
                hint="runtime_version in gcp-deploy.toml",
            )
        if new_model:
            self._create_model(spec.model)
        name = wire.version_name(spec.identity)
        call = Call(f"version {spec.model}/{name}", "ml.versions.create")
        request = self._versions.create(
            parent=f"{self._parent}/models/{spec.model}", body=wire.version_body(spec)
        )
        try:
            return str(self._api.run(request, call, key="name")["name"])
        except Conflict:
            return self._already_there(spec, name)

    def set_default(self, model: str, version: str) -> None:
        """Make *version* the default; it serves at once."""
        self._api.run(
            self._versions.setDefault(name=self._name(model, version), body={}),
            Call(f"version {model}/{version}", "ml.versions.update"),
        )

    def delete(self, model: str, version: str) -> str:
        """Start to delete the version; return the operation. The model stays."""
        call = Call(f"version {model}/{version}", "ml.versions.delete", safe=False)
        request = self._versions.delete(name=self._name(model, version))
        return self._api.write(
            lambda: str(self._api.run(request, call, key="name")["name"]),
            lambda: self._find_deletion(model, version),
        )

    def _find_deletion(self, model: str, version: str) -> str | None:
        if version not in {one.version for one in self.versions(model)}:
            return ""
        return self._running(model, version)

    def _create_model(self, model: str) -> None:
        call = Call(f"model {model}", "ml.models.create")
        body = wire.model_body(model, self._region)
        try:
            self._api.run(self._models.create(parent=self._parent, body=body), call)
        except Conflict:
            # Made by an earlier run, or by this one when its answer was lost.
            return

    def _already_there(self, spec: VersionSpec, name: str) -> str:
        call = Call(f"version {spec.model}/{name}", "ml.versions.get")
        request = self._versions.get(name=self._name(spec.model, name))
        answer = self._api.run(request, call, key="name")
        found = wire.version(answer, spec.model)
        if found.identity != spec.identity:
            raise Conflict(
                f"{call.what} is there with another identity: {found.identity or 'none'}",
                hint=f"gcp-deploy retire {name} --delete",
            )
        if found.state is VersionState.FAILED:
            raise Conflict(
                f"{call.what} is there and failed: {found.error}",
                hint="run the same command again: it deletes the failed version first",
            )
        creating = found.state is VersionState.CREATING
        return (creating and self._running(spec.model, name)) or ""

    def _running(self, model: str, version: str) -> str | None:
        """Return the operation under way on the version, or None."""
        collection = self._api.service.projects().operations()
        call = Call(f"operations in {self._parent}", "ml.operations.list")
        request = collection.list(name=self._parent, pageSize=100)
        for one in self._api.pages(request, collection.list_next, "operations", call):
            made = (one.get("metadata") or {}).get("version") or {}
            whose = str(made.get("name") or "")
            if not one.get("done") and whose.endswith(f"/models/{model}/versions/{version}"):
                return str(one["name"])
        return None

    def _name(self, model: str, version: str) -> str:
        return f"{self._parent}/models/{model}/versions/{version}"

    @cached_property
    def _models(self) -> Any:
        return self._api.service.projects().models()

    @cached_property
    def _versions(self) -> Any:
        return self._api.service.projects().models().versions()
