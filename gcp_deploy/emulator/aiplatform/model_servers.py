"""The model servers behind deployed models: one limited child process each, started at deployment.

They answer as the container would that the version names: Google's prebuilt image, or our serving
program for any other. After a restart of the platform a server starts again with the first request
to it, as all that it needs is in the state.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.aiplatform import artifacts, containers, images
from gcp_deploy.emulator.aiplatform.endpoint_store import StoredEndpoint
from gcp_deploy.emulator.aiplatform.images import Image
from gcp_deploy.emulator.aiplatform.registry import StoredVersion
from gcp_deploy.emulator.models import pool_of
from gcp_deploy.errors import ModelFailed
from gcp_deploy.sandbox.failures import NotLoadable, PredictionRejected

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform
    from gcp_deploy.sandbox.info import ModelInfo
    from gcp_deploy.sandbox.process import ModelProcess

PREDICT_ROUTE = "/predict"
"""Our serving program answers here besides the predict route that it is told."""


class NotReady(Exception):
    """The model server did not come up; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A deployed model, about to be asked."""

    endpoint: StoredEndpoint
    id: str
    model: str
    """The resource name, without version."""
    version: StoredVersion
    image: Image

    @property
    def display_name(self) -> str:
        """The display name of the model."""
        return str(self.version.resource["displayName"])

    @property
    def predict_route(self) -> str:
        """The container's path for predictions."""
        return containers.predict_route(self.version.container, self.endpoint.id, self.id)

    @property
    def key(self) -> str:
        """What its server is called in this process."""
        return server_key(self.endpoint, self.id)


@dataclass(frozen=True, slots=True)
class ContainerAnswer:
    """The container's own answer: always JSON."""

    status: int
    body: bytes


def server_key(endpoint: StoredEndpoint, deployed: str) -> str:
    """Return the key of a deployed model's server."""
    return f"aiplatform/{endpoint.place.key(endpoint.id)}/{deployed}"


def target(endpoint: StoredEndpoint, deployed: Mapping[str, Any], version: StoredVersion) -> Target:
    """Return a deployed model, or one being deployed, as something to ask."""
    image = images.judge(version.container["imageUri"])
    return Target(endpoint, str(deployed["id"]), str(deployed["model"]), version, image)


def start(platform: "Platform", target: Target) -> None:
    """Start the server of a deployed model and wait until it answers.

    Raises:
        NotReady: the image cannot be started here, or the model could not be loaded.
    """
    if target.image.missing:
        raise NotReady(target.image.missing)
    if artifacts.model_file(target.version.files) is None:
        raise NotReady("Could not find either model.joblib or model.pkl in the model directory")
    try:
        with _serving(platform, target) as process:
            _check(process.info, target)
    except NotLoadable as error:
        if target.image.sklearn:
            raise NotReady(_load_failure(error)) from error
        raise NotReady(error.message) from error
    except ModelFailed as error:
        raise NotReady(error.message) from error


def _check(info: "ModelInfo", target: Target) -> None:
    """Raise NotReady for what loads and cannot serve."""
    if not target.image.sklearn and not info.fitted:
        raise NotReady(f"the {info.estimator} in the artifact was never fitted")
    # The prebuilt server looks for the word in the name of the module, and so does this.
    if target.image.sklearn and "sklearn" not in info.estimator.rpartition(".")[0]:
        raise NotReady(f"Invalid model type detected: {info.estimator} (Error code: 0)")


def _load_failure(error: NotLoadable) -> str:
    """Return what Google's prebuilt server logs when it cannot load."""
    if error.kind == "no_model":
        return f"Invalid model type detected: {error.detail} (Error code: 0)"
    path = "/tmp/model/0001/model.joblib"  # noqa: S108 -- a path in a container's log
    cause = error.detail or error.message
    return f"Failed to load model: Could not load the model: {path}. {cause}. (Error code: 0)"


def stop(platform: "Platform", endpoint: StoredEndpoint, deployed: str) -> None:
    """End the server of a model that is no longer deployed."""
    pool_of(platform).stop(server_key(endpoint, deployed))


def ask(platform: "Platform", target: Target, content: bytes) -> ContainerAnswer:
    """Send a request body to the predict route of the container, and return its answer."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return _refused(target, f"Invalid request sent to prediction server: {_short(content)}")
    if not isinstance(body, dict):
        return _refused(target, f"Invalid request sent to prediction server: {body!r}"[:500])
    if not isinstance(body.get("instances"), list):
        text = f"Required field 'instances' missing in prediction server request: {body!r}"
        return _refused(target, text[:500])
    keywords = {name: body[name] for name in body if name not in ("instances", "signature_name")}
    # Google's server hands every other key on to the model; ours takes nothing but instances.
    keywords = keywords if target.image.sklearn else {}
    try:
        with _serving(platform, target) as process:
            predictions = process.predict(body["instances"], keywords=keywords)
    except PredictionRejected as error:
        return _refused(target, error.text)
    except ModelFailed as error:
        return ContainerAnswer(503, _encoded({"error": error.message}))
    return ContainerAnswer(200, _encoded({"predictions": predictions}))


@contextlib.contextmanager
def _serving(platform: "Platform", target: Target) -> Iterator["ModelProcess"]:
    file = artifacts.model_file(target.version.files)
    assert file is not None, "what was deployed has a model file"

    @contextlib.contextmanager
    def artifact() -> Iterator[Path]:
        path = platform.state.blobs.scratch()
        try:
            artifacts.export(platform, file, path)
            yield path
        finally:
            path.unlink(missing_ok=True)

    pool = pool_of(platform)
    with pool.use(target.key, artifact, column_names=target.image.column_names) as process:
        yield process


def _refused(target: Target, text: str) -> ContainerAnswer:
    """Return a refusal as the container writes it: Google's a JSON string, ours an object."""
    if target.image.sklearn:
        return ContainerAnswer(400, _encoded(f"Prediction failed: {text}") + b"\n")
    return ContainerAnswer(400, _encoded({"error": text}))


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _short(content: bytes) -> str:
    return repr(content[:200].decode("utf-8", "replace"))
