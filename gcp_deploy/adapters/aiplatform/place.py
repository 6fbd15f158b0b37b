"""Where the resources of a project lie in ``aiplatform`` v1."""

from dataclasses import dataclass

from gcp_deploy.domain import names


@dataclass(frozen=True, slots=True)
class Place:
    """A project in a region."""

    project: str
    region: str

    @property
    def parent(self) -> str:
        """The parent of models and endpoints."""
        return f"projects/{self.project}/locations/{self.region}"

    def model(self, model: str, version: str = "") -> str:
        """The name of a model, or of one version of it."""
        return f"{self.parent}/models/{model}" + (f"@{version}" if version else "")

    def endpoint(self, model: str) -> str:
        """The name of the endpoint that serves *model*."""
        return f"{self.parent}/endpoints/{names.endpoint_id(model)}"
