"""Models as they are stored: one document per model, with all its versions and aliases."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.aiplatform import aliases
from gcp_deploy.emulator.aiplatform.place import ModelName, Place
from gcp_deploy.emulator.problems import not_found

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

KIND = "aiplatform.model"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the copied artifact directory."""

    name: str
    """Relative to the directory."""
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version: what was uploaded, and when it changed."""

    id: str
    resource: Mapping[str, Any]
    """The fields of the Model resource that belong to the version alone."""
    files: tuple[StoredFile, ...]
    etag: str

    @property
    def container(self) -> Mapping[str, Any]:
        """The containerSpec."""
        spec: Mapping[str, Any] = self.resource["containerSpec"]
        return spec


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model with its versions."""

    place: Place
    id: str
    created: str
    updated: str
    next_version: int
    versions: Mapping[str, StoredVersion]
    aliases: Mapping[str, str]
    """From alias to the version that holds it; ``default`` is always there."""
    age: int = 0
    """Grows from the oldest model to the newest."""

    @property
    def name(self) -> str:
        """The resource name, without version."""
        return self.place.model(self.id)

    @property
    def default(self) -> StoredVersion:
        """The default version."""
        return self.versions[self.aliases[aliases.DEFAULT]]

    def find(self, version: str) -> StoredVersion | None:
        """Return the version of that number or alias, the default one for ``""``."""
        return self.versions.get(self.aliases.get(version or aliases.DEFAULT, version))

    def with_version(self, version: StoredVersion) -> "StoredModel":
        """Return the model with *version* new or changed."""
        return replace(self, versions={**self.versions, version.id: version})


def read(platform: "Platform", place: Place, model: str) -> StoredModel | None:
    """Return the model, or None."""
    document = platform.state.get(KIND, place.key(model))
    return None if document is None else _parse(document.body, document.created)


def read_all(platform: "Platform", place: Place) -> list[StoredModel]:
    """Return the models of a place, newest first."""
    documents = platform.state.list(KIND, prefix=place.key())
    documents.sort(key=lambda document: -document.created)
    return [_parse(document.body, document.created) for document in documents]


def find_model(platform: "Platform", name: ModelName) -> StoredModel:
    """Return the model.

    Raises:
        Problem: 404 NOT_FOUND.
    """
    model = read(platform, name.place, name.model)
    if model is None:
        raise not_found(f"The Model does not exist: {name.place.model(name.model)}")
    return model


def find_version(platform: "Platform", name: ModelName) -> tuple[StoredModel, StoredVersion]:
    """Return the model and the version named; without a name, the default one.

    Raises:
        Problem: 404 NOT_FOUND.
    """
    model = find_model(platform, name)
    version = model.find(name.version)
    if version is None:
        raise not_found(f"The Model version does not exist: {name}")
    return model, version


def write(platform: "Platform", model: StoredModel) -> None:
    """Store the model, new or changed."""
    body = {
        "number": model.place.number,
        "location": model.place.location,
        "id": model.id,
        "created": model.created,
        "updated": model.updated,
        "nextVersion": model.next_version,
        "aliases": dict(model.aliases),
        "versions": {
            version.id: {
                "resource": dict(version.resource),
                "files": [[file.name, file.blob, file.size] for file in version.files],
                "etag": version.etag,
            }
            for version in model.versions.values()
        },
    }
    platform.state.put(KIND, model.place.key(model.id), body)


def changed(
    model: StoredModel,
    now: str,
    held: Mapping[str, str] | None = None,
    *,
    next_version: int | None = None,
) -> StoredModel:
    """Return the model with a new update time, and new aliases when they are given."""
    return replace(
        model,
        updated=now,
        aliases=dict(model.aliases if held is None else held),
        next_version=next_version or model.next_version,
    )


def remove(platform: "Platform", model: StoredModel) -> None:
    """Forget the model; its files are the caller's to drop."""
    platform.state.delete(KIND, model.place.key(model.id))


def _parse(body: Mapping[str, Any], age: int) -> StoredModel:
    versions = {
        number: StoredVersion(
            number,
            stored["resource"],
            tuple(StoredFile(*file) for file in stored["files"]),
            stored["etag"],
        )
        for number, stored in body["versions"].items()
    }
    return StoredModel(
        place=Place(body["number"], body["location"]),
        id=body["id"],
        created=body["created"],
        updated=body["updated"],
        next_version=body["nextVersion"],
        versions=versions,
        aliases=body["aliases"],
        age=age,
    )
