"""Resource names: projects by number in answers, by id or number in requests."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gcp_deploy.emulator.problems import Code, Problem, invalid

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

PLACE = "/v1/projects/{project}/locations/{location}"
"""How the templates of nearly all methods begin."""

_MODEL_NAME = re.compile(
    r"projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)/models/"
    r"(?P<model>[^/@]+)(?:@(?P<version>[^/@]*))?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A location of a project, the parent of models and endpoints."""

    number: str
    """The project's number."""
    location: str

    @property
    def name(self) -> str:
        """The resource name, with the project's number."""
        return f"projects/{self.number}/locations/{self.location}"

    def model(self, model: str) -> str:
        """Return the resource name of a model, without version."""
        return f"{self.name}/models/{model}"

    def endpoint(self, endpoint: str) -> str:
        """Return the resource name of an endpoint."""
        return f"{self.name}/endpoints/{endpoint}"

    def key(self, identity: str = "") -> str:
        """Return the key of a document; without *identity*, the prefix of all keys here."""
        return f"{self.number}/{self.location}/{identity}"


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model as a request names it: perhaps with a version or an alias."""

    place: Place
    model: str
    version: str = ""
    """A version's number, an alias, or empty for the default version."""

    def __str__(self) -> str:
        name = self.place.model(self.model)
        return f"{name}@{self.version}" if self.version else name


def place_of(platform: "Platform", project: str, location: str) -> Place:
    """Return the place that a request names.

    Raises:
        Problem: 403 PERMISSION_DENIED for another project than the platform's.
    """
    if project not in {platform.project, platform.project_number}:
        raise Problem(
            Code.PERMISSION_DENIED,
            f"Permission denied on resource project {project} (or it may not exist).",
        )
    return Place(platform.project_number, location)


def split_version(text: str) -> tuple[str, str]:
    """Return the model's id and the version or alias of a path segment such as ``churn@2``."""
    model, _, version = text.partition("@")
    return model, version


def parse_model_name(platform: "Platform", name: str, field: str) -> ModelName:
    """Read the full resource name of a model from a request body.

    Raises:
        Problem: 400 INVALID_ARGUMENT for another form, 403 for another project.
    """
    match = _MODEL_NAME.fullmatch(name)
    if match is None:
        raise invalid(f"Invalid resource name '{name}' in field '{field}'.")
    place = place_of(platform, match["project"], match["location"])
    return ModelName(place, match["model"], match["version"] or "")
